# SPDX-License-Identifier: Apache-2.0
"""The benchmarks that are one process and one thread: Google Benchmark, rounds in random order."""

import collections
import json
import statistics
import subprocess

from report import ROUNDS, Row, program, say


def rates(name, pattern="."):
    """{benchmark: [bytes a second of each round]} and {benchmark: label}."""
    out = subprocess.run(
        [program(name), f"--benchmark_filter={pattern}", f"--benchmark_repetitions={ROUNDS}",
         "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.5", "--benchmark_format=json"],
        capture_output=True, text=True, timeout=900, check=True)
    found, labels = collections.defaultdict(list), {}
    for run in json.loads(out.stdout)["benchmarks"]:
        if run.get("error_occurred"):
            raise RuntimeError(f"{run['name']}: {run['error_message']}")
        if run["run_type"] == "iteration":
            found[run["run_name"]].append(run["bytes_per_second"])
            labels[run["run_name"]] = run.get("label", "")
    return found, labels


def row(what, found, subject, baseline, target):
    s, b = statistics.median(found[subject]), statistics.median(found[baseline])
    say(f"  {what}: {s / b:.3f}")
    return Row(what, f"{s / 1e6:,.1f} MB/s", f"{b / 1e6:,.1f} MB/s", s / b, target)


def transforms():
    found, labels = rates("transforms")
    result = row("transforms, bytes to event, against libxml2's tree", found, "PagesToEvents", "PagesToTrees", 1.2)
    result.what += f" ({labels['PagesToEvents']})"
    return [result]


def compressors():
    """Each against zlib 6, in processor time, pages compressed one by one."""
    found, labels = rates("compressors")
    zlib = "CompressPages/zlib_6"
    return [Row(f"{name.rpartition('/')[2].replace('_', ' ')}, a page becomes {labels[name]}, against zlib 6 ({labels[zlib]})",
                f"{statistics.median(found[name]) / 1e6:,.1f} MB/s", f"{statistics.median(found[zlib]) / 1e6:,.1f} MB/s",
                statistics.median(found[name]) / statistics.median(found[zlib])) for name in found if name != zlib]


def feed():
    found, _ = rates("feed")
    rows = [row("feed reader, small RSS, against libxml2's tree", found, "SmallRss", "SmallRssDom", 0.5)]
    for number, body in enumerate(("escaped", "CDATA", "XHTML", "plain")):
        rows.append(row(f"feed reader, 630 KB Atom, {body} bodies, against bare SAX", found,
                        f"LargeAtom/body:{number}", f"LargeAtomBareSax/body:{number}", 0.6))
    return rows
