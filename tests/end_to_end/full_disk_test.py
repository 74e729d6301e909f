# SPDX-License-Identifier: Apache-2.0
"""A full disk: fetching pauses before it, what is committed stays readable, and all goes on by itself.

On real small filesystems (tmpfs), which needs the right to mount; without it these tests are skipped, loudly.
"""

import json
import os
import pathlib
import random
import socket
import subprocess
import threading
import time
import unittest

from harness import EndToEnd, NumberedSite, wait_for
from lossy_disk import LIBRARY, seeded

MIB = 1 << 20
ROUNDS = int(os.environ.get("NEWSWIRE_FULL_DISK_ROUNDS", "3"))


def incompressible(number):
    """Words that no compressor makes small: a post of some 12 KB."""
    chance = random.Random(number)
    return f"This is the text of post number {number}, " + " ".join(
        "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9)) for _ in range(1200))


class SmallDisk:
    """A filesystem of a few MiB whose size can be changed while it is used."""

    def __init__(self, test, path, size):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "newswire-test", self.path],
                              capture_output=True, text=True)
        if made.returncode != 0:
            test.skipTest(f"SKIPPED: no small filesystem can be mounted here: {made.stderr.strip()}")
        test.addCleanup(subprocess.run, ["umount", "-l", self.path], check=False)

    def used(self):
        info = os.statvfs(self.path)
        return (info.f_blocks - info.f_bfree) * info.f_frsize

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.path], check=True, timeout=30)


class Manager:
    """What systemd is told (sd_notify): the status line."""

    def __init__(self, test, path):
        self.path, self.lines = str(path), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        test.addCleanup(self.socket.close)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                message = self.socket.recv(65536).decode()
            except OSError:
                return
            self.lines += [line[7:] for line in message.splitlines() if line.startswith("STATUS=")]

    def next(self, what, holds):
        """The first status line from now on of which `holds` is true."""
        begin = len(self.lines)
        return wait_for(lambda: next((line for line in self.lines[begin:] if holds(line)), None), what)


class FullDisk(EndToEnd):
    def start(self, where, size, min_free, env=None, posts=12):
        """A daemon whose `where` (a folder of data_dir; "": all of it) is on a small disk."""
        site = self.site(NumberedSite, 0)
        for number in range(posts):
            site.publish(number, incompressible(number), render=False)
        site.render()
        daemon = self.daemon([{"id": "n", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s",
                               "recheck": [], "backfill": "all"}],
                             archive={"segment_size": "256KiB", "min_free": min_free})
        disk = SmallDisk(self, daemon.data / where, size) if size else None
        manager = Manager(self, daemon.folder / "notify")
        daemon.start(env={"NOTIFY_SOCKET": manager.path, **(env or {})})
        return site, daemon, disk, manager

    def everything(self, site, daemon):
        return lambda: len(daemon.events()) >= len(site.posts)

    def check(self, site, daemon):
        """Exactly once; and the archive says the same."""
        self.assertIsNone(daemon.process.poll(), "the daemon ended")
        self.assertEqual(daemon.stop(), 0)
        events = daemon.events()
        self.assertEqual(sorted(e["id"] for e in events), sorted(f"n:{site.id_of(n)}" for n in site.posts))
        self.assertEqual({(e["type"], e["revision"]) for e in events}, {("post.published", 1)})
        config = ("--config", str(daemon.config))
        self.assertEqual(sorted(daemon.command("replay", "--dry-run", *config).stdout.splitlines()),
                         sorted(v for vs in daemon.values().values() for v in vs))
        daemon.command("archive", "verify", *config)

    def check_rest(self, daemon, site, manager):
        """While it is paused it asks nobody, says little and does not spin."""
        def cpu():
            fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        manager.next("a status line", lambda line: "paused" in line)
        asked, said, used, begin = len(site.requests), len(daemon.log_text().splitlines()), cpu(), time.monotonic()
        manager.next("a status line", lambda line: "paused" in line)
        manager.next("a status line", lambda line: "paused" in line)
        self.assertEqual(site.requests[asked:], [])
        self.assertLess(len(daemon.log_text().splitlines()) - said, 20)
        self.assertLess(cpu() - used, 0.5 * (time.monotonic() - begin))

    def test_fetching_pauses_before_the_disk_is_full(self):
        site, daemon, disk, manager = self.start("", 48 * MIB, "16MiB")
        wait_for(self.everything(site, daemon), "the first posts")
        before = sorted(e["id"] for e in daemon.events())
        ballast = disk.path / "ballast"
        ballast.write_bytes(bytes(40 * MIB - disk.used()))
        manager.next("a status line that says paused", lambda line: "paused: disk nearly full" in line)
        site.publish(100, incompressible(100))
        self.check_rest(daemon, site, manager)
        self.assertEqual(sorted(e["id"] for e in daemon.events()), before)
        daemon.command("archive", "verify", "--config", str(daemon.config))
        ballast.unlink()
        manager.next("a status line without paused", lambda line: "paused" not in line)
        wait_for(self.everything(site, daemon), "the post that waited")
        self.check(site, daemon)

    def fill(self, where):
        """Nothing is kept free: each writer meets the end of the disk, at moments of chance."""
        chance = seeded()
        site, daemon, disk, manager = self.start(where, 16 * MIB, "1B")
        wait_for(self.everything(site, daemon), "the first posts")
        for number in range(ROUNDS):
            said = len(daemon.log_text())
            disk.resize(disk.used() + 4096 * chance.randrange(1, 30))
            for _ in range(12):
                site.publish(len(site.posts), incompressible(len(site.posts)), render=False)
            site.render()
            wait_for(lambda: any(word in daemon.log_text()[said:] for word in
                                 ("No space", "is full", "nearly full", "disk I/O")), "a writer at the end of the disk")
            self.assertIsNone(daemon.process.poll(), daemon.log_text()[-4000:])
            disk.resize(disk.used() + 16 * MIB)
            wait_for(self.everything(site, daemon), f"the posts of round {number}")
        self.check(site, daemon)

    def test_all_of_it_full(self):
        self.fill("")

    def test_the_archive_full(self):
        self.fill("archive")

    def test_the_state_full(self):
        self.fill("state")

    def test_the_topics_full(self):
        self.fill("topics")

    def test_a_start_on_a_full_disk_waits(self):
        site, daemon, disk, manager = self.start("state", 16 * MIB, "1B")
        wait_for(self.everything(site, daemon), "the first posts")
        daemon.kill()
        disk.resize(disk.used() + 4096)
        site.publish(len(site.posts), incompressible(len(site.posts)))
        said = len(daemon.log_text())
        daemon.start(env={"NOTIFY_SOCKET": manager.path})
        wait_for(lambda: "cannot start yet" in daemon.log_text()[said:] or "No space" in daemon.log_text()[said:]
                 or "full" in daemon.log_text()[said:], "the reason")
        self.assertIsNone(daemon.process.poll())
        disk.resize(32 * MIB)
        wait_for(self.everything(site, daemon), "the post that waited")
        self.check(site, daemon)

    def test_a_quota_that_no_number_shows(self):
        if not LIBRARY:
            self.skipTest("SKIPPED: the double of the disk is not built with sanitizers")
        full = self.folder / "full"
        site, daemon, _, manager = self.start("", 0, "1B", env={
            "LD_PRELOAD": LIBRARY, "NEWSWIRE_LOSSY_ROOT": str(self.folder / "newswired" / "data"),
            "NEWSWIRE_LOSSY_JOURNAL": os.devnull, "NEWSWIRE_LOSSY_FULL": str(full)})
        wait_for(self.everything(site, daemon), "the first posts")
        full.touch()
        site.publish(len(site.posts), incompressible(len(site.posts)))
        manager.next("a status line that says paused", lambda line: "paused" in line)
        full.unlink()
        wait_for(self.everything(site, daemon), "the post that waited")
        self.check(site, daemon)


if __name__ == "__main__":
    unittest.main()
