# SPDX-License-Identifier: Apache-2.0
"""Memory and start: many sources and links; memory over a million captures, in relay and intake."""

import json
import os
import pathlib
import subprocess
import threading
import time

from intake import page_server
from report import Row, program, say
from harness import Newswired

MIB = 1 << 20
SOURCES, LINKS = 10_000, 1_000_000
SAMPLES = 10  # lines of a printed curve
CAPTURE_BYTES = 700  # of a page in the archive of the relay's curve


def rss(pid):
    """(resident, the largest it ever was) in MiB."""
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def start(folder):
    sources = [{"id": f"s{number}", "kind": "feed", "url": f"http://127.0.0.1:9/{number}/", "every": "1h",
                "body": "page"} for number in range(SOURCES)]
    daemon = Newswired(folder, sources)
    subprocess.run([program("fill_frontier"), daemon.config, str(LINKS)], check=True)
    seconds, largest = [], 0.0
    for number in range(5):
        begin = time.monotonic()
        # --once ends when every source was looked at and nothing is due: what a start has to do, and the stop.
        process = subprocess.Popen([os.environ["NEWSWIRED"], "run", "--config", daemon.config, "--once"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(errors[-2000:])
        seconds.append(time.monotonic() - begin)
        largest = max(largest, usage.ru_maxrss / 1024)
        say(f"  round {number + 1}: {seconds[-1]:.2f} s, {usage.ru_maxrss / 1024:.0f} MiB")
    what = f"{SOURCES:,} sources, {LINKS:,} known links"
    return [Row(f"start and stop with {what}", "", "", sorted(seconds)[2], 5, below=True, unit=" s"),
            Row(f"largest resident size with {what}", "", "", largest, 200, below=True, unit=" MiB")]


class Curve:
    """Samples a process as it gets on; prints a line each tenth of the way."""

    def __init__(self, what, total):
        self.what, self.total, self.points = what, total, []

    def add(self, done, pid):
        if done >= self.total * (len(self.points) + 1) / SAMPLES:
            try:
                resident, largest = rss(pid)
            except (OSError, KeyError):
                return  # it has ended
            self.points.append((done, resident))
            say(f"  {self.what}: {done:>9,} captures, {resident:6.1f} MiB resident, at most {largest:6.1f} MiB")

    def row(self, rate):
        half = [size for done, size in self.points if done >= self.total / 5]
        growth = half[-1] / half[0] if len(half) > 1 else float("nan")
        curve = ", ".join(f"{size:.0f}" for _, size in self.points)
        return Row(f"memory, {self.what}, {self.total:,} captures: MiB at each tenth: {curve}",
                   f"{rate:,.0f} captures/s", "size at 20 %", growth, 1.15, below=True)


def memory(folder):
    total = int(os.environ["NEWSWIRE_BENCH_CAPTURES"])
    curves, errors = [], []

    def draw(curve):
        try:
            curves.append(curve(folder, total))
        except Exception as error:  # of a thread: raised below
            errors.append(error)

    # Side by side: what one takes of the machine does not change what the other keeps in memory.
    threads = [threading.Thread(target=draw, args=(curve,)) for curve in (relay_curve, intake_curve)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return curves


def relay_curve(folder, total):
    sources = [{"id": "bench", "kind": "folder", "url": str(folder / "posts"), "every": "1h"}]
    (folder / "posts").mkdir()
    daemon = Newswired(folder / "relay", sources)
    daemon.settings["kafka"] = {"on_missing_position": "beginning"}  # the archive is there first
    daemon.write()
    say(f"  making an archive of {total:,} captures")
    subprocess.run([program("make_archive"), daemon.config, str(total), str(CAPTURE_BYTES)], check=True)
    curve = Curve("relay into files", total)
    begin = time.monotonic()
    daemon.start()
    manifest = daemon.data / "topics" / "manifest.json"
    done = 0
    try:
        while done < total:
            if daemon.process.poll() is not None:
                raise RuntimeError(daemon.log_text()[-2000:])
            try:
                done = json.loads(manifest.read_text())["checkpoint"]["events"]
            except (OSError, ValueError, KeyError):
                done = 0
            curve.add(done, daemon.process.pid)
            time.sleep(0.1)
        rate = total / (time.monotonic() - begin)
    finally:
        daemon.stop()
    state = sum(f.stat().st_size for f in (daemon.data / "state").glob("sequencer.db*")) / MIB
    say(f"  sequencer state: {state:.0f} MiB for {total:,} posts")
    row = curve.row(rate)
    row.what += f"; sequencer state on disk {state:,.0f} MiB"
    return row


def intake_curve(folder, total):
    curve = Curve("intake", total)
    data = folder / "intake"
    with page_server() as url:
        process = subprocess.Popen([program("intake"), url, str(total), "1", data, "progress"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:  # the number of captures so far
            curve.add(int(line), process.pid)
        result = json.loads(process.stdout.read())
        if process.wait(timeout=60) != 0:
            raise RuntimeError("bench_intake failed")
    return curve.row(result["rate"])
