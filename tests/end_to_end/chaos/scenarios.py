# SPDX-License-Identifier: Apache-2.0
"""Named scenarios: each makes a run, does something to it, and lets the oracle judge. `length` 1 is the short version."""

import contextlib
import functools
import pathlib
import random
import shutil
import subprocess
import tempfile

import data_faults
import fail_points
import faults
from brokers import Cluster
from run_under_attack import Failed, Run, describe

SCENARIOS = {}
AT_LEAST_ONCE = ("publish.kafka.events_delivered",)  # fail points of that delivery alone


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


class Stage:
    """Where scenarios play: a folder, and clusters that are started when first wanted and shared."""

    def __init__(self, folder, seed, length=1, kills=1):
        """`length`: how often a scenario repeats its attacks; `kills`: at each fail point."""
        self.folder = pathlib.Path(folder)
        self.seed = seed
        self.length = length
        self.kills = kills
        self._clusters = {}
        self.runs = []

    def cluster(self, nodes):
        if nodes not in self._clusters:
            self._clusters[nodes] = Cluster(self.folder / f"kafka{nodes}", nodes)
        return self._clusters[nodes]

    @contextlib.contextmanager
    def run(self, name, nodes=0, **settings):
        cluster = self.cluster(nodes) if nodes else None
        run = Run(name, self.seed, self.folder, cluster, **settings)
        self.runs.append(run)
        try:
            yield run
            run.settle()
        except BaseException:
            run.close()
            raise
        run.close()
        shutil.rmtree(run.folder, ignore_errors=True)

    def close(self):
        for cluster in self._clusters.values():
            cluster.close()


def points_of(stage, run, wanted):
    points = [p for p in fail_points.every_point() if p not in fail_points.ELSEWHERE and wanted(p)]
    unreached = fail_points.kill_at_each(run, points, stage.kills)
    if unreached:
        raise Failed(f"fail points that no start came to: {unreached}; give fail_points.py a provocation, or say in "
                     "ELSEWHERE which test pulls the plug there")


@scenario
def files_fail_points(stage):
    """kill -9 at every named step, output: files."""
    with stage.run("files-points") as run:
        run.up()
        points_of(stage, run, lambda p: not p.startswith(("publish.kafka", *fail_points.RETENTION)))


@scenario
def retention_fail_points(stage):
    """kill -9 at every step of retention, snapshots, and a start from one."""
    with stage.run("retention-points", archive={"segment_size": "64KiB", "retention": {"size": "192KiB"}}) as run:
        run.up()
        run.wait_for(lambda: data_faults.segments(run), "a first segment")
        first = data_faults.segments(run)[0]
        run.wait_for(lambda: not first.exists(), f"{first.name} to be retired")
        points_of(stage, run, lambda p: p.startswith(fail_points.RETENTION))


@scenario
def kafka_fail_points(stage):
    """kill -9 at every named step between the archive and Kafka's commit, exactly_once."""
    with stage.run("kafka-points", nodes=1) as run:
        run.up()
        points_of(stage, run, lambda p: p.startswith(("publish.kafka", "relay")) and
                  not p.startswith((*AT_LEAST_ONCE, *fail_points.RETENTION)))


@scenario
def files_kills(stage):
    """kill -9 at random moments, damaged tails and state, sites that fail, output: files."""
    with stage.run("files-kills") as run:
        run.up()
        attack(run, faults.DAEMON_FAULTS, 8 * stage.length)


@scenario
def three_brokers(stage):
    """Three real brokers: one after another, then all are killed, stalled, cut off, while the daemon is killed too."""
    with stage.run("three-brokers", nodes=3) as run:
        run.up()
        attack(run, faults.BROKER_FAULTS + [faults.kill_daemon] * 3, 6 * stage.length, (0.3, 2))
        faults.kill_all_brokers(run)


@scenario
def smallest_configuration(stage):
    """The smallest configuration of docs/configuration.md: every default but addresses and the pace of polling."""
    with stage.run("smallest", nodes=1, archive={"segment_size": "256MiB"},
                   kafka={"delivery": "exactly_once", "commit_interval": "100ms", "partitions": 4}) as run:
        run.up()
        attack(run, [faults.kill_daemon, faults.kill_broker, faults.drop_connections], 4 * stage.length)


@scenario
def at_least_once(stage):
    """No loss and no wrong order; a delivery may be repeated after a kill, and only then."""
    with stage.run("at-least-once", nodes=1, kafka={"delivery": "at_least_once"}) as run:
        run.up()
        points_of(stage, run, lambda p: p in AT_LEAST_ONCE)
        attack(run, [faults.kill_daemon, faults.kill_broker, faults.stall_connections], 4 * stage.length)


@scenario
def stop_in_time(stage):
    """SIGTERM while no broker answers: it ends in time, and what was open is settled by the next start."""
    with stage.run("stop", nodes=1) as run:
        run.up()
        for fault in [faults.stop_daemon_while_broker_is_stalled, faults.kill_daemon_while_broker_is_stalled] * stage.length:
            run.breathe(0.5, 1.5)
            fault(run)


@scenario
def nothing_leaks(stage):
    """Producers that are rebuilt again and again leave no file and no thread behind."""
    with stage.run("leaks", nodes=1) as run:
        run.up()
        run.wait_for(run.records, "first events")
        before = run.footprint()
        for _ in range(8 * stage.length):
            run.cluster.proxies[0].drop()
            run.breathe(0.2, 0.8)
        faults.stall_connections(run)
        events = len(run.records())
        run.wait_for(lambda: len(run.records()) > events, "events after the last rebuild")
        # A rebuild that is under way has both producers' threads for a moment.
        run.wait_for(lambda: all(now <= then + 6 for now, then in zip(run.footprint(), before)),
                     f"files and threads to be as few as before: {before}")


@scenario
def state_lost(stage):
    """Frontier, sequencer and both: deleted, truncated, flipped, without their WAL."""
    with stage.run("state") as run:
        run.up()
        for _ in range(stage.length):
            for fault in data_faults.STATE_FAULTS:
                run.breathe(0.3, 1)
                run.kill()
                fault(run)
                run.up()


@scenario
def retired_segments(stage):
    """The oldest segments are retired all the time; kills and a lost sequencer's state meanwhile."""
    with stage.run("retired", archive={"segment_size": "64KiB", "retention": {"size": "256KiB"}}) as run:
        run.up()
        for _ in range(2 * stage.length):
            attack(run, [faults.kill_daemon, faults.kill_while_starting], 2)
            held = data_faults.segments(run)[0]
            run.wait_for(lambda: not held.exists(), f"{held.name} to be retired")
            run.kill()
            data_faults.delete_sequencer(run)
            run.up()


@scenario
def second_instances(stage):
    """On the same data: refused. On the same transactional id: one is fenced and ends, the other goes on."""
    with stage.run("second", nodes=1) as run:
        run.up()
        run.wait_for(run.records, "first events")
        faults.second_instance(run)
        for _ in range(stage.length):
            faults.same_transactional_id(run)
            run.breathe(0.5, 1)


@scenario
def clock(stage):
    """Wall time jumps by hours and weeks, both ways, while it runs and between runs."""
    with stage.run("clock") as run:
        run.up()
        for _ in range(4 * stage.length):
            run.breathe(0.5, 1.5)
            faults.clock_jump(run)
    with stage.run("clock-kafka", nodes=1) as run:
        run.up()
        for _ in range(2 * stage.length):
            run.breathe(0.5, 1.5)
            faults.clock_jump(run)
        # Brokers refuse records from far ahead of their own time: those wait until the clock is right.
        faults.set_clock(run, "+0")


@scenario
def full_disk(stage):
    """The disk fills up and is emptied again: nothing that was acknowledged is lost, all resumes by itself."""
    with tempfile.TemporaryDirectory(dir=stage.folder) as mount:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "newswire-chaos", mount], capture_output=True,
                                 text=True)
        if mounted.returncode != 0:
            print(f"SKIPPED full_disk: a small file system cannot be mounted here: {mounted.stderr.strip()}", flush=True)
            return
        try:
            with stage.run("disk", archive={"dir": f"{mount}/archive", "min_free": "1MiB"},
                           data_dir=f"{mount}/data") as run:
                run.daemon.data = pathlib.Path(mount) / "data"
                run.up()
                for _ in range(2 * stage.length):
                    run.breathe(0.5, 1.5)
                    fill_and_free(run, pathlib.Path(mount) / "filler")
        finally:
            subprocess.run(["umount", "--lazy", mount], check=True)


def fill_and_free(run, filler):
    """To the last byte, or until less than min_free is left; a kill may happen in between."""
    leave = run.chance.choice([0, 200_000, 900_000])
    free = shutil.disk_usage(filler.parent).free
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as out:
        for _ in range(0, max(0, free - leave), 65536):
            out.write(bytes(65536))
        if leave == 0:
            while True:
                out.write(bytes(512))
    run.counts["disk filled"] += 1
    run.breathe(1, 3)
    if run.chance.random() < 0.5 and run.running:
        run.kill()
    filler.unlink()
    run.up()


@scenario
def damaged_archive(stage):
    """Bytes of sealed segments flip: what was published stays as it is; what was not, and is whole, is read; all is named."""
    with stage.run("damage", nodes=1, archive={"segment_size": "64KiB"}) as run:
        for _ in range(stage.length):
            run.up()
            run.wait_for(run.records, "first events")
            run.wait_for(lambda: len(data_faults.segments(run)) > 3, "sealed segments")
            run.cluster.proxies[0].refusing = True
            run.cluster.proxies[0].drop()
            before = len(data_faults.segments(run))
            run.wait_for(lambda: len(data_faults.segments(run)) > before + 3, "an archive that grows unpublished")
            run.kill()
            spots = [data_faults.flip_capture(run, published=False), data_faults.flip_capture(run, published=True)]
            verified = run.daemon.command("archive", "verify", "--config", str(run.daemon.config), check=False)
            for segment, _ in spots:
                if verified.returncode == 0 or segment.name not in verified.stdout + verified.stderr:
                    raise Failed(f"archive verify does not name {segment.name}: {describe(verified.returncode)}\n"
                                 f"{verified.stdout[-2000:]}{verified.stderr[-2000:]}")
            data_faults.delete_sequencer(run)  # so that the published part is read again, too
            run.cluster.proxies[0].refusing = False
            run.up()
            for segment, offset in spots:
                run.wait_for(lambda: f"segment={segment.name} offset={offset}" in run.daemon.log_text(),
                             f"the damage in {segment.name} at {offset} to be named")


def attack(run, choices, times, pause=(0.2, 1.2)):
    for _ in range(times):
        run.breathe(*pause)
        fault = run.chance.choice(choices)
        fault(run)
        if not run.running:
            run.must_run()


@functools.cache
def round_kinds():
    """What a random round may be: (weight, settings)."""
    return [
        (4, {"nodes": 3}),
        (3, {"nodes": 1}),
        (2, {}),
        (1, {"nodes": 3, "kafka": {"delivery": "at_least_once"}}),
        (1, {"nodes": 1, "archive": {"segment_size": "256MiB"}}),
    ]


def random_round(stage, number):
    """A world of its own, some hundred posts, about ten faults."""
    kinds = round_kinds()
    chance = random.Random(stage.seed * 1_000_003 + number)
    settings = dict(chance.choices([s for _, s in kinds], weights=[w for w, _ in kinds])[0])
    first = {"j": 60, "p": 30, "f": 60, "m": 1500}
    with stage.run(f"round{number}", first=first, rate=20, **settings) as run:
        run.up()
        choices = faults.DAEMON_FAULTS + (faults.BROKER_FAULTS if run.cluster else [])
        attack(run, choices, 12)
