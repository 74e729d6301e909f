# SPDX-License-Identifier: Apache-2.0
"""A capture that crashes the process: after three crashes it is put aside, and becomes a dead letter."""

import json
import os
import resource
import signal
import unittest

from harness import DEADLINE, EndToEnd, NumberedSite

POISON = "the word that no step survives"


class Poison(EndToEnd):
    def setUp(self):
        super().setUp()
        core = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, core[1]))  # inherited by the daemon
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, core)

    def make(self, kafka=None, posts=12, poisoned=(5,)):
        site = self.site(NumberedSite, posts)
        for number in poisoned:  # in the page; what the feed says of it is sound
            path = site.path_of(number)
            site.put(path, site.pages[path][2].replace(b"</article>", f"<p>{POISON}</p></article>".encode()))
        daemon = self.daemon([{"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s",
                               "recheck": [], "backfill": "all"}], kafka, transforms={"threads": 1})
        return site, daemon

    def run_once(self, daemon, how="abort", point=None):
        """With `point` it is killed there, if it comes so far."""
        ends = {"NEWSWIRE_FAIL_POINT": point} if point else {"NEWSWIRE_FAIL_HOW": how}
        daemon.start("--once", env={"NEWSWIRE_CRASH_ON_TEXT": POISON, **ends})
        status = daemon.process.wait(timeout=DEADLINE)
        daemon.log.close()
        return status

    def restart_until_it_lives(self, daemon, *hows):
        """As systemd does. A page may be captured again when its crash came before its link was recorded: then there
        are two captures, with three crashes each. The number of crashes."""
        crashes = 0
        while True:
            how = hows[crashes % len(hows)]
            status = self.run_once(daemon, how)
            if status == 0:
                return crashes
            self.assertEqual(status, -(signal.SIGABRT if how == "abort" else signal.SIGSEGV), daemon.log_text()[-3000:])
            crashes += 1
            self.assertLess(crashes, 40)

    def finish(self, daemon):
        self.assertEqual(self.run_once(daemon), 0, daemon.log_text()[-3000:])

    def letters(self, daemon):
        if daemon.kafka:
            return [r["payload"] for r in daemon.kafka.records("news.dead-letter")]
        manifest = json.loads((daemon.data / "topics/manifest.json").read_text())
        length = manifest["files"].get("news.dead-letter.jsonl", 0)
        return (daemon.data / "topics/news.dead-letter.jsonl").read_bytes()[:length].decode().splitlines() if length else []

    def check(self, site, daemon, poisoned=(5,)):
        """Every other post once; each of these a dead letter, once."""
        self.assertEqual(sorted(e["id"] for e in daemon.events()),
                         sorted(f"n:{site.id_of(n)}" for n in site.posts if n not in poisoned))
        letters = [json.loads(letter) for letter in self.letters(daemon)]
        self.assertEqual({letter["step"] for letter in letters}, {"quarantine"} if poisoned else set())
        self.assertEqual({letter["url"] for letter in letters},
                         {site.url.rstrip("/") + site.path_of(n) for n in poisoned})
        self.assertEqual(len(letters), len({letter["position"] for letter in letters}))
        return letters

    def three_crashes(self, kafka):
        site, daemon = self.make(kafka)
        crashes = self.restart_until_it_lives(daemon, "abort")
        letters = self.check(site, daemon)
        self.assertEqual(crashes, 3 * len(letters))
        self.assertIn("3 times", letters[0]["reason"])
        # The next starts know it without a crash; a new state is folded past it; the posts go on.
        site.publish(len(site.posts))
        self.finish(daemon)
        (daemon.data / "state/sequencer.db").unlink()
        site.publish(len(site.posts))
        self.finish(daemon)
        self.check(site, daemon)
        out = daemon.command("replay", "--dry-run", "--config", str(daemon.config),
                             env={**os.environ, "NEWSWIRE_CRASH_ON_TEXT": POISON})
        self.assertEqual(sorted(out.stdout.splitlines()), sorted(v for vs in daemon.values().values() for v in vs))
        return site, daemon, letters

    def test_files(self):
        self.three_crashes(None)

    def test_kafka(self):
        site, daemon, letters = self.three_crashes(self.new_kafka())
        # Replayed elsewhere it is the same dead letter.
        daemon.command("replay", "--to", "again.", "--config", str(daemon.config),
                       env={**os.environ, "NEWSWIRE_CRASH_ON_TEXT": POISON})
        self.assertEqual([json.loads(r["payload"]) for r in daemon.kafka.records("again.dead-letter")], letters)

    def test_a_fault_and_an_overflow_of_the_stack_count_too(self):
        site, daemon = self.make()
        crashes = self.restart_until_it_lives(daemon, "segv", "stack", "abort")
        letters = self.check(site, daemon)
        self.assertEqual(crashes, 3 * len(letters))
        self.assertIn("SIGSEGV, SIGSEGV, SIGABRT", letters[0]["reason"])

    def test_killed_while_it_is_put_aside(self):
        site, daemon = self.make()
        for point in ("quarantine.before_record", "quarantine.recorded"):
            for _ in range(10):
                status = self.run_once(daemon, point=point)
                if status == -signal.SIGKILL:
                    break
                self.assertEqual(status, -signal.SIGABRT, daemon.log_text()[-3000:])
            self.assertEqual(status, -signal.SIGKILL, point)
        self.restart_until_it_lives(daemon, "abort")
        self.check(site, daemon)

    def test_kills_blame_nobody(self):
        site, daemon = self.make()
        for _ in range(4):
            self.assertEqual(self.run_once(daemon, "kill"), -signal.SIGKILL)
        daemon.run_once()  # without the trigger: it was never at fault
        self.assertEqual(len(daemon.events()), len(site.posts))
        self.assertEqual(self.letters(daemon), [])

    def test_a_crash_of_the_intake_blames_no_capture(self):
        site, daemon = self.make()
        for _ in range(4):
            daemon.start("--once", env={"NEWSWIRE_FAIL_POINT": "frontier.before_commit:3", "NEWSWIRE_FAIL_HOW": "abort"})
            self.assertEqual(daemon.process.wait(timeout=DEADLINE), -signal.SIGABRT)
            daemon.log.close()
        daemon.run_once()
        self.assertEqual(len(daemon.events()), len(site.posts))
        self.assertEqual(self.letters(daemon), [])

    def test_several_are_put_aside_one_after_the_other(self):
        site, daemon = self.make(poisoned=(3, 8))
        self.restart_until_it_lives(daemon, "abort")
        self.check(site, daemon, (3, 8))


if __name__ == "__main__":
    unittest.main()
