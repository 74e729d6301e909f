# SPDX-License-Identifier: Apache-2.0
"""The power goes at any moment, and the disk forgets what was not synced: nothing is lost and nothing repeated.

NEWSWIRE_POWER_ROUNDS=N makes it longer; NEWSWIRE_TEST_SEED repeats a run.
"""

import json
import os
import re
import threading
import unittest

from harness import DEADLINE, EndToEnd, NumberedSite, validate
from lossy_disk import LIBRARY, Disk, seeded

ROUNDS = int(os.environ.get("NEWSWIRE_POWER_ROUNDS", "10"))
FIRST_POSTS = 30
POSTS_A_ROUND = 3
EARLY_CHANGES = 60  # a start on an empty disk makes about so many before its first post


class FeedSite(NumberedSite):
    """Beside the numbered posts a feed with all of them, whose text is the post."""

    def render(self):
        super().render()
        items = "".join(
            f"<item><title>{title}</title><link>{self.url}only/{number}</link><guid>{number}</guid>"
            f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
            for number, (title, text, _) in sorted(self.posts.items(), reverse=True))
        self.put("/all.xml", f'<?xml version="1.0"?><rss version="2.0"><channel><title>All</title>{items}</channel></rss>',
                 "application/rss+xml")


class Reader(threading.Thread):
    """A consumer of the files output: reads up to each manifest that it meets."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.source, self.seen, self.ended = daemon, {}, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.02):
            self.look()

    def look(self):
        try:
            now = self.source.values()
        except (OSError, ValueError):
            return  # between two renames
        for topic, lines in now.items():
            if len(lines) > len(self.seen.get(topic, [])):
                self.seen[topic] = lines

    def end(self):
        self.ended.set()
        self.join()
        self.look()
        return self.seen


class PowerLoss(EndToEnd):
    def setUp(self):
        super().setUp()
        self.assertTrue(LIBRARY and os.path.exists(LIBRARY), "NEWSWIRE_LOSSY_DISK names no shared object")

    def make(self, kafka, name="newswired", **settings):
        site = self.site(FeedSite, FIRST_POSTS)
        # Two levels above the archive that the daemon makes itself.
        daemon = self.daemon(
            [{"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s", "recheck": [],
              "backfill": "all"},
             {"id": "f", "kind": "feed", "url": site.url + "all.xml", "body": "feed", "every": "1s", "delay": "0s",
              "backfill": "all"}],
            kafka, name, **{"archive": {"segment_size": "64KiB"}, **settings})
        disk = Disk(daemon.folder / "disk", daemon.folder / "journal")
        disk.root.mkdir()
        daemon.data = disk.root / "newswire" / "data"
        daemon.settings["data_dir"] = str(daemon.data)
        daemon.write()
        return site, daemon, disk

    def lose_power(self, daemon, disk, chance, cut, how=None, ignored=lambda path: False):
        """Runs the daemon until its `cut`-th change, or to its end, and then takes the power away."""
        disk.begin()
        reader = Reader(daemon) if daemon.kafka is None else None
        daemon.start("--once", env=disk.environment(cut))
        status = daemon.process.wait(timeout=DEADLINE)
        daemon.log.close()
        self.assertIn(status, (0, -9), daemon.log_text()[-4000:])
        seen = reader.end() if reader else {}
        changes = disk.read_journal(ignored)
        self.assertEqual(disk.differences(), [], "the model of the disk is wrong")
        how = disk.power_loss(chance, how)
        print(f"  cut {cut}: {'killed' if status else 'drained'} after {sum(changes.values())} changes "
              f"({changes.get('f', 0)} syncs), kept: {how}", flush=True)
        return sum(changes.values()), seen

    def check(self, site, daemon, seen):
        values = daemon.values()
        events = [json.loads(v) for vs in values.values() for v in vs]
        found = sorted((e["source"], int(re.search(r"text of post number (\d+),", e["text"])[1])) for e in events)
        self.assertEqual(found, sorted((source, number) for source in "nf" for number in site.posts))
        self.assertEqual({(e["type"], e["revision"]) for e in events}, {("post.published", 1)})
        validate(self, [v for vs in values.values() for v in vs])
        # A position stands for one document for ever.
        places = [(e["archive"]["segment"], e["archive"]["offset"], e["archive"]["document"]) for e in events]
        self.assertEqual(len(places), len(set(places)))
        for topic, lines in seen.items():
            self.assertEqual(values[topic][:len(lines)], lines, f"{topic}: a reader had seen other events")
        # What was published is what the archive says, and the archive is whole.
        config = ("--config", str(daemon.config))
        self.assertEqual(sorted(daemon.command("replay", "--dry-run", *config).stdout.splitlines()),
                         sorted(v for vs in values.values() for v in vs))
        daemon.command("archive", "verify", *config)
        self.assertEqual([line for line in daemon.log_text().splitlines()
                          if "damaged" in line or "hint beside the archive cannot be read" in line], [])
        self.assertFalse(list(daemon.data.rglob("*.new")) + list(daemon.data.rglob("*.tmp")))

    def run_rounds(self, kafka, rounds):
        chance = seeded()
        site, daemon, disk = self.make(kafka)
        changes, seen = 800, {}
        for number in range(rounds):
            # The beginning of a run, where folders and databases are made, as often as the rest.
            cut = chance.randrange(1, EARLY_CHANGES if number % 2 == 0 else changes)
            made, now = self.lose_power(daemon, disk, chance, cut)
            changes = max(changes, made)
            for topic, lines in now.items():
                if len(lines) > len(seen.get(topic, [])):
                    seen[topic] = lines
            site.publish(len(site.posts), render=False)
            for _ in range(POSTS_A_ROUND - 1):
                site.publish(len(site.posts))
        daemon.run_once()
        self.check(site, daemon, seen)

    def test_files(self):
        self.run_rounds(None, ROUNDS)

    def test_kafka(self):
        self.run_rounds(self.new_kafka(), ROUNDS)

    def drained_and_lost(self, name="newswired", ignored=lambda path: False):
        """Drained, then all that was not synced is forgotten: the next run has nothing to ask and nothing to say."""
        site, daemon, disk = self.make(None, name)
        _, seen = self.lose_power(daemon, disk, seeded(), 0, "least", ignored)
        self.assertEqual(len([line for lines in seen.values() for line in lines]), 2 * FIRST_POSTS)
        asked = len(site.requests)
        daemon.run_once()
        self.check(site, daemon, seen)
        posts = [path for path, _ in site.requests[asked:] if path.endswith(".html")]
        self.assertEqual(posts, [], "links that were durable are fetched again")

    def test_after_everything_was_acknowledged(self):
        self.drained_and_lost()

    def test_a_sync_that_is_missing_is_found(self):
        """Were any of these left out, the tests above would fail. (The frontier's are not among them: what it forgets is
        asked for again, and the sequencer knows it.)"""
        for number, path in enumerate([
                r"/disk", r"/disk/newswire", r"/data", r"/archive", r"/archive/newswire-main-\d+\.warc\.gz",
                r"/archive/uuid\.new", r"/archive/serial\.new", r"/archive/hint\.json\.tmp",
                r"/topics", r"/topics/[^/]+\.jsonl", r"/topics/manifest\.json\.tmp"]):
            with self.subTest(path), self.assertRaises(AssertionError):
                self.drained_and_lost(f"without-{number}", re.compile(".*" + path + "$").match)

    def test_a_block_is_remembered(self):
        """Retry-After of an hour: no request before it, also when the power goes."""
        chance = seeded()
        site, daemon, disk = self.make(None)
        for path, (_, kind, body) in list(site.pages.items()):
            site.put(path, body, kind, status=429)
        site.headers["Retry-After"] = "3600"
        _, _ = self.lose_power(daemon, disk, chance, 0, "least")
        asked = len(site.requests)
        self.assertGreater(asked, 0)
        daemon.run_once()
        self.assertEqual(site.requests[asked:], [])


if __name__ == "__main__":
    unittest.main()
