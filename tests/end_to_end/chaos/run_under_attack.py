# SPDX-License-Identifier: Apache-2.0
"""One run: a world, the daemon between it and its topics, what was done to them, and the verdict of the oracle."""

import os
import pathlib
import random
import signal
import subprocess
import time
from collections import Counter

import outputs
from harness import DEADLINE, Newswired
from oracle import Oracle, duplicates_dropped
from world import World

STOP_SECS = 15  # SIGTERM: 10 s of draining, then a moment to end; on machines under load
FENCED, CONFIG = 4, 3  # exit codes, daemon/commands/exit_codes.h


class Failed(Exception):
    """A promise was broken; the message says which."""


class Run:
    """`counts`: what was done. The folder is kept when the run fails."""

    def __init__(self, name, seed, folder, cluster=None, first=None, recheck=None, rate=10, **settings):
        self.name, self.seed = name, seed
        self.chance = random.Random(seed)
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.world = World(self.folder, self.chance.randrange(1 << 30), first)
        self.cluster = cluster
        self.rate = rate
        self.counts = Counter()
        self.exempt = set()
        self.prefix = f"{name}-{seed}."
        self.at_least_once = settings.get("kafka", {}).get("delivery") == "at_least_once"
        settings.setdefault("archive", {}).setdefault("segment_size", "96KiB")
        kafka = {"topic": self.prefix + "{category}", "partitions": 2, **settings.pop("kafka", {})}
        self.daemon = Newswired(self.folder, self.world.sources(recheck=recheck), cluster, **settings)
        self.daemon.settings.setdefault("kafka", {}).update(kafka)
        self.daemon.write()
        self.env = {}
        self.world.start(rate)

    # The daemon.

    @property
    def running(self):
        return self.daemon.process is not None and self.daemon.process.poll() is None

    @property
    def pid(self):
        return self.daemon.process.pid

    def up(self, **env):
        """Starts it unless it runs."""
        if self.running:
            return
        if self.daemon.process is not None:
            self.must_be_dead(-signal.SIGKILL)
        self.daemon.start(env={**self.env, **env})
        self.counts["starts"] += 1

    def must_run(self):
        """No exit that was not asked for: a crash, an abort, a refusal to go on."""
        status = self.daemon.process.poll() if self.daemon.process else None
        if status is not None:
            raise Failed(f"the daemon ended by itself: {describe(status)}\n{self.log_tail()}")

    def must_be_dead(self, *statuses):
        status = self.daemon.process.poll()
        if status not in statuses:
            raise Failed(f"the daemon ended with {describe(status)}, expected {statuses}\n{self.log_tail()}")

    def kill(self):
        """kill -9, now."""
        self.must_run()
        self.daemon.kill()
        self.must_be_dead(-signal.SIGKILL)
        self.counts["daemon kills"] += 1

    def stop(self):
        """SIGTERM: it ends by itself within the deadline, with 0."""
        self.must_run()
        begun = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        try:
            status = self.daemon.process.wait(timeout=STOP_SECS)
        except subprocess.TimeoutExpired:
            threads = self.stacks()
            self.daemon.kill()
            raise Failed(f"SIGTERM was not obeyed within {STOP_SECS} s\n{threads}\n{self.log_tail()}") from None
        self.daemon.log.close()
        self.counts["stops"] += 1
        self.slowest_stop = max(getattr(self, "slowest_stop", 0.0), time.monotonic() - begun)
        if status != 0:
            raise Failed(f"after SIGTERM: {describe(status)}\n{self.log_tail()}")
        self.daemon.process = None

    def stacks(self):
        """What its threads wait in, by the kernel."""
        lines = []
        for task in pathlib.Path(f"/proc/{self.pid}/task").glob("*"):
            try:
                lines.append(f"{(task / 'comm').read_text().strip()}: {(task / 'wchan').read_text()}")
            except OSError:
                continue
        return "\n".join(lines)

    def footprint(self):
        """(open files, threads)"""
        process = pathlib.Path(f"/proc/{self.pid}")
        return len(os.listdir(process / "fd")), len(os.listdir(process / "task"))

    def log_tail(self, size=6000):
        return self.daemon.log_text()[-size:]

    # Waiting.

    def breathe(self, least, most):
        """Lets it run for a random time: the moment of what comes next is what is random."""
        time.sleep(self.chance.uniform(least, most))

    def wait_for(self, condition, what, deadline=DEADLINE, alive=True):
        end = time.monotonic() + deadline
        while True:
            value = condition()
            if value:
                return value
            if alive:
                self.must_run()
            if time.monotonic() > end:
                raise Failed(f"waited {deadline:.0f} s in vain for: {what}\n{self.log_tail()}")
            time.sleep(0.1)

    # The verdict.

    def records(self):
        if self.cluster:
            return outputs.read_kafka(self.cluster.brokers, self.prefix)
        return outputs.read_files(self.daemon.data / "topics")

    def verdict(self, final=True):
        records = self.records()
        repeated = 0
        if self.at_least_once:
            records, repeated = duplicates_dropped(records)
        return Oracle(self.world, self.exempt).check(records, final), len(records), repeated

    def settle(self):
        """The sites come to rest; the topics must come to say the same, and a fresh post of each source must get through."""
        self.world.pause()
        self.up()
        self._until_right("the topics say what the sites say")
        fresh = [self.world.publish(source) for source in "jpfm"]
        self._until_right(f"fresh posts {[(p.source, p.number) for p in fresh]} get through")
        self.stop()
        wrong, events, repeated = self.verdict()
        if wrong:
            raise Failed("after the stop: " + "\n".join(wrong[:20]))
        self.counts["events"] += events
        self.counts["repeated deliveries"] += repeated
        self.counts["posts"] += len(self.world.all_posts())
        self.counts["changes"] += self.world.changes

    def _until_right(self, what):
        wrong = []

        def right():
            nonlocal wrong
            # What can never become right fails at once; the rest is given time.
            for fault in self.verdict(final=False)[0]:
                raise Failed(f"{fault}\n{self.log_tail()}")
            wrong = self.verdict()[0]
            return not wrong

        try:
            self.wait_for(right, what)
        except Failed as failure:
            if wrong:
                raise Failed("\n".join(wrong[:20]) + f"\n{failure}") from None
            raise

    def close(self):
        self.world.close()
        if self.running:
            self.daemon.kill()


def describe(status):
    if status is None:
        return "nothing (it runs)"
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit code {status}"
