# SPDX-License-Identifier: Apache-2.0
"""Starts: what a killed predecessor left, lost and other clusters, other and older archives, changed outputs and modes."""

import json
import shutil
import signal
import tempfile
import pathlib
import unittest

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from harness import DEADLINE, EndToEnd, Kafka, NumberedSite

EXIT_CONFIG = 3
OTHER_CLUSTER = "T3RoZXJDbHVzdGVyLi4uLg"  # 16 bytes in base64url


class Start(EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.run_folder = pathlib.Path(tempfile.mkdtemp(prefix="newswire-start-"))
        cls.addClassCleanup(shutil.rmtree, cls.run_folder, ignore_errors=True)
        cls.kafka = Kafka(cls.run_folder / "kafka")
        cls.addClassCleanup(cls.kafka.close)

    def setUp(self):
        super().setUp()
        self.prefix = self.id().rpartition(".")[2].removeprefix("test_") + "."  # topics of the test's own
        self.site_ = self.site(NumberedSite, 6)
        self.daemon_ = self.make("one")

    def make(self, name):
        daemon = self.daemon([{"id": name, "kind": "jekyll", "url": self.site_.url, "every": "1s", "delay": "0s",
                               "recheck": [], "backfill": "all"}], self.kafka, name)
        daemon.settings["kafka"]["topic"] = self.prefix + "{category}"
        daemon.write()
        return daemon

    def publish(self, daemon, count=0):
        for _ in range(count):
            self.site_.publish(len(self.site_.posts))
        daemon.run_once()

    def ids(self, kafka=None, source="one"):
        values = (kafka or self.kafka).values(self.prefix)
        events = [json.loads(v) for vs in values.values() for v in vs]
        return sorted(e["id"] for e in events if e["source"] == source)

    def all_ids(self, source="one"):
        return sorted(f"{source}:{self.site_.id_of(n)}" for n in self.site_.posts)

    def refused(self, daemon, *words):
        """A start is refused with a reason that says these words."""
        before = len(daemon.log_text()) if daemon.process else 0
        daemon.start("--once")
        status = daemon.process.wait(timeout=DEADLINE)
        daemon.log.close()
        text = daemon.log_text()[before:]
        self.assertEqual(status, EXIT_CONFIG, text[-4000:])
        for word in words:
            self.assertIn(word, text)
        return text

    def on_missing(self, daemon, what):
        daemon.settings["kafka"]["on_missing_position"] = what
        daemon.write()

    def admin(self, what, *arguments, kafka=None):
        """A call of the Admin API; waits for each answer."""
        client = AdminClient({"bootstrap.servers": (kafka or self.kafka).brokers})
        for future in getattr(client, what)(*arguments).values():
            future.result(60)

    def delete_topics(self):
        self.admin("delete_topics", self.kafka.topics(self.prefix))

    def backup(self, daemon):
        copy = self.folder / "backup"
        shutil.copytree(daemon.data, copy)

        def restore():
            shutil.rmtree(daemon.data)
            shutil.copytree(copy, daemon.data)

        return restore

    def test_topics_that_were_lost(self):
        self.publish(self.daemon_)
        self.delete_topics()
        self.refused(self.daemon_, "holds no position of this archive", "kafka.on_missing_position")
        self.assertEqual(self.ids(), [])
        self.on_missing(self.daemon_, "beginning")
        self.publish(self.daemon_, 1)
        self.assertEqual(self.ids(), self.all_ids())
        self.on_missing(self.daemon_, "stop")
        self.publish(self.daemon_, 1)
        self.assertEqual(self.ids(), self.all_ids())

    def test_topics_that_were_lost_and_are_not_wanted_again(self):
        self.publish(self.daemon_)
        old = self.all_ids()
        self.delete_topics()
        self.on_missing(self.daemon_, "end")
        self.publish(self.daemon_)
        self.on_missing(self.daemon_, "stop")
        self.publish(self.daemon_, 2)
        self.assertEqual(self.ids(), sorted(set(self.all_ids()) - set(old)))

    def test_another_cluster(self):
        self.publish(self.daemon_)
        other = Kafka(self.folder / "other", KAFKA_CLUSTER=OTHER_CLUSTER)
        self.addCleanup(other.close)
        self.daemon_.settings["kafka"]["brokers"] = other.brokers
        self.daemon_.write()
        text = self.refused(self.daemon_, "holds no position of this archive", OTHER_CLUSTER)
        self.assertIn("it was last published to kafka", text)
        self.assertEqual(self.ids(other), [])
        # A mirror: the checkpoint is there, but the cluster is another one.
        for record in self.kafka.records(self.prefix + "checkpoint"):
            if record["partition"] == 0 and record["key"]:
                checkpoint = record
        self.admin("delete_topics", [self.prefix + "checkpoint"], kafka=other)
        self.admin("create_topics", [NewTopic(self.prefix + "checkpoint", 2, 1, config={"cleanup.policy": "compact"})],
                   kafka=other)
        producer = Producer({"bootstrap.servers": other.brokers})
        producer.produce(self.prefix + "checkpoint", key=checkpoint["key"], value=checkpoint["payload"], partition=0)
        self.assertEqual(producer.flush(60), 0)
        self.refused(self.daemon_, "it is not the cluster that was published to", "remove the hint file")
        old = self.all_ids()
        (self.daemon_.data / "archive/hint.json").unlink()
        self.publish(self.daemon_, 2)
        self.assertEqual(self.ids(other), sorted(set(self.all_ids()) - set(old)))

    def test_an_archive_restored_from_an_older_backup(self):
        self.publish(self.daemon_)
        restore = self.backup(self.daemon_)
        old = self.all_ids()
        self.publish(self.daemon_, 2)
        restore()
        self.refused(self.daemon_, "restored from a backup?", "kafka.on_missing_position")
        self.assertEqual(self.ids(), self.all_ids())
        # What the refused start itself archived is not published by `end`; a post of later is.
        self.on_missing(self.daemon_, "end")
        self.publish(self.daemon_)
        self.on_missing(self.daemon_, "stop")
        before = self.ids()
        self.publish(self.daemon_, 1)
        self.assertEqual(self.ids(), sorted(before + [f"one:{self.site_.id_of(max(self.site_.posts))}"]))
        self.assertLessEqual(set(old), set(before))

    def test_an_archive_that_holds_another_record(self):
        self.publish(self.daemon_)
        restore = self.backup(self.daemon_)
        self.publish(self.daemon_, 1)
        restore()
        # It grows past the position by other captures, while the events go elsewhere.
        files = dict(self.daemon_.settings, output="files")
        kafka, self.daemon_.settings = self.daemon_.settings, files
        self.on_missing(self.daemon_, "beginning")
        self.publish(self.daemon_, 3)
        self.daemon_.settings = kafka
        self.on_missing(self.daemon_, "stop")
        self.refused(self.daemon_, "does not hold record", "kafka.on_missing_position")

    def test_two_archives_share_a_prefix_only_when_told(self):
        self.publish(self.daemon_)
        two = self.make("two")
        self.refused(two, "holds the position of another archive", "kafka.shared_prefix")
        self.assertEqual(self.ids(source="two"), [])
        two.settings["kafka"]["shared_prefix"] = True
        two.write()
        self.publish(two)
        self.publish(two, 1)
        self.publish(self.daemon_)
        for source in ("one", "two"):
            self.assertEqual(self.ids(source=source), self.all_ids(source))

    def test_a_checkpoint_topic_that_forgets(self):
        self.admin("create_topics", [NewTopic(self.prefix + "checkpoint", 2, 1)])
        self.refused(self.daemon_, "cleanup.policy=delete")

    def test_a_hint_that_cannot_be_read(self):
        self.publish(self.daemon_)
        hint = self.daemon_.data / "archive/hint.json"
        hint.write_text("{")
        self.publish(self.daemon_, 1)
        self.assertIn("hint beside the archive cannot be read", self.daemon_.log_text())
        self.assertEqual(self.ids(), self.all_ids())
        self.assertEqual(json.loads(hint.read_text())["output"], "kafka")
        # And without a position it decides nothing.
        hint.write_text("{")
        self.delete_topics()
        self.refused(self.daemon_, "there is no hint where it was published before")

    def test_another_output(self):
        kafka = self.daemon_.settings
        files = dict(kafka, output="files", kafka=dict(kafka["kafka"]))
        self.daemon_.settings, self.daemon_.kafka = files, None
        self.daemon_.write()
        self.publish(self.daemon_)
        old = self.all_ids()
        self.assertEqual(sorted(e["id"] for e in self.daemon_.events()), old)
        self.daemon_.settings = kafka
        self.daemon_.write()
        self.refused(self.daemon_, "it was last published to files")
        self.on_missing(self.daemon_, "beginning")
        self.publish(self.daemon_, 1)
        self.assertEqual(self.ids(), self.all_ids())
        # Back: the files still say how far they got.
        self.daemon_.settings = files
        self.daemon_.write()
        self.publish(self.daemon_, 1)
        self.assertEqual(sorted(e["id"] for e in self.daemon_.events()), self.all_ids())

    def test_the_mode_changes_and_the_position_stays(self):
        """Also when a kill left a transaction open, or a batch without its position."""
        self.daemon_.settings["kafka"]["properties"] = {"transaction.timeout.ms": "10000"}
        for mode, point in (("exactly_once", "publish.kafka.events_queued"), ("at_least_once", None),
                            ("at_least_once", "publish.kafka.committed"), ("exactly_once", "publish.kafka.flushed"),
                            ("at_least_once", None), ("exactly_once", None)):
            self.daemon_.settings["kafka"]["delivery"] = mode
            self.daemon_.write()
            self.site_.publish(len(self.site_.posts))
            if point is None:
                self.daemon_.run_once()
                self.assertEqual(self.ids(), self.all_ids())
            else:
                self.daemon_.start("--once", env={"NEWSWIRE_FAIL_POINT": point})
                self.assertEqual(self.daemon_.process.wait(timeout=DEADLINE), -signal.SIGKILL)
                self.daemon_.log.close()
        self.assertEqual(self.ids(), self.all_ids())

    def test_a_start_settles_what_a_killed_process_left_open(self):
        for point in ("publish.kafka.begun", "publish.kafka.events_queued", "publish.kafka.flushed",
                      "publish.kafka.committed", "relay.after_flush", "relay.after_publish"):
            with self.subTest(point):
                self.site_.publish(len(self.site_.posts))
                self.daemon_.start("--once", env={"NEWSWIRE_FAIL_POINT": point})
                self.assertEqual(self.daemon_.process.wait(timeout=DEADLINE), -signal.SIGKILL)
                self.daemon_.log.close()
                self.daemon_.run_once()
                self.assertEqual(self.ids(), self.all_ids())


if __name__ == "__main__":
    unittest.main()
