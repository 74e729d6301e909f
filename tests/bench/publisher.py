# SPDX-License-Identifier: Apache-2.0
"""The publisher against Kafka's own producer benchmark, both on one real broker."""

import re
import subprocess

from report import SOURCE, Row, alternate, program, run_json
from harness import Kafka

RECORDS = 60_000
# Transactions of the steady cadence, and of catching up.
STEADY = (5_000, 8 << 20)
CATCH_UP = (20_000, 32 << 20)


def tools():
    """The folder of Kafka's command line tools."""
    out = subprocess.run([SOURCE / "deploy/kafka/kafka", "tools"], check=True, stdout=subprocess.PIPE, text=True,
                         timeout=600)
    return out.stdout.split()[-1]


def perf_test(jars, brokers, payload):
    """Records a second of kafka-producer-perf-test, zstd level 1, idempotent, acks=all."""
    out = subprocess.run(
        ["java", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*",
         "org.apache.kafka.tools.ProducerPerformance", "--topic", "news.bench", "--num-records", str(RECORDS),
         "--throughput", "-1", "--payload-file", str(payload), "--producer-props", f"bootstrap.servers={brokers}",
         "compression.type=zstd", "compression.zstd.level=1", "acks=all", "linger.ms=5", "batch.size=1000000",
         "buffer.memory=67108864"],
        capture_output=True, text=True, timeout=300, check=True)
    return float(re.findall(r"([\d.]+) records/sec", out.stdout)[-1])


def publisher(folder):
    jars = tools()
    payload = folder / "payload"
    subprocess.run([program("publisher"), "payload", payload], check=True)
    kafka = Kafka(folder / "kafka")
    try:
        def ours(events, size):
            return run_json(program("publisher"), "publish", kafka.brokers, RECORDS, events, size)["rate"]

        rows = []
        ours(*STEADY)  # makes the topics
        for name, (events, size) in (("steady", STEADY), ("catching up", CATCH_UP)):
            s, b, ratio = alternate(lambda: ours(events, size), lambda: perf_test(jars, kafka.brokers, payload),
                                    what=name)
            rows.append(Row(f"publisher, exactly once, position in each transaction of at most {events:,} events or "
                            f"{size >> 20} MiB, against kafka-producer-perf-test", f"{s:,.0f} records/s",
                            f"{b:,.0f} records/s", ratio, 0.9))
        return rows
    finally:
        kafka.close()
