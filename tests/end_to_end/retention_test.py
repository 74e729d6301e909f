# SPDX-License-Identifier: Apache-2.0
"""Half of the archive is retired, then what the daemon keeps beside it is lost: nothing is published twice, and the next
revision has the right number."""

import json
import shutil
import unittest

from harness import EndToEnd, NumberedSite, wait_for

POSTS = 300


class Retention(EndToEnd):
    def retire_and_lose(self, kafka):
        site = self.site(NumberedSite, POSTS)
        source = {"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s", "recheck": [],
                  "backfill": "all"}
        daemon = self.daemon([source], kafka, archive={"segment_size": "64KiB"})
        archive = daemon.data / "archive"

        def segments():
            return sorted(archive.glob("newswire-*.warc.gz"))

        def size():
            return sum(s.stat().st_size for s in segments())

        daemon.run_once()
        self.assertGreaterEqual(len(segments()), 4)
        half = max(size() // 2, 128 * 1024)
        before = len(segments())
        daemon.settings["archive"]["retention"] = {"size": f"{half}B"}
        daemon.write()
        daemon.start()
        wait_for(lambda: size() <= half, "the oldest segments to be retired")
        daemon.kill()
        self.assertFalse(segments()[0].name.endswith("-00000001.warc.gz"))
        print(f"{before} segments, {len(segments())} left of {size()} bytes")
        self.assertEqual(daemon.command("archive", "verify", "--config", str(daemon.config)).returncode, 0)

        def published():
            return sorted((e["id"], e["revision"], e["type"]) for e in daemon.events())

        wanted = [(f"n:{site.id_of(n)}", 1, "post.published") for n in range(POSTS)]
        self.assertEqual(published(), sorted(wanted))

        # From nothing but the segments: the same bytes as far as they are left.
        copy = self.folder / "copy"
        copy.mkdir()
        for segment in segments():
            shutil.copy(segment, copy)
        again = daemon.command("replay", "--config", str(daemon.config), "--dry-run", "--from", str(copy))
        values = again.stdout.splitlines()
        live = {v for vs in daemon.values().values() for v in vs}
        self.assertGreater(len(values), 10)
        self.assertEqual([v for v in values if v not in live], [])

        # A position that is gone is refused, and the oldest one named.
        oldest = int(segments()[0].name[-16:-8]) << 39
        refused = daemon.command("replay", "--config", str(daemon.config), "--dry-run", "--position",
                                 f"{1 << 39:016x}", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"{oldest:016x}", refused.stderr)
        for value in values:
            json.loads(value)

        # With files each loss begins with what the retirement left; Kafka keeps what it was given.
        kept = self.folder / "kept"
        shutil.copytree(daemon.data, kept, ignore=shutil.ignore_patterns("*.sock"))
        for lost in [["sequencer.db", "frontier.db"]] if kafka else [["sequencer.db"], ["frontier.db"],
                                                                    ["sequencer.db", "frontier.db"]]:
            shutil.rmtree(daemon.data)
            shutil.copytree(kept, daemon.data)
            for name in lost:
                for file in (daemon.data / "state").glob(name + "*"):
                    file.unlink()
            site.publish(POSTS)
            expected = [*wanted, (f"n:{site.id_of(POSTS)}", 1, "post.published")]
            if "frontier.db" in lost:  # then every page is fetched again that the archive no longer holds
                site.publish(0, text="What post 0 says now is something else altogether. " * 5)
                expected.append((f"n:{site.id_of(0)}", 2, "post.revised"))
            daemon.run_once()
            self.assertEqual(published(), sorted(expected), f"lost: {lost}")

    def test_files(self):
        self.retire_and_lose(None)

    def test_kafka(self):
        self.retire_and_lose(self.new_kafka())


if __name__ == "__main__":
    unittest.main()
