# SPDX-License-Identifier: Apache-2.0
"""The five seed posts through every road: the rendered site, the feed's content, the Markdown folder."""

import json
import shutil
import subprocess
import sys
import unittest

from harness import RENDERED, SEEDS, EndToEnd, Site, validate

TOPICS = ["news.21shijijingjibaodao", "news.emnews", "news.xinhuawang", "news.zhengquanribaowang",
          "news.zhongguozhengquanbao"]


class SeedsCase(EndToEnd):
    def jekyll(self, site, **more):
        return {"id": "finews", "kind": "jekyll", "url": site.url, "every": "1s", "timezone": "Asia/Shanghai",
                "delay": "0s", "recheck": [], **more}

    def check_events(self, values):
        """One event a topic, each saying what a reader sees in the seed."""
        validate(self, [v for vs in values.values() for v in vs])
        self.assertEqual({t: len(v) for t, v in values.items()}, {t: 1 for t in TOPICS})
        expected = self.expected_seeds()
        for topic in TOPICS:
            event = json.loads(values[topic][0])
            native = event["id"].removeprefix("finews:")
            post = expected.pop(native)
            seen = {
                "type": event["type"], "revision": event["revision"], "title": event["title"],
                "published_at": event["published_at"], "slug": event["category"]["slug"],
                "name": event["category"]["name"], "publisher": event["publisher"],
                "original_url": event["original_url"], "summary": event["summary"],
                "paragraphs": [event["text"][b["span"][0]:b["span"][1]] for b in event["blocks"]],
            }
            self.assertEqual(seen, {
                "type": "post.published", "revision": 1, "title": post["title"],
                "published_at": post["published_at"], "slug": post["category_slug"],
                "name": post["category_name"], "publisher": post["publisher"],
                "original_url": post["source_url"], "summary": post["summary"],
                "paragraphs": post["paragraphs"]}, native)
        self.assertEqual(expected, {})


class Seeds(SeedsCase):
    def test_rendered_site_to_files(self):
        site = self.site(Site)
        site.serve_folder(RENDERED)
        daemon = self.daemon([self.jekyll(site)])
        daemon.run_once()
        self.check_events(daemon.values())

    def test_feed_content_to_files(self):
        site = self.site(Site)
        site.serve_folder(RENDERED)
        daemon = self.daemon([{"id": "finews", "kind": "feed", "url": site.url + "feed.xml", "body": "feed",
                               "every": "1s", "timezone": "Asia/Shanghai", "delay": "0s"}])
        daemon.run_once()
        self.check_events(daemon.values())
        self.assertEqual({path for path, _ in site.requests}, {"/feed.xml"})

    def test_folder_to_files(self):
        posts = self.folder / "_posts"
        posts.mkdir()
        for file in SEEDS.glob("*.md"):
            shutil.copy(file, posts)
        daemon = self.daemon([{"id": "finews", "kind": "folder", "url": str(posts), "every": "1s",
                               "timezone": "Asia/Shanghai"}])
        daemon.run_once()
        self.check_events(daemon.values())

    def test_rendered_site_to_kafka_once_for_all(self):
        """A second run publishes nothing, also after the frontier, the sequencer's state, and both were deleted."""
        site = self.site(Site)
        site.serve_folder(RENDERED)
        kafka = self.new_kafka()
        daemon = self.daemon([self.jekyll(site)], kafka)
        daemon.run_once()
        first = daemon.values()
        self.check_events(first)
        for lost in ([], ["frontier.db"], ["sequencer.db"], ["frontier.db", "sequencer.db"]):
            for name in lost:
                for file in (daemon.data / "state").glob(name + "*"):
                    file.unlink()
            daemon.run_once()
            self.assertEqual(daemon.values(), first, f"after deleting {lost}")

    def test_other_clients_read_what_is_committed(self):
        site = self.site(Site)
        site.serve_folder(RENDERED)
        kafka = self.new_kafka()
        daemon = self.daemon([self.jekyll(site)], kafka)
        daemon.run_once()
        record = kafka.records("news.xinhuawang")[0]
        self.assertEqual(record["key"], "finews:NW202205102374218570")
        headers = dict(zip(record["headers"][::2], record["headers"][1::2]))
        self.assertEqual(headers["ce_specversion"], "1.0")
        self.assertEqual(headers["ce_type"], "post.published")
        self.assertEqual(headers["ce_source"], "urn:newswire:finews")
        self.assertEqual(headers["ce_subject"], json.loads(record["payload"])["url"])
        self.assertRegex(headers["ce_id"], r"^finews:NW202205102374218570#[0-9a-f]{16}~[0-9a-f]{8}$")
        self.assertRegex(headers["ce_sequence"], r"^[0-9a-f]{16}$")
        client = subprocess.run([sys.executable, "-c", PYTHON_CLIENT, kafka.brokers], capture_output=True, text=True,
                                timeout=120)
        self.assertEqual(client.returncode, 0, client.stderr)
        self.assertEqual(sorted(client.stdout.split()), TOPICS)

    def test_replay_without_publishing_prints_the_same_bytes(self):
        """On another machine that holds only the segments and the configuration, on one thread and on all."""
        site = self.site(Site)
        site.serve_folder(RENDERED)
        daemon = self.daemon([self.jekyll(site)])
        daemon.run_once()
        live = sorted(v for values in daemon.values().values() for v in values)
        other = self.folder / "elsewhere"
        other.mkdir()
        for segment in (daemon.data / "archive").glob("*.warc.gz"):
            shutil.copy(segment, other)
        for threads in ("1", "4"):
            out = daemon.command("replay", "--config", str(daemon.config), "--from", str(other), "--dry-run",
                                 "--threads", threads)
            self.assertEqual(sorted(out.stdout.splitlines()), live)


PYTHON_CLIENT = """
import sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "test", "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed"})
consumer.subscribe(["^news\\\\.[a-z0-9].*"])
seen = []
for _ in range(600):
    message = consumer.poll(0.1)
    if message is not None and not message.error() and not message.topic().endswith(("checkpoint", "dead-letter")):
        seen.append(message.topic())
    if len(seen) == 5:
        break
print("\\n".join(seen))
consumer.close()
"""

if __name__ == "__main__":
    unittest.main()
