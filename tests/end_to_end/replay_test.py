# SPDX-License-Identifier: Apache-2.0
"""`newswired replay` as a process: every kind of input, exact resume after kill -9, --diff, the progress bar."""

import gzip
import io
import json
import os
import pty
import random
import select
import shutil
import subprocess
import tarfile
import time
import unittest

from harness import BINARY, DEADLINE, SEEDS, EndToEnd, validate, wait_for

POSTS = 120
KILLS = 5


def post(number, text=None, category=None):
    """A Markdown post as the first site writes them."""
    return (f"---\nlayout: post\ntitle: \"Post number {number}\"\n"
            f"date: 2022-04-19 {8 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d} +0800\n"
            f"categories: {category or f'news{number % 5}'}\ntags: News\n---\n"
            f"<p>{text or f'This is the text of post number {number}, an article of its own. ' * 3}</p>\n")


def record(kind, fields, block, version="WARC/1.0"):
    lines = [version, f"WARC-Type: {kind}", "WARC-Date: 2021-06-07T08:09:10Z",
             f"WARC-Record-ID: <urn:uuid:{random.randbytes(4).hex()}-0000-4000-8000-{random.randbytes(6).hex()}>"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + f"\r\nContent-Length: {len(block)}\r\n\r\n").encode() + block + b"\r\n\r\n"


def response(url, status, kind, body, more=""):
    head = f"HTTP/1.1 {status}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "") + more
    block = head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    return record("response", {"WARC-Target-URI": url, "WARC-IP-Address": "192.0.2.7",
                               "Content-Type": "application/http; msgtype=response"}, block)


def page(number):
    return (f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>News {number}</title></head><body><article>"
            f"<h1>News {number}</h1><p>{f'What happened in town number {number} on that day. ' * 5}</p>"
            "</article></body></html>").encode()


def request(url):
    return record("request", {"WARC-Target-URI": url, "Content-Type": "application/http; msgtype=request"},
                  b"GET / HTTP/1.1\r\nHost: town.example\r\nUser-Agent: CCBot/2.0\r\n\r\n")


def cc_news(numbers):
    """Records as the news crawl of Common Crawl writes them; the pages among them are `numbers`."""
    base = "https://town.example"
    records = [record("warcinfo", {"Content-Type": "application/warc-fields"},
                      b"software: StormCrawler 1.18\r\nformat: WARC File Format 1.0\r\nisPartOf: CC-NEWS\r\n")]
    others = [
        response(base + "/robots.txt", "200 OK", "text/plain", b"User-agent: *\r\nDisallow: /private\r\n"),
        response(base + "/old", "301 Moved Permanently", "text/html", b"<p>moved</p>", "Location: /new\r\n"),
        response(base + "/gone", "404 Not Found", "text/html", b"<html><body><p>Nothing is here at all.</p></body></html>"),
        response(base + "/busy", "503 Service Unavailable", "text/html", b"<p>busy</p>"),
        response(base + "/feed.xml", "200 OK", "application/rss+xml",
                 b"<rss version='2.0'><channel><title>x</title><item><title>y</title></item></channel></rss>"),
        response(base + "/a.jpg", "200 OK", "image/jpeg", b"\xff\xd8\xff\xe0" + bytes(50)),
        response(base + "/a.json", "200 OK", "application/json", b'{"a": 1}'),
        response(base + "/nothing", "200 OK", "", b""),
        record("metadata", {"Content-Type": "application/warc-fields"}, b"fetchTimeMs: 12\r\n"),
        record("conversion", {"WARC-Target-URI": base, "Content-Type": "text/plain"}, b"converted"),
        record("revisit", {"WARC-Target-URI": base + "/1", "Content-Type": "application/http; msgtype=response",
                           "WARC-Profile": "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"},
               b"HTTP/1.1 200 OK\r\n\r\n"),
    ]
    for place, number in enumerate(numbers):
        url = f"{base}/news/{number}.html"
        records += [request(url),
                    response(url, "200 OK", "text/html; charset=UTF-8", page(number),
                             "X-Crawler-Content-Encoding: gzip\r\nX-Crawler-Content-Length: 12\r\n")]
        records += [request(base), others[place % len(others)]]
    return records + others


class Replay(EndToEnd):
    def replay(self, daemon, *words, code=0, env=None):
        out = daemon.command("replay", "--config", str(daemon.config), *map(str, words), check=False,
                             env={**os.environ, **(env or {})})
        self.assertEqual(out.returncode, code, out.stderr + out.stdout[-2000:])
        return out

    def dry(self, daemon, *words):
        out = self.replay(daemon, "--dry-run", *words)
        return out.stdout.splitlines()

    def foreign(self, **settings):
        """A daemon that never runs: only its configuration is used."""
        return self.daemon([{"id": "town", "kind": "feed", "url": "https://town.example/feed.xml"},
                            {"id": "files", "kind": "folder", "url": str(self.folder / "posts"),
                             "timezone": "Asia/Shanghai"}], **settings)

    def posts(self, numbers, folder="posts"):
        root = self.folder / folder / "_posts"
        root.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            file = root / f"2022-04-19-20220419{number:010d}.md"
            file.write_text(post(number))
            os.utime(file, (1_650_000_000 + number, 1_650_000_000 + number))
        return root

    @staticmethod
    def said(values):
        """What an event says, without where its bytes lay."""
        found = {}
        for event in map(json.loads, values):
            for name in ("archive", "url"):
                del event[name]
            found[event["id"]] = event
        return found


class Sources(Replay):
    def test_cc_news(self):
        daemon = self.foreign()
        records = cc_news(range(20))
        file = self.folder / "CC-NEWS-20210607080910-00001.warc.gz"
        file.write_bytes(b"".join(map(gzip.compress, records)))
        out = self.replay(daemon, "--dry-run", "--from", file, "--source", "town")
        events = [json.loads(v) for v in out.stdout.splitlines()]
        validate(self, out.stdout.splitlines())
        self.assertEqual([e["url"] for e in events], [f"https://town.example/news/{n}.html" for n in range(20)])
        self.assertEqual({e["title"] for e in events}, {f"News {n}" for n in range(20)})
        self.assertEqual({e["fetched_at"] for e in events}, {"2021-06-07T08:09:10.000Z"})
        self.assertIn("0 dead letters", out.stderr)
        self.assertIn("no pages passed over", out.stderr)
        self.assertIn("20 captures", out.stderr)
        refused = self.replay(daemon, "--dry-run", "--from", file, code=1)
        self.assertIn("--source", refused.stderr)

    def test_nested_folders_of_every_compression(self):
        daemon = self.foreign()
        root = self.folder / "crawl"
        (root / "2021/06").mkdir(parents=True)
        (root / ".hidden").mkdir()
        (root / "a.warc").write_bytes(b"".join(cc_news([1, 2])))
        (root / "2021/b.warc.gz").write_bytes(b"".join(map(gzip.compress, cc_news([3, 4]))))
        (root / "2021/whole.warc.gz").write_bytes(gzip.compress(b"".join(cc_news([5]))))
        (root / "2021/06/c.warc").write_bytes(b"".join(cc_news([6])))
        (root / ".hidden/d.warc").write_bytes(b"".join(cc_news([7])))
        (root / "notes.txt").write_text("none of this")
        if shutil.which("zstd"):
            (root / "2021/06/c.warc").rename(self.folder / "c.warc")
            subprocess.run(["zstd", "-q", str(self.folder / "c.warc"), "-o", str(root / "2021/06/c.warc.zst")], check=True)
        else:
            print("zstd is not installed: 2021/06/c.warc stays plain")
        values = self.dry(daemon, "--from", root, "--source", "town")
        self.assertEqual([json.loads(v)["title"] for v in values], [f"News {n}" for n in (6, 3, 4, 5, 1, 2)])
        glob = self.dry(daemon, "--from", root, "--source", "town", "--url", "*/news/[35].html")
        self.assertEqual([json.loads(v)["title"] for v in glob], ["News 3", "News 5"])

    def test_tars(self):
        daemon = self.foreign()
        root = self.posts(range(30))
        for seed in SEEDS.glob("*.md"):
            shutil.copy(seed, root)
            os.utime(root / seed.name, (1_650_000_000, 1_650_000_000))  # a ustar knows whole seconds only
        wanted = self.said(self.dry(daemon, "--from", root, "--source", "files"))
        self.assertEqual(len(wanted), 35)
        formats = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
        for name, form in formats.items():
            for mode in ("", ":gz"):
                file = self.folder / f"{name}.tar{mode.replace(':', '.')}"
                with tarfile.open(file, "w" + mode, format=form) as tar:
                    tar.add(root, arcname="./site/_posts")
                got = self.dry(daemon, "--from", file, "--source", "files")
                validate(self, got[:3])
                self.assertEqual(self.said(got), wanted, file.name)
                self.assertEqual(got, self.dry(daemon, "--from", file, "--source", "files", "--threads", "3"))
        # Long names and names that are not ASCII.
        for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            file = self.folder / f"long{form}.tgz"
            with tarfile.open(file, "w:gz", format=form) as tar:
                for member in sorted(root.iterdir()):
                    tar.add(member, arcname=f"{'long/' * 40}新闻/_posts/{member.name}")
            got = self.dry(daemon, "--from", file, "--source", "files")
            self.assertEqual(self.said(got).keys(), wanted.keys())
            self.assertTrue(all(e["url"] for e in map(json.loads, got)))

    def test_hostile_tars(self):
        daemon = self.foreign()
        root = self.posts(range(4))
        first, second, third, fourth = sorted(root.iterdir())
        file = self.folder / "hostile.tar"
        with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
            tar.add(first, arcname="../../../../etc/" + first.name)
            for kind, target in ((tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, first.name), (tarfile.FIFOTYPE, ""),
                                 (tarfile.CHRTYPE, "")):
                member = tarfile.TarInfo(f"link{kind.decode()}.md")
                member.type, member.linkname = kind, target
                tar.addfile(member)
            huge = tarfile.TarInfo("2022-04-19-202204190000000099.md")
            huge.size = 12 << 20
            tar.addfile(huge, io.BytesIO(b"x" * huge.size))
            far = tarfile.TarInfo(second.name)
            content = second.read_bytes()
            far.size, far.mtime = len(content), 1 << 60
            tar.addfile(far, io.BytesIO(content))
        sparse = self.folder / "sparse"
        sparse.mkdir()
        with open(sparse / "2022-04-19-202204190000000098.md", "wb") as hole:
            hole.truncate(1 << 40)
        subprocess.run(["tar", "-rf", file, "--sparse", "-C", sparse, "."], check=True)
        with tarfile.open(file, "a") as tar:
            tar.add(third, arcname="/" + third.name)
        out = self.replay(daemon, "--dry-run", "--from", file, "--source", "files")
        events = [json.loads(v) for v in out.stdout.splitlines()]
        self.assertEqual([e["id"] for e in events], [f"files:20220419{n:010d}" for n in range(3)], out.stderr)
        self.assertNotIn("..", "".join(e["url"] for e in events))
        self.assertIn("2 dead letters", out.stderr)  # those beyond 5 MiB

        # Torn: what is whole is read, the place is named. Damaged blocks: what follows is read.
        whole = self.folder / "whole.tar"
        with tarfile.open(whole, "w", format=tarfile.USTAR_FORMAT) as tar:
            places = []
            for member in (first, second, third, fourth):
                places.append(tar.offset)
                tar.add(member, arcname=member.name)
        data = whole.read_bytes()
        with tarfile.open(self.folder / "long.tar", "w") as tar:
            for member in (first, second, third):
                tar.add(member, arcname=member.name)
            noise = tarfile.TarInfo("noise.bin")
            noise.size = 400_000
            tar.addfile(noise, io.BytesIO(random.Random(1).randbytes(noise.size)))
            tar.add(fourth, arcname=fourth.name)
        packed = gzip.compress((self.folder / "long.tar").read_bytes())[:-40]
        for name, packed in (("torn.tar", data[:places[3] + 700]), ("torn.tar.gz", packed)):
            torn = self.folder / name
            torn.write_bytes(packed)
            out = self.replay(daemon, "--dry-run", "--from", torn, "--source", "files")
            self.assertIn(f"{name} is damaged at offset", out.stderr)
            self.assertEqual(len(out.stdout.splitlines()), 3)
            if name == "torn.tar":
                self.assertIn(f"offset {places[3]} ", out.stderr)
        broken = self.folder / "broken.tar"
        broken.write_bytes(data[:places[1]] + b"\xff" * 512 + data[places[1] + 512:])
        out = self.replay(daemon, "--dry-run", "--from", broken, "--source", "files")
        self.assertEqual(len(out.stdout.splitlines()), 3, out.stderr)
        self.assertIn(f"broken.tar is damaged at offset {places[1]} ", out.stderr)
        none = self.folder / "none.tar"
        none.write_bytes(b"this is no tar at all" * 100)
        self.assertIn("not a tar", self.replay(daemon, "--dry-run", "--from", none, "--source", "files", code=1).stderr)

    def test_a_changed_list_is_not_resumed(self):
        daemon = self.foreign()
        root = self.posts(range(6))
        tar = self.folder / "more.tar"
        with tarfile.open(tar, "w") as out:
            out.add(self.posts(range(10, 14), "tarred"), arcname="_posts")
        words = ["--from", root, tar, "--source", "files", "--to", "again."]
        self.replay(daemon, *words)
        self.replay(daemon, *words, "--resume")
        file = sorted(root.iterdir())[2]
        times = (file.stat().st_atime, file.stat().st_mtime)
        content = file.read_text()
        changes = {
            "has changed": lambda: (file.write_text(content.replace("article", "artikel")), os.utime(file, times)),
            "bytes, it had": lambda: file.write_text(content + "more"),
            "of the list is": file.unlink,
        }
        for words_of_reason, change in changes.items():
            change()
            refused = self.replay(daemon, *words, "--resume", code=1)
            self.assertIn(words_of_reason, refused.stderr)
            self.assertIn(file.name, refused.stderr)
            file.write_text(content)
            os.utime(file, times)
        self.replay(daemon, *words, "--resume")  # as it was


class Resume(Replay):
    """Kills at random moments and at every fail point: what was published is what an undisturbed run publishes."""

    def archive(self, kafka=None):
        root = self.posts(range(POSTS), "source")
        daemon = self.daemon([{"id": "f", "kind": "folder", "url": str(root), "every": "1s", "backfill": "all"}], kafka,
                             archive={"segment_size": "64KiB"})
        daemon.run_once()
        for number in range(0, POSTS, 3):
            file = root / f"2022-04-19-20220419{number:010d}.md"
            file.write_text(post(number, f"The text of post {number} was corrected later on the same day. " * 4))
        daemon.run_once()
        daemon.settings.setdefault("kafka", {}).update(commit_interval="1ms", commit_events=5)
        daemon.write()
        wanted = self.dry(daemon)
        self.assertEqual(len(wanted), POSTS + POSTS // 3)
        return daemon, wanted

    def published(self, daemon):
        if daemon.kafka:
            found = daemon.kafka.values("again.")
        else:
            folder = daemon.data / "replay"
            manifest = json.loads((folder / "manifest.json").read_text())
            found = {name.removesuffix(".jsonl"): (folder / name).read_bytes()[:length].decode().splitlines()
                     for name, length in manifest["files"].items()}
        return {topic: values for topic, values in found.items() if not topic.endswith(("checkpoint", "dead-letter"))}

    def check(self, daemon, wanted):
        by_topic, first = {}, {}
        for value in wanted:
            event = json.loads(value)
            topic = first.setdefault(event["id"], "again." + event["category"]["slug"])
            by_topic.setdefault(topic, []).append(value)
        found = self.published(daemon)
        self.assertEqual(found.keys(), by_topic.keys())
        for topic, values in by_topic.items():
            if daemon.kafka:  # of several partitions: each post's order counts
                key = lambda value: json.loads(value)["id"]  # noqa: E731
                self.assertEqual(sorted(found[topic]), sorted(values), topic)
                found[topic].sort(key=key)
                values.sort(key=key)
            self.assertEqual(found[topic], values, topic)

    def kill_and_resume(self, kafka):
        seed = int(os.environ.get("NEWSWIRE_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
        print(f"NEWSWIRE_TEST_SEED={seed}")
        chance = random.Random(seed)
        daemon, wanted = self.archive(kafka)
        words = [BINARY, "replay", "--config", str(daemon.config), "--to", "again."]
        points = ["replay.after_journal", "replay.after_flush", "replay.after_publish", "replay.after_flush",
                  "replay.after_publish"]
        began = False
        for point in points:
            count = 1 if point == "replay.after_journal" else chance.randrange(2, 5)
            out = subprocess.run(words + (["--resume"] if began else []), capture_output=True, text=True, timeout=DEADLINE,
                                 env={**os.environ, "NEWSWIRE_FAIL_POINT": f"{point}:{count}"})
            self.assertEqual(out.returncode, -9, f"{point}: {out.stderr}")
            began = began or point != "replay.after_journal"
        for state in (daemon.data / "state/replays").glob("*.db*"):  # lost: it is folded again, up to where it was
            state.unlink()
        for count in (1, 3):
            out = subprocess.run(words + ["--resume"], capture_output=True, text=True, timeout=DEADLINE,
                                 env={**os.environ, "NEWSWIRE_FAIL_POINT": f"replay.while_folding:{count}"})
            self.assertEqual(out.returncode, -9, out.stderr)
        for _ in range(KILLS):
            with open(self.folder / "replay.log", "ab") as log:
                process = subprocess.Popen(words + ["--resume", "--rate", "30"], stdout=log, stderr=log)
            time.sleep(0.3 + chance.random())  # the moment of the kill is what is random here
            process.kill()
            process.wait()
        self.replay(daemon, "--to", "again.", "--resume")
        self.check(daemon, wanted)
        self.assertEqual(list((daemon.data / "state/replays").glob("*.db*")), [])
        self.replay(daemon, "--to", "again.", "--resume")
        self.check(daemon, wanted)

    def test_files(self):
        self.kill_and_resume(None)

    def test_kafka(self):
        self.kill_and_resume(self.new_kafka())

    def test_foreign_input_resumes_inside_a_tar(self):
        daemon = self.foreign()
        daemon.settings["kafka"] = {"commit_interval": "1ms", "commit_events": 5}
        daemon.write()
        root = self.posts(range(60))
        tar = self.folder / "posts.tar.gz"
        with tarfile.open(tar, "w:gz") as out:
            out.add(root, arcname="_posts")
        self.posts(range(60, 70))
        words = ["--from", tar, *sorted(root.iterdir())[60:], "--source", "files"]
        wanted = self.dry(daemon, *words)
        self.assertEqual(len(wanted), 70)
        for kill in range(5):
            resume = ["--resume"] if kill else []
            self.replay(daemon, *words, "--to", "again.", *resume, code=-9,
                        env={"NEWSWIRE_FAIL_POINT": "replay.after_publish:2"})
        self.replay(daemon, *words, "--to", "again.", "--resume")
        self.check(daemon, wanted)


class Diff(Replay):
    def check_diff(self, kafka, **settings):
        root = self.posts(range(12), "source")
        source = {"id": "f", "kind": "folder", "url": str(root), "every": "1s", "backfill": "all"}
        daemon = self.daemon([source], kafka, **settings)
        daemon.run_once()
        (root / "2022-04-19-202204190000000003.md").write_text(post(3, "It was not so: the text was corrected at noon. " * 4))
        if settings.get("output") == "embedded":
            daemon.start()  # its broker lives with it
            wait_for(lambda: "13 events" in self.diff_summary(daemon) or "13 same" in self.diff_summary(daemon), "13 events")
        else:
            daemon.run_once()
        out = self.replay(daemon, "--diff")
        self.assertIn("13 same, 0 same but", out.stdout)
        self.assertEqual(len(out.stdout.splitlines()), 1)
        # Another pipeline that says the same: no difference. One that says something else: told by field.
        daemon.settings["sources"] = [{**source, "categories": {"Nobody": "nothing"}}]
        daemon.write()
        out = self.replay(daemon, "--diff")
        self.assertIn("0 same, 13 same but for pipeline or archive", out.stdout)
        daemon.settings["sources"] = [{**source, "language": "fr"}]
        daemon.write()
        out = self.replay(daemon, "--diff", code=1)
        self.assertIn("differs  f:202204190000000003 r2: language (made by another pipeline", out.stdout)
        self.assertIn("13 differing, 0 missing, 0 extra", out.stdout)
        return daemon, source

    def diff_summary(self, daemon):
        out = daemon.command("replay", "--config", str(daemon.config), "--diff", check=False)
        return out.stdout.splitlines()[-1] if out.stdout else out.stderr

    def test_files(self):
        daemon, source = self.check_diff(None)
        daemon.settings["sources"] = [source]
        daemon.write()
        # The topics lose one event and get one that the archive does not explain; one is altered.
        topics = daemon.data / "topics"
        manifest = json.loads((topics / "manifest.json").read_text())
        file = topics / "news.news1.jsonl"
        lines = file.read_text().splitlines()
        lost = json.loads(lines[0])["id"]
        altered = json.loads(lines[1])
        altered["title"] = "Another"
        added = {**json.loads(lines[2]), "id": "f:unheard-of"}
        lines = [json.dumps(altered, ensure_ascii=False), *lines[2:], json.dumps(added, ensure_ascii=False)]
        file.write_text("\n".join(lines) + "\n")
        manifest["files"][file.name] = file.stat().st_size
        (topics / "manifest.json").write_text(json.dumps(manifest))
        out = self.replay(daemon, "--diff", code=1)
        self.assertEqual(out.stdout.splitlines()[:3],
                         [f"missing  {lost} r1 post.published", f"differs  {altered['id']} r1: title",
                          "extra    f:unheard-of r1"])
        self.assertIn("1 differing, 1 missing, 1 extra", out.stdout)
        out = self.replay(daemon, "--diff", "--category", "news2")
        self.assertIn("0 differing, 0 missing, 0 extra", out.stdout)
        # Topics of another prefix: all is missing before a replay, nothing after it.
        out = self.replay(daemon, "--diff", "--to", "again.", code=1)
        self.assertIn("13 missing", out.stdout)
        self.replay(daemon, "--to", "again.")
        self.assertIn("13 same", self.replay(daemon, "--diff", "--to", "again.").stdout)

    def test_kafka(self):
        daemon, source = self.check_diff(self.new_kafka())
        daemon.settings["sources"] = [source]
        daemon.write()
        self.replay(daemon, "--category", "news3")
        out = self.replay(daemon, "--diff")
        self.assertRegex(out.stdout, "13 same, .*[1-9][0-9]* held more than once")

    def test_embedded(self):
        self.check_diff(None, output="embedded")


class Progress(Replay):
    def test_a_bar_on_a_terminal(self):
        daemon = self.foreign()
        root = self.posts(range(80))
        main, terminal = pty.openpty()
        with open(os.devnull, "wb") as nothing:
            process = subprocess.Popen([BINARY, "replay", "--config", str(daemon.config), "--from", str(root), "--source",
                                        "files", "--to", "again.", "--rate", "40"], stdout=nothing, stderr=terminal)
        os.close(terminal)
        shown = b""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if select.select([main], [], [], 0.2)[0]:
                try:
                    some = os.read(main, 4096)
                except OSError:
                    break
                if not some:
                    break
                shown += some
        self.assertEqual(process.wait(timeout=DEADLINE), 0, shown)
        os.close(main)
        text = shown.decode()
        self.assertRegex(text, r"\r\x1b\[K\[#*\.*\] +[0-9.]+%  [0-9]+ events  [0-9]+/s  ETA [0-9]+:[0-9]{2}:[0-9]{2}")
        self.assertIn("replay: 80 events of 80 captures", text)
        plain = self.replay(daemon, "--dry-run", "--from", root, "--source", "files")
        self.assertNotIn("\r", plain.stderr)
        self.assertNotIn("\x1b", plain.stderr)
        self.assertIn("replay: 80 events of 80 captures", plain.stderr)


if __name__ == "__main__":
    unittest.main()
