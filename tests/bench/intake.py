# SPDX-License-Identifier: Apache-2.0
"""Intake (fetch, durable archive, frontier) against a bare curl-multi loop with the same compressor."""

import contextlib
import shutil
import statistics
import subprocess

from report import ROUNDS, Row, alternate, program, run_json, say

PAGES = 15_000  # of one round
COMPRESSORS = ("none", "zlib-6", "libdeflate-6", "libdeflate-1", "zstd-1")


@contextlib.contextmanager
def page_server():
    server = subprocess.Popen([program("page_server")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/"
    finally:
        server.stdin.close()
        server.wait(timeout=30)


def bare(url, compressor, threads):
    return run_json(program("bare_loop"), url, PAGES, compressor, threads)["rate"]


def ours(folder, url, compressor):
    data = folder / "data"
    try:
        return run_json(program("intake"), url, PAGES, compressor.rpartition("-")[2], data)["rate"]
    finally:
        shutil.rmtree(data, ignore_errors=True)


def intake(folder):
    rows = []
    with page_server() as url:
        for compressor in ("libdeflate-6", "libdeflate-1"):
            s, b, ratio = alternate(lambda c=compressor: ours(folder, url, c), lambda c=compressor: bare(url, c, 1),
                                    what=f"{compressor},")
            rows.append(Row(f"intake, {compressor}, against the bare loop with the same", f"{s:,.0f} pages/s",
                            f"{b:,.0f} pages/s", ratio, 0.5))
    return rows


def loops(_folder):
    """What each compressor costs a bare loop, in it and on a second thread."""
    rates, sizes = {}, {}
    with page_server() as url:
        for number in range(ROUNDS):
            for compressor in COMPRESSORS:
                for threads in ("1", "2") if compressor != "none" else ("1",):
                    got = run_json(program("bare_loop"), url, PAGES, compressor, threads)
                    rates.setdefault((compressor, threads), []).append(got["rate"])
                    sizes[compressor] = got["compressed"] / got["bytes"]
            say(f"  round {number + 1}")
    rows = []
    for compressor in COMPRESSORS:
        one = statistics.median(rates[compressor, "1"])
        two = statistics.median(rates.get((compressor, "2"), [one]))
        rows.append(Row(f"bare loop with {compressor} (a page becomes {sizes[compressor]:.1%})",
                        f"{two:,.0f} pages/s on a second thread", f"{one:,.0f} pages/s in the loop", two / one))
    return rows
