# SPDX-License-Identifier: Apache-2.0
"""Every fail point of the source, found by reading it, and how a run comes to each."""

import re
import signal

import data_faults
from harness import SOURCE

POINT = re.compile(r'NEWSWIRE_FAIL_POINT\("([^"]+)"\)')
REACH_SECS = 150  # for a point that is expected to be passed; a state that was lost is folded first
GUESS_SECS = 15  # for one that may not be

# What `run` never does in these scenarios, and which test pulls the plug there.
ELSEWHERE = {
    "archive.import.acknowledged": "tests/end_to_end/import_test.py",
    "control.append.before": "tests/end_to_end/import_test.py",
    "folder.made": "tests/end_to_end/kill_test.py",
    "quarantine.before_record": "tests/end_to_end/poison_test.py",
    "quarantine.recorded": "tests/end_to_end/poison_test.py",
    "replay.after_flush": "tests/end_to_end/replay_test.py",
    "replay.after_journal": "tests/end_to_end/replay_test.py",
    "replay.after_publish": "tests/end_to_end/replay_test.py",
    "replay.while_folding": "tests/end_to_end/replay_test.py",
    **{f"archive.redact.{step}": "tests/daemon/archive/redact_test.cc"
       for step in ("before_new", "new_written", "before_record", "recorded", "renamed", "before_sum", "in_place")},
}
# What only retention, and what it has retired, comes to.
RETENTION = ("archive.hold.", "archive.retire.", "relay.restore.", "relay.retention.", "relay.snapshot.")


def every_point():
    """{name: file}, of the source as it is now."""
    points = {}
    for folder in ("daemon", "fetchers"):
        for file in sorted((SOURCE / folder).rglob("*.cc")):
            for name in POINT.findall(file.read_text()):
                points.setdefault(name, str(file.relative_to(SOURCE)))
    for name, test in ELSEWHERE.items():
        if name in points and name not in (SOURCE / test).read_text():
            raise AssertionError(f"{test} does not pull the plug at {name}")
    return points


# How a start is made to pass a point that quiet runs do not: tried in this order until one does.
def nothing(_):
    pass


def after_flush(run):
    """Rows beyond the committed position are on disk."""
    kill_at(run, "relay.after_flush", 1, REACH_SECS)


PROVOCATIONS = [nothing, data_faults.tear_tail, data_faults.delete_sequencer, after_flush,
                data_faults.delete_frontier, data_faults.flip_frontier]
# By the beginning of the name. A new point needs no line here: the others are tried.
EXPECTED = {
    "archive.repair.": data_faults.tear_tail,
    "relay.while_folding": data_faults.delete_sequencer,
    "relay.rewinding": after_flush,
    "frontier.caught_up": data_faults.delete_frontier,
    "relay.restore.": data_faults.delete_sequencer,
    "archive.hold.": data_faults.leave_hold,
}


def candidates(point):
    """[(provocation, seconds to wait)], the likeliest first."""
    first = next((p for name, p in EXPECTED.items() if point.startswith(name)), nothing)
    return [(first, REACH_SECS)] + [(p, GUESS_SECS) for p in PROVOCATIONS if p is not first]


def kill_at(run, point, count, seconds):
    """Starts the daemon armed; True when it died there."""
    if run.running:
        run.kill()
    run.up(NEWSWIRE_FAIL_POINT=f"{point}:{count}")
    process = run.daemon.process
    try:
        status = process.wait(timeout=seconds)
    except Exception:  # subprocess.TimeoutExpired
        run.kill()
        return False
    run.daemon.log.close()
    run.must_be_dead(-signal.SIGKILL)
    run.counts["daemon kills"] += 1
    run.counts["fail point kills"] += 1
    run.counts[f"at {point}"] += 1
    return status == -signal.SIGKILL


def kill_at_each(run, points, times):
    """Kills `times` times at each point. Returns those that could not be reached."""
    unreached = []
    for point in points:
        found, kills = None, 0
        for _ in range(3 * times):
            for provoke, seconds in [(found, REACH_SECS)] if found else candidates(point):
                if run.running:
                    run.kill()
                provoke(run)
                # Now and then not the first passing: but some starts pass it only once.
                count = 1 + run.chance.randrange(3) if kills and run.chance.random() < 0.5 else 1
                if kill_at(run, point, count, seconds if count == 1 else GUESS_SECS):
                    found, kills = provoke, kills + 1
                    break
            if found is None or kills == times:
                break
        if kills < times:
            unreached.append(point)
        # It goes on from there before the next one.
        run.up()
        run.breathe(0.2, 0.6)
    return unreached
