# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a new configuration takes effect where it was archived, a wrong one is refused, and a replay gives the same bytes."""

import os
import shutil
import signal
import unittest

from harness import EndToEnd, NumberedSite, validate, wait_for

POSTS = 60


class Reload(EndToEnd):
    def setUp(self):
        super().setUp()
        self.site_ = self.site(NumberedSite, POSTS)
        self.source = {"id": "n", "kind": "jekyll", "url": self.site_.url, "every": "1s", "delay": "0s",
                       "recheck": [f"{n}s" for n in range(3, 90, 3)], "backfill": "all", "language": "en"}
        self.running = self.daemon([self.source], archive={"segment_size": "64KiB"})

    def reload(self, **changes):
        """Writes the configuration anew and sends SIGHUP."""
        self.source.update(changes)
        self.running.write()
        os.kill(self.running.process.pid, signal.SIGHUP)

    def said(self, words):
        return self.running.log_text().count(words)

    def wait_for_events(self, count, what):
        wait_for(lambda: self.running.process.poll() is not None or len(self.running.events()) >= count, what)
        self.assertEqual(len(self.running.events()), count, what)

    def dry(self, *words):
        out = self.running.command("replay", "--config", str(self.running.config), "--dry-run", *words)
        return out.stdout.splitlines()

    def published(self):
        return sorted(value for values in self.running.values().values() for value in values)

    def test_events_before_and_after_are_replayed_as_they_were(self):
        daemon = self.running.start()
        self.wait_for_events(POSTS, "the first posts")
        self.reload(language="en-GB", timezone="Asia/Tokyo")
        wait_for(lambda: self.said("is in force") == 1, "the reload in the log")
        self.site_.publish(POSTS)
        self.wait_for_events(POSTS + 1, "a post after the reload")
        self.assertEqual([e["language"] for e in daemon.events()].count("en-GB"), 1)
        for number in range(0, POSTS, 7):
            self.site_.publish(number, f"What post {number} says was put right after the reload. " * 4)
        edits = len(range(0, POSTS, 7))
        self.wait_for_events(POSTS + 1 + edits, "edits after the reload")
        revised = [e for e in daemon.events() if e["type"] == "post.revised"]
        self.assertEqual({tuple(e["changed"]) for e in revised}, {("text",)}, "compared under one configuration")
        self.assertEqual({e["language"] for e in revised}, {"en-GB"})

        self.reload(language="en")
        wait_for(lambda: self.said("is in force") == 2, "another reload in the log")
        self.site_.publish(POSTS + 1)
        self.wait_for_events(POSTS + 2 + edits, "a post after another reload")
        self.assertEqual(daemon.stop(), 0)

        live = self.published()
        validate(self, live)
        self.assertEqual(sorted(self.dry("--as-archived")), live)
        self.assertEqual(self.dry("--as-archived", "--threads", "1"), self.dry("--as-archived", "--threads", "4"))
        self.assertNotEqual(sorted(self.dry()), live, "under today's configuration")
        copy = self.folder / "copy"
        copy.mkdir()
        for segment in (daemon.data / "archive").glob("*.warc.gz"):
            shutil.copy(segment, copy)
        self.assertEqual(sorted(self.dry("--as-archived", "--from", str(copy))), live)

        # A start without the state folds each stretch under its own configuration: nothing is new.
        for file in (daemon.data / "state").glob("sequencer.db*"):
            file.unlink()
        daemon.start()
        self.site_.publish(POSTS + 2)
        self.wait_for_events(POSTS + 3 + edits, "a post after the state was lost")
        self.assertEqual(daemon.stop(), 0)

    def test_a_wrong_configuration_is_refused_and_the_old_one_goes_on(self):
        daemon = self.running.start()
        self.wait_for_events(POSTS, "the first posts")
        good = daemon.config.read_text()
        daemon.config.write_text(good.replace('"language": "en"', '"langage": "en"'))
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_for(lambda: self.said("langage") > 0, "the refusal in the log")
        self.assertIn("language", daemon.log_text().split("langage", 1)[1].splitlines()[0], "the nearest key")
        self.site_.publish(POSTS)
        self.wait_for_events(POSTS + 1, "a post under the old configuration")
        self.assertEqual({e["language"] for e in daemon.events()}, {"en"})
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
