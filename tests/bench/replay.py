# SPDX-License-Identifier: Apache-2.0
"""A whole replay of an archive against the transform stage alone, on the same cores."""

import os
import subprocess
import time

from report import Row, alternate, program, run_json, say
from harness import Kafka, Newswired

WISH_SECONDS = 10  # of one round of the transform stage
SOURCES = [{"id": "bench", "kind": "feed", "url": "https://news.example/feed.xml"}]


def replay(folder):
    kafka = Kafka(folder / "kafka")
    try:
        return (of_archive(folder / "pages", kafka, "pages of the transforms benchmark", "pages") +
                of_archive(folder / "made-up", kafka, "made-up pages of 6.6 KB", "6600", outputs=("dry run",)))
    finally:
        kafka.close()


def of_archive(folder, kafka, what, kind, outputs=("dry run", "into files", "into Kafka")):
    files = Newswired(folder, SOURCES)
    brokers = Newswired(folder / "to-kafka", SOURCES, kafka, archive={"dir": str(files.data / "archive")})
    # As many captures as the stage takes a few seconds for.
    trial = Newswired(folder / "trial", SOURCES)
    subprocess.run([program("make_archive"), trial.config, "200", kind], check=True)
    count = int(run_json(program("transform_stage"), trial.config)["rate"] * WISH_SECONDS)
    subprocess.run([program("make_archive"), files.config, str(count), kind], check=True)
    say(f"  {what}: {count:,} captures")

    def timed(*words, config=files):
        begin = time.monotonic()
        with open(os.devnull, "wb") as nowhere:
            subprocess.run([os.environ["NEWSWIRED"], "replay", "--config", config.config, *words], check=True,
                           stdout=nowhere, stderr=subprocess.PIPE, timeout=600)
        return count / (time.monotonic() - begin)

    def stage():
        return run_json(program("transform_stage"), files.config)["rate"]

    def again():
        return f"again{time.monotonic_ns()}."

    subjects = {"dry run": lambda: timed("--dry-run"), "into files": lambda: timed("--to", again()),
                "into Kafka": lambda: timed("--to", again(), config=brokers)}
    rows = []
    for name in outputs:
        s, b, ratio = alternate(subjects[name], stage, what=f"{name},")
        rows.append(Row(f"replay, {name}, {what}, against the transform stage alone", f"{s:,.0f} captures/s",
                        f"{b:,.0f} captures/s", ratio, 0.8))
    return rows
