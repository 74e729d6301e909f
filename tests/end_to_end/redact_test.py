# SPDX-License-Identifier: Apache-2.0
"""`newswired archive redact` as a process: the words are gone, a tombstone follows to a real Kafka, and nothing else
changes, through the daemon, without one, and killed in between."""

import contextlib
import gzip
import re
import shutil
import sqlite3
import subprocess
import unittest

from harness import EndToEnd, NumberedSite, wait_for

POSTS = 90
TARGET = 84  # among the ten newest: in the feed as well
WORDS = re.compile(rb"number 84\b")


class Redact(EndToEnd):
    def setUp(self):
        super().setUp()
        self.numbered = self.site(NumberedSite, POSTS)
        self.post = f"n:{self.numbered.id_of(TARGET)}"
        self.source = {"id": "n", "kind": "jekyll", "url": self.numbered.url, "every": "1s", "delay": "0s",
                       "recheck": ["5s", "30s"], "backfill": "all"}

    def make(self, kafka=None):
        self.newswired = self.daemon([self.source], kafka, archive={"segment_size": "64KiB"})
        self.archive = self.newswired.data / "archive"
        return self.newswired

    def redact(self, *words, check=True):
        return self.newswired.command("archive", "redact", *words, "--config", str(self.newswired.config), check=check)

    def holds_words(self):
        """The segments that `zcat | grep` finds the post's words in."""
        return [s.name for s in sorted(self.archive.glob("newswire-*.warc.gz"))
                if WORDS.search(gzip.decompress(s.read_bytes()))]

    def known_words(self):
        """Links of which the frontier knows the post's words."""
        with contextlib.closing(sqlite3.connect(f"file:{self.newswired.data}/state/frontier.db?mode=ro", uri=True)) as frontier:
            return frontier.execute("SELECT count(*) FROM links WHERE metadata LIKE '%number 84%'").fetchone()[0]

    def records(self, prefix="news."):
        """Every committed record of a post: (topic, key, payload or None, headers), each topic's in order."""
        kafka = self.newswired.kafka
        found = []
        for topic in kafka.topics(prefix):
            if topic in (prefix + "checkpoint", prefix + "dead-letter"):
                continue
            for record in kafka.records(topic):
                flat = record.get("headers", [])
                found.append((topic, record["key"], record["payload"], dict(zip(flat[::2], flat[1::2]))))
        return found

    def tombstones(self, prefix="news."):
        return [r for r in self.records(prefix) if r[2] is None]

    def events_of(self, prefix="news."):
        return sorted((topic.removeprefix(prefix), key, payload) for topic, key, payload, _ in self.records(prefix)
                      if payload is not None)

    def verify(self):
        self.newswired.command("archive", "verify", "--config", str(self.newswired.config))
        sums = [s.name for s in self.archive.glob("*.sha256")]
        subprocess.run(["sha256sum", "--quiet", "-c", *sums], cwd=self.archive, check=True, capture_output=True)

    def test_through_the_daemon(self):
        self.make(self.new_kafka()).start()
        wait_for(lambda: len(self.records()) == POSTS, f"{POSTS} events")
        _, text, date = self.numbered.posts[TARGET]
        self.numbered.posts[TARGET] = ("Post number 84, corrected", text + "Corrected. ", date)
        self.numbered.render()
        wait_for(lambda: len(self.records()) == POSTS + 1, "a revision")
        before = self.events_of()
        self.assertEqual(self.known_words(), 1)
        held = self.holds_words()
        self.assertGreaterEqual(len(held), 2)

        plan = self.redact(self.post, "--dry-run")
        self.assertRegex(plan.stdout, r"(?m)^\d+ captures in \d+ segments would be written anew")
        self.assertEqual(self.holds_words(), held)
        done = self.redact(self.post, "--reason", "court order 17/22")
        self.assertRegex(done.stdout, r"(?m)^\d+ captures in \d+ segments were written anew.*; recorded at [0-9a-f]{16}$")
        self.assertEqual(done.stdout.count("\t1 of its entries\t"), plan.stdout.count("\t1 of its entries\t"))
        self.assertEqual(self.holds_words(), [])
        self.verify()
        listed = self.newswired.command("archive", "ls", "--config", str(self.newswired.config), "--post", self.post)
        self.assertGreaterEqual(len(listed.stdout.splitlines()), 2)
        self.assertTrue(all(line.endswith("\tredacted") for line in listed.stdout.splitlines()), listed.stdout)

        wait_for(self.tombstones, "a tombstone")
        topic, key, _, headers = self.tombstones()[0]
        self.assertEqual(key, self.post)
        self.assertEqual(topic, "news.news4")
        self.assertEqual(headers["ce_type"], "post.redacted")
        self.assertEqual(headers["ce_id"], f"{self.post}#{headers['ce_sequence']}")
        self.assertNotIn("content-type", headers)
        self.assertEqual(self.events_of(), before)
        self.null_for_confluent(topic)
        wait_for(lambda: self.known_words() == 0, "a frontier without its words")

        # What the site says of it from now on is nobody's business.
        path = self.numbered.path_of(TARGET)
        asked = self.numbered.count(path)
        self.numbered.publish(TARGET, text="What number 84 says now is something else altogether. " * 5)
        self.numbered.publish(POSTS)
        wait_for(lambda: len(self.records()) == POSTS + 3, "the next post")
        # The other posts are asked again as often as is configured.
        wait_for(lambda: self.numbered.count(self.numbered.path_of(TARGET + 1)) >= 3, "the last re-check")
        self.assertEqual(self.numbered.count(path), asked)

        # All state is lost: nothing is published again, nor is the post asked for.
        self.newswired.kill()
        for file in (self.newswired.data / "state").glob("*.db*"):
            file.unlink()
        self.newswired.start()
        self.numbered.publish(POSTS + 1)
        wait_for(lambda: len(self.records()) == POSTS + 4, "one more post")
        self.newswired.stop()
        self.assertEqual(len(self.tombstones()), 1)
        self.assertEqual(self.numbered.count(path), asked)
        self.assertEqual([e for e in self.events_of() if e in before], before)

        # A replay gives all the others, byte for byte.
        self.newswired.command("replay", "--config", str(self.newswired.config), "--to", "again.")
        self.assertEqual(self.events_of("again."), [e for e in self.events_of() if e[1] != self.post])
        self.assertEqual([t[1] for t in self.tombstones("again.")], [self.post])
        self.newswired.command("replay", "--config", str(self.newswired.config), "--diff")
        # Its entry was archived again since: run once more, it is gone again.
        self.assertNotEqual(self.holds_words(), [])
        self.redact(self.post)
        self.assertEqual(self.holds_words(), [])

    def null_for_confluent(self, topic):
        """The same as another client sees it."""
        import confluent_kafka  # python3-confluent-kafka

        consumer = confluent_kafka.Consumer({
            "bootstrap.servers": self.newswired.kafka.brokers, "group.id": "test-redact",
            "auto.offset.reset": "earliest", "isolation.level": "read_committed", "enable.partition.eof": True})
        self.addCleanup(consumer.close)
        consumer.subscribe([topic])
        nulls, ends = [], set()

        def polled():
            message = consumer.poll(0.2)
            if message is not None and message.error():
                ends.add(message.partition())
            elif message is not None and message.value() is None:
                nulls.append(message.key().decode())
            return len(ends) == len(consumer.assignment()) > 0

        wait_for(polled, "the end of the topic")
        self.assertEqual(nulls, [self.post])

    def test_without_a_daemon(self):
        self.make().run_once()
        before = self.newswired.values()
        unknown = self.redact("n:nothing", check=False)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("no capture of the post n:nothing", unknown.stderr)
        backup = self.folder / "backup"
        backup.mkdir()
        for segment in self.archive.glob("newswire-*.warc.gz"):
            shutil.copy(segment, backup)
        self.redact(self.post)
        self.assertEqual(self.holds_words(), [])
        self.verify()
        self.assertEqual(self.redact(self.post).stdout.split(",")[0], "nothing to do: redacted before")
        self.newswired.run_once()
        self.assertEqual(self.newswired.values(), before)  # files keep what they were given
        others = sorted(v for values in before.values() for v in values if f'"id":"{self.post}"' not in v)
        self.assertEqual(len(others), POSTS - 1)
        replay = ["replay", "--config", str(self.newswired.config), "--dry-run"]
        self.assertEqual(sorted(self.newswired.command(*replay).stdout.splitlines()), others)
        # A backup from before does not bring it back.
        again = self.newswired.command(*replay, "--from", str(backup)).stdout.splitlines()
        self.assertEqual(sorted(again), others)

    def test_killed_when_it_is_recorded(self):
        self.make(self.new_kafka()).start(env={"NEWSWIRE_FAIL_POINT": "archive.redact.recorded"})
        wait_for(lambda: len(self.records()) == POSTS, f"{POSTS} events")
        refused = self.redact(self.post, check=False)
        self.assertEqual(refused.returncode, 1)
        self.newswired.process.wait(timeout=60)
        self.newswired.log.close()
        self.assertNotEqual(self.holds_words(), [])
        self.newswired.start()
        wait_for(self.tombstones, "a tombstone")
        self.assertEqual(self.holds_words(), [])
        self.newswired.stop()
        self.verify()
        self.assertEqual(len(self.records()), POSTS + 1)


if __name__ == "__main__":
    unittest.main()
