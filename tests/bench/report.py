# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: where the programs are, rounds that alternate, rows of the report."""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NEWSWIRE_BENCH_BUILD", SOURCE / "build/bench"))  # another one to try things out
os.environ.setdefault("NEWSWIRED", str(BUILD / "daemon/newswired"))
sys.path.insert(0, str(SOURCE / "tests/end_to_end"))

ROUNDS = 5  # the report gives the median of so many


@dataclasses.dataclass
class Row:
    """One line of the report. `ratio` and `target` are numbers, or None where only figures are given."""

    what: str
    subject: str
    baseline: str
    ratio: float | None = None
    target: float | None = None
    below: bool = False  # the target is an upper limit, and `ratio` the figure itself
    unit: str = ""

    @property
    def met(self):
        if self.ratio is None or self.target is None:
            return None
        return self.ratio <= self.target if self.below else self.ratio >= self.target

    def markdown(self):
        def number(value):
            return "" if value is None else f"{value:.3g}{self.unit}" if value < 100 else f"{value:,.0f}{self.unit}"

        target = "" if self.target is None else ("< " if self.below else "≥ ") + number(self.target)
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return f"| {self.what} | {self.subject} | {self.baseline} | {number(self.ratio)} | {target} | {met} |"


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name):
    path = BUILD / "tests/bench" / f"bench_{name}"
    if not path.exists():
        sys.exit(f"{path} is not built: tests/bench/run builds it" +
                 (" (libbenchmark-dev is needed)" if name in ("transforms", "feed", "compressors") else ""))
    return str(path)


def run_json(*command, **options):
    """Runs a program that prints one line of JSON."""
    out = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, **options)
    if out.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {out.returncode}\n{out.stderr[-2000:]}")
    return json.loads(out.stdout)


def alternate(subject, baseline, rounds=ROUNDS, what=""):
    """Runs both in turns, so that both meet the same disturbances. Each gives a rate.

    Gives (median of the subject's rates, median of the baseline's, median of the rounds' ratios).
    """
    pairs = []
    for number in range(rounds):
        # Who begins alternates too.
        if number % 2 == 0:
            b, s = baseline(), subject()
        else:
            s, b = subject(), baseline()
        pairs.append((s, b))
        say(f"  {what} round {number + 1}: {s:,.0f} against {b:,.0f}: {s / b:.3f}")
    return (statistics.median(s for s, _ in pairs), statistics.median(b for _, b in pairs),
            statistics.median(s / b for s, b in pairs))


def machine():
    """One line that names what the figures were measured on."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    system = "Linux"
    release = pathlib.Path("/etc/os-release")
    if release.exists():
        fields = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
        system = fields.get("PRETTY_NAME", system).strip('"')
    load = os.getloadavg()[0]
    return (f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}, kernel {os.uname().release}; "
            f"load average before the run {load:.1f}")
