# SPDX-License-Identifier: Apache-2.0
"""From a poll of the feed that shows a new post to a read_committed consumer that has it."""

import json
import statistics
import threading
import time

from report import Row, say
from harness import Kafka, Newswired, Site, wait_for

SOURCES = 10
POSTS = 400  # measured, over all sources
SETTLE = 3.0  # seconds after the first event: what had waited for the relay to start is behind us
NO_POSTS = ("news.checkpoint", "news.dead-letter")
PROSE = "The central bank left its rate where it was, while the market had counted on a cut. " * 12


class FreshSite(Site):
    """Each poll of a feed shows one more post; when that answer was written is kept by the post's number."""

    def __init__(self):
        super().__init__()
        self.shown = {}  # post -> monotonic time of the answer
        self.counts = [0] * SOURCES
        site, handler = self, self.server.RequestHandlerClass

        class Fresh(handler):
            def do_GET(self):
                parts = self.path.strip("/").split("/")
                if len(parts) == 2 and parts[1] == "feed.xml":
                    body, post = site.feed(int(parts[0]))
                    self.send_response(200)
                    self.send_header("Content-Type", "application/atom+xml")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    site.shown[post] = time.monotonic()  # before a byte of it is on its way
                    self.wfile.write(body)
                elif len(parts) == 3:
                    body = site.page(parts[0], parts[2])
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                else:
                    self.send_error(404)

        self.server.RequestHandlerClass = Fresh
        self.server.handle_error = lambda *_: None  # a connection that the daemon drops when it stops

    @staticmethod
    def page(source, number):
        return (f"<html><head><title>Post {number} of {source}</title></head><body><article><h1>Post {number} of {source}"
                f"</h1><p>{PROSE}</p></article></body></html>").encode()

    def feed(self, source):
        self.counts[source] += 1
        newest = self.counts[source]
        entries = ""
        for number in range(newest, max(0, newest - 10), -1):
            url = f"{self.url}{source}/posts/{number}"
            entries += (f"<entry><title>Post {number} of {source}</title><link href=\"{url}\"/><id>{source}-{number}</id>"
                        f"<updated>{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}</updated>"
                        f"<content type=\"html\">&lt;p&gt;{PROSE}&lt;/p&gt;</content></entry>")
        body = ('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Fresh</title><id>x</id>'
                f"<updated>2024-01-01T00:00:00Z</updated>{entries}</feed>").encode()
        return body, f"{source}-{newest}"


class Consumer(threading.Thread):
    """Notes when it first has each post; reads committed records only."""

    def __init__(self, brokers):
        super().__init__(daemon=True)
        import confluent_kafka  # python3-confluent-kafka

        self.consumer = confluent_kafka.Consumer({
            "bootstrap.servers": brokers, "group.id": "latency", "isolation.level": "read_committed",
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10, "topic.metadata.refresh.interval.ms": 500})
        self.consumer.subscribe(["^news\\..*"])
        self.seen, self.ended = {}, threading.Event()

    def run(self):
        while not self.ended.is_set():
            message = self.consumer.poll(0.05)
            if message is not None and not message.error() and message.topic() not in NO_POSTS:
                now = time.monotonic()
                # "Post 7 of 3": the title names the post whatever the source's id policy makes of its id.
                words = json.loads(message.value())["title"].split()
                self.seen.setdefault(f"{words[3]}-{words[1]}", now)
        self.consumer.close()


def measure(folder, kafka, body):
    site = FreshSite()
    sources = [{"id": f"fresh-{number}", "kind": "feed", "url": f"{site.url}{number}/feed.xml", "every": "1s", "delay": 0,
                "parallel": 16, "body": body, "robots": "ignore", "backfill": "all"} for number in range(SOURCES)]
    daemon = Newswired(folder, sources, kafka)
    consumer = Consumer(kafka.brokers)
    daemon.start()
    consumer.start()
    def took():
        """Milliseconds, of the posts that were shown after the start was over."""
        seen = dict(consumer.seen)
        if not seen:
            return []
        begin = min(seen.values()) + SETTLE
        return [(at - site.shown[post]) * 1000 for post, at in seen.items() if site.shown[post] >= begin]

    try:
        wait_for(lambda: len(took()) >= POSTS, f"{POSTS} posts", deadline=300)
        times = sorted(took())
    finally:
        consumer.ended.set()
        daemon.stop()
        consumer.join(timeout=30)
        site.close()
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    say(f"  {body}: {len(times)} posts, p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {times[-1]:.0f} ms")
    return p50, p99


def latency(folder):
    rows = []
    for body, what in (("feed", "body in the feed"), ("page", "page fetched, delay: 0")):
        kafka = Kafka(folder / f"kafka-{body}")
        try:
            p50, p99 = measure(folder / body, kafka, body)
        finally:
            kafka.close()
        rows.append(Row(f"latency, feed poll to read_committed consumer, {what}, 99 of 100", f"half within {p50:,.0f} ms",
                        "", p99, 300, below=True, unit=" ms"))
    return rows
