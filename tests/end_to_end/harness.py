# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a site on loopback, the daemon as a process, a real Kafka, readers.

Everything is on 127.0.0.1 with ports that the kernel chose, in a folder of the test's own, and is stopped by its own
pid. Waiting is by condition with a generous deadline.
"""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("NEWSWIRED", str(SOURCE / "build/dev/daemon/newswired"))
SEEDS = SOURCE / "tests/corpus/seeds"
RENDERED = SOURCE / "deploy/sample-site/rendered"
DEADLINE = float(os.environ.get("NEWSWIRE_TEST_DEADLINE", "120"))


def wait_for(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails after the deadline, saying what was waited for."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {deadline:.0f} s in vain for: {what}")


class Site:
    """A site that a test writes page by page. Validates by ETag; logs every request."""

    def __init__(self):
        self.pages = {}  # path -> (status, content type, bytes)
        self.headers = {}  # of every answer
        # callable(path) -> None or {"delay": s, "status": n, "retry_after": s, "cut": True}: what goes wrong with an answer
        self.weather = None
        self.requests = []  # (path, status)
        self.known = set()  # paths that the client proved to have kept, by their ETag
        self.lock = threading.Lock()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                weather = site.weather and site.weather(self.path) or {}
                time.sleep(weather.get("delay", 0))
                with site.lock:
                    status, kind, body = site.pages.get(self.path, (404, "text/plain", b"not here\n"))
                    etag = '"' + hashlib.sha1(body).hexdigest() + '"'
                    if "status" in weather:
                        status, kind, body = weather["status"], "text/plain", b"not now\n"
                    elif status == 200 and self.headers.get("If-None-Match") == etag:
                        status, body = 304, b""
                    site.requests.append((self.path, status))
                    if status == 304:
                        site.known.add(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if "status" not in weather:
                    self.send_header("ETag", etag)
                if "retry_after" in weather:
                    self.send_header("Retry-After", str(weather["retry_after"]))
                for name, value in site.headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if weather.get("cut"):
                    self.close_connection = True
                    body = body[:len(body) // 2]
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def put(self, path, body, kind="text/html; charset=utf-8", status=200):
        with self.lock:
            self.pages[path] = (status, kind, body.encode() if isinstance(body, str) else body)

    def serve_folder(self, folder, old="http://127.0.0.1:4000/"):
        kinds = {".html": "text/html; charset=utf-8", ".xml": "application/xml", ".txt": "text/plain"}
        for file in pathlib.Path(folder).rglob("*"):
            if file.is_file():
                path = "/" + str(file.relative_to(folder))
                body = file.read_bytes().replace(old.encode(), self.url.encode())
                self.put(path, body, kinds.get(file.suffix, "application/octet-stream"))
                if file.name == "index.html":
                    self.put(path.removesuffix("index.html"), body)

    def count(self, path):
        with self.lock:
            return sum(1 for asked, _ in self.requests if asked == path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class NumberedSite(Site):
    """A Jekyll site of numbered posts: the ten newest in the feed, all in the sitemap."""

    def __init__(self, count):
        super().__init__()
        self.posts = {}
        for number in range(count):
            self.publish(number, render=False)
        self.render()

    @staticmethod
    def id_of(number):
        return f"20220419{number:010d}"

    def path_of(self, number):
        return f"/news{number % 5}/2022/04/19/{self.id_of(number)}.html"

    def publish(self, number, text=None, render=True):
        minute, second = divmod(number % 3600, 60)
        self.posts[number] = (
            f"Post number {number}",
            text or f"This is the text of post number {number}, long enough to be an article of its own. " * 3,
            f"2022-04-19T{8 + number // 3600:02d}:{minute:02d}:{second:02d}+08:00",
        )
        if render:
            self.render()

    def render(self):
        entries, urls = [], []
        for number, (title, text, date) in sorted(self.posts.items(), reverse=True):
            url = self.url.rstrip("/") + self.path_of(number)
            category = f"news{number % 5}"
            urls.append(f"<url><loc>{url}</loc><lastmod>{date}</lastmod></url>")
            if len(entries) < 10:
                entries.append(
                    f'<entry><title type="html">{title}</title><link href="{url}" rel="alternate"/>'
                    f"<published>{date}</published><updated>{date}</updated><id>{url}</id>"
                    f'<category term="{category}"/><category term="News {number % 5}"/>'
                    f'<content type="html">&lt;p&gt;{text}&lt;/p&gt;</content></entry>'
                )
            self.put(
                self.path_of(number),
                f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title} - Site</title></head><body>"
                f"<nav><a href=/>Home</a></nav><article><h1>{title}</h1><p><time datetime={date}>{date}</time></p>"
                f"<p>{text}</p></article></body></html>",
            )
        self.put(
            "/feed.xml",
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title>'
            f"<updated>2022-04-19T00:00:00Z</updated><id>site</id>{''.join(entries)}</feed>",
            "application/atom+xml",
        )
        self.put(
            "/sitemap.xml",
            '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"{''.join(urls)}</urlset>",
            "application/xml",
        )


class Kafka:
    """A real Apache Kafka of one node or three on ports of its own, by deploy/kafka/kafka.

    `advertised`: what clients are told instead of the nodes' own addresses, one for each node. `settings` are the
    script's variables.
    """

    def __init__(self, folder, nodes=1, advertised=None, **settings):
        self.script = SOURCE / "deploy/kafka/kafka"
        self.env = dict(os.environ, KAFKA_RUN=str(folder), KAFKA_PORT="0", **settings,
                        KAFKA_ADVERTISED=",".join(advertised or []))
        out = subprocess.run([self.script, "start", str(nodes)], env=self.env, capture_output=True, text=True, timeout=300)
        if out.returncode != 0:
            raise RuntimeError("no Kafka (tests/run installs one): " + out.stderr.strip())
        self.brokers = out.stdout.split()[-1]

    def control(self, *words):
        subprocess.run([self.script, *words], env=self.env, check=True, capture_output=True, text=True, timeout=120)

    def topics(self, prefix="news."):
        out = subprocess.run(["kcat", "-b", self.brokers, "-L", "-J"], capture_output=True, text=True, timeout=60)
        names = [t["topic"] for t in json.loads(out.stdout)["topics"]] if out.returncode == 0 else []
        return sorted(n for n in names if n.startswith(prefix))

    def records(self, topic):
        """Every committed record of a topic: dicts of kcat's JSON envelope, the value still text."""
        out = subprocess.run(
            ["kcat", "-b", self.brokers, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J",
             "-X", "isolation.level=read_committed"],
            capture_output=True, text=True, timeout=120, check=True)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def values(self, prefix="news."):
        """Event values by topic, without checkpoint and dead letters."""
        return {t: [r["payload"] for r in self.records(t)] for t in self.topics(prefix)
                if t not in (prefix + "checkpoint", prefix + "dead-letter")}

    def close(self):
        with contextlib.suppress(subprocess.SubprocessError):
            self.control("wipe")


class Newswired:
    """The daemon as a process, with a configuration of the test's."""

    def __init__(self, folder, sources, kafka=None, **settings):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.kafka = kafka
        self.config = self.folder / "newswired.yaml"
        self.settings = {
            "data_dir": str(self.data),
            "output": "kafka" if kafka else "files",
            "http": {"user_agent": "newswire-test/1.0 (+mailto:test@example.org)", "allow_networks": ["127.0.0.0/8"]},
            "sources": sources,
        }
        if kafka:
            self.settings["kafka"] = {"brokers": kafka.brokers}
        for key, value in settings.items():
            self.settings.setdefault(key, {})
            if isinstance(value, dict):
                self.settings[key].update(value)
            else:
                self.settings[key] = value
        self.write()
        self.process = None

    def write(self):
        self.config.write_text(json.dumps(self.settings))  # JSON is YAML

    def command(self, *words, check=True, **options):
        """Runs a command of the binary; (exit status, stdout, stderr)."""
        out = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=300, **options)
        if check and out.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: exit {out.returncode}\n{out.stdout[-4000:]}\n{out.stderr}")
        return out

    def start(self, *extra, env=None):
        self.log = open(self.folder / "daemon.log", "ab")
        self.process = subprocess.Popen([BINARY, "run", "--config", str(self.config), *extra],
                                        stdout=self.log, stderr=self.log, env={**os.environ, **(env or {})})
        return self

    def run_once(self):
        self.start("--once")
        status = self.process.wait(timeout=DEADLINE)
        self.log.close()
        if status != 0:
            raise AssertionError(f"run --once: exit {status}\n{self.log_text()[-4000:]}")

    def log_text(self):
        return (self.folder / "daemon.log").read_text(errors="replace")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.log.close()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=60)
        self.log.close()

    def values(self):
        """Event values by topic: from Kafka, or from the files up to their manifest."""
        if self.kafka:
            return self.kafka.values()
        topics = self.data / "topics"
        if not (topics / "manifest.json").exists():
            return {}
        manifest = json.loads((topics / "manifest.json").read_text())
        found = {}
        for name, length in manifest["files"].items():
            topic = name.removesuffix(".jsonl")
            if not topic.endswith(("checkpoint", "dead-letter")):
                found[topic] = (topics / (topic + ".jsonl")).read_bytes()[:length].decode().splitlines()
        return found

    def events(self):
        """All events, parsed; each post's in order."""
        return [json.loads(v) for values in self.values().values() for v in values]


class EndToEnd(unittest.TestCase):
    """A test with a folder of its own that is removed afterwards."""

    maxDiff = None

    def setUp(self):
        self.assertTrue(os.path.exists(BINARY), f"{BINARY} is not built")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="newswire-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def site(self, kind=Site, *args):
        site = kind(*args)
        self.addCleanup(site.close)
        return site

    def new_kafka(self):
        kafka = Kafka(self.folder / "kafka")
        self.addCleanup(kafka.close)
        return kafka

    def daemon(self, sources, kafka=None, name="newswired", **settings):
        daemon = Newswired(self.folder / name, sources, kafka, **settings)

        def end():
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()

        self.addCleanup(end)
        return daemon

    @staticmethod
    def expected_seeds():
        with open(SEEDS / "expected.jsonl", encoding="utf-8") as lines:
            return {post["source_id"]: post for post in map(json.loads, lines)}


def validate(test, values):
    """Every value against the published schema."""
    import jsonschema  # python3-jsonschema

    schema = json.loads((SOURCE / "docs/events/post.v1.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for value in values:
        errors = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in validator.iter_errors(json.loads(value))]
        test.assertEqual(errors, [], value[:400])
