# SPDX-License-Identifier: Apache-2.0
"""Readers of what was published: a read_committed consumer that is not ours, and the files up to their manifest."""

import json
import time

from oracle import Record


def read_kafka(brokers, prefix, deadline=120):
    """Every committed record of the topics of a prefix but the checkpoints, from their beginning, by confluent_kafka."""
    import confluent_kafka as ck  # python3-confluent-kafka

    consumer = ck.Consumer({
        "bootstrap.servers": brokers, "group.id": "chaos-oracle", "isolation.level": "read_committed",
        "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest",
        "allow.auto.create.topics": False, "check.crcs": True})
    try:
        end = time.monotonic() + deadline
        topics = {}
        while not topics:
            try:
                topics = {n: t for n, t in consumer.list_topics(timeout=10).topics.items() if n.startswith(prefix)}
                break
            except ck.KafkaException:
                if time.monotonic() > end:
                    raise
        wanted = {(n, p) for n, t in topics.items() if not n.endswith("checkpoint") for p in t.partitions}
        consumer.assign([ck.TopicPartition(n, p, ck.OFFSET_BEGINNING) for n, p in wanted])
        records = []
        while wanted:
            if time.monotonic() > end:
                raise AssertionError(f"the consumer got no end of {sorted(wanted)} in {deadline} s")
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                if message.error().code() == ck.KafkaError._PARTITION_EOF:
                    wanted.discard((message.topic(), message.partition()))
                continue
            headers = {k: v.decode() for k, v in message.headers() or []}
            if message.value() is None:
                continue  # a tombstone
            records.append(Record(message.topic(), message.partition(), message.offset(),
                                  message.key().decode(), headers, message.value().decode()))
        return sorted(records, key=lambda r: (r.topic, r.partition, r.offset))
    finally:
        consumer.close()


def read_files(topics):
    """Every line of <data_dir>/topics up to the manifest's lengths."""
    manifest = topics / "manifest.json"
    if not manifest.exists():
        return []
    records = []
    for name, length in json.loads(manifest.read_text())["files"].items():
        topic = name.removesuffix(".jsonl")
        if topic.endswith("checkpoint"):
            continue
        data = (topics / name).read_bytes()[:length]
        if len(data) != length or (data and not data.endswith(b"\n")):
            raise AssertionError(f"{name} holds {len(data)} of the {length} bytes that the manifest names, or half a line")
        for offset, line in enumerate(data.decode().splitlines()):
            records.append(Record(topic, 0, offset, None, {}, line))
    return records
