# SPDX-License-Identifier: Apache-2.0
"""kill -9 in the middle of a run of some hundred posts, again and again: each post exactly once, in order."""

import json
import os
import random
import signal
import time
import unittest

from harness import DEADLINE, EndToEnd, NumberedSite, validate, wait_for

POSTS = 300
KILLS = 6


class Kill(EndToEnd):
    def run_with_kills(self, kafka):
        seed = int(os.environ.get("NEWSWIRE_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
        print(f"NEWSWIRE_TEST_SEED={seed}")
        chance = random.Random(seed)
        site = self.site(NumberedSite, POSTS)
        settings = {"archive": {"segment_size": "256KiB"}}
        daemon = self.daemon([{"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s",
                               "recheck": [], "backfill": "all"}], kafka, **settings)
        for _ in range(KILLS):
            daemon.start()
            before = len(site.requests)
            wait_for(lambda: len(site.requests) > before + chance.randrange(40), "requests")
            time.sleep(chance.random() * 0.3)  # the moment of the kill is what is random here
            daemon.kill()
        daemon.run_once()
        site.publish(POSTS)  # a fresh post still gets through
        daemon.run_once()
        values = daemon.values()
        events = [json.loads(v) for vs in values.values() for v in vs]
        self.assertEqual(sorted(e["id"] for e in events),
                         sorted(f"n:{site.id_of(n)}" for n in range(POSTS + 1)))
        self.assertEqual({(e["type"], e["revision"]) for e in events}, {("post.published", 1)})
        validate(self, [v for vs in values.values() for v in vs])
        for event in events:
            number = int(event["id"][-10:])
            self.assertEqual(event["title"], f"Post number {number}")
            self.assertIn(f"text of post number {number},", event["text"])

    def test_the_first_start_killed_at_every_folder_that_it_makes(self):
        site = self.site(NumberedSite, 5)
        daemon = self.daemon([{"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s",
                               "recheck": []}])
        kills = 0
        for _ in range(20):  # each start makes one folder and dies
            daemon.start("--once", env={"NEWSWIRE_FAIL_POINT": "folder.made"})
            status = daemon.process.wait(timeout=DEADLINE)
            daemon.log.close()
            if status == 0:
                break
            self.assertEqual(status, -signal.SIGKILL, daemon.log_text()[-3000:])
            kills += 1
        self.assertGreater(kills, 1)
        self.assertEqual(status, 0)
        self.assertEqual(len(daemon.events()), 5)

    def test_files(self):
        self.run_with_kills(None)

    def test_kafka(self):
        self.run_with_kills(self.new_kafka())


if __name__ == "__main__":
    unittest.main()
