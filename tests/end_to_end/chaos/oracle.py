# SPDX-License-Identifier: Apache-2.0
"""Compares what a reader of the topics got with what was true at the sites.

It knows nothing of the daemon but its events: no archive, no state, no log.
"""

import json
from collections import defaultdict


class Record:
    """One record as a consumer got it."""

    __slots__ = ("topic", "partition", "offset", "key", "headers", "value", "event")

    def __init__(self, topic, partition, offset, key, headers, value):
        self.topic, self.partition, self.offset = topic, partition, offset
        self.key, self.headers, self.value = key, headers, value
        self.event = json.loads(value)

    def where(self):
        return f"{self.topic}[{self.partition}]@{self.offset}"


def state_of(event):
    """What an event says is true at the site: (title, text), or None for a removal."""
    return None if event["type"] == "post.removed" else (event["title"], (event["text"] or "").strip())


def duplicates_dropped(records):
    """First occurrences, and how many deliveries were repeated: at_least_once may repeat a record, never alter it."""
    seen, first, repeated = {}, [], 0
    for record in records:
        identity = (record.event["id"], record.headers.get("ce_sequence") or record.event["revision"])
        if seen.get(identity) == record.value:
            repeated += 1
        else:
            seen.setdefault(identity, record.value)
            first.append(record)
    return first, repeated


class Oracle:
    """`exempt`: ids of posts whose only copy a test destroyed: they may be missing, or begin again; no more is forgiven."""

    def __init__(self, world, exempt=()):
        self.world = world
        self.exempt = set(exempt)

    def _by_url(self):
        return {self.world.url_of(post): post for post in self.world.all_posts()}

    def check(self, records, final=True):
        """The list of violations, each a sentence. `final`: the last event of each post says the site's present state."""
        wrong = []
        by_url = self._by_url()
        of_post = defaultdict(list)
        for record in records:
            if record.topic.endswith("dead-letter"):
                wrong.append(f"a dead letter: {record.where()} {record.value[:300]}")
                continue
            post = by_url.get(record.event["url"])
            if post is None:
                wrong.append(f"an event of no post: {record.where()} {record.event['url']}")
            else:
                of_post[post].append(record)
        wrong += self._identities(of_post)
        for post in self.world.all_posts():
            name = f"{post.source}:{post.number}"
            wrong += [f"{name}: {fault}" for fault in self._check_post(post, of_post.get(post, []), final, name)]
        return wrong

    @staticmethod
    def _identities(of_post):
        ids, events, wrong = {}, set(), []
        for post, records in of_post.items():
            for record in records:
                other = ids.setdefault(record.event["id"], post)
                if other is not post:
                    wrong.append(f"one id for two posts: {record.event['id']}")
                event = record.headers.get("ce_id")
                if event is not None and event in events:
                    wrong.append(f"ce_id twice: {event} {record.where()}")
                events.add(event)
        return wrong

    def _check_post(self, post, records, final, name):
        with self.world.lock:
            history = list(post.history)
        exempt = name in self.exempt
        if not records:
            if final and history[-1] is not None and not exempt:
                yield f"missing: no event, the site has {history[-1]}"
            return
        if len({r.event["id"] for r in records}) > 1:
            yield f"several ids: {sorted({r.event['id'] for r in records})}"
        if len({(r.topic, r.partition) for r in records}) > 1:
            yield f"not on one partition: {[r.where() for r in records]}"
        if any(r.key not in (None, r.event["id"]) for r in records):
            yield f"keys {[r.key for r in records]} are not the id"
        if not exempt:
            yield from self._check_order(records)
        yield from self._check_states(records, history, final, exempt)

    @staticmethod
    def _check_order(records):
        revisions = [r.event["revision"] for r in records]
        story = [(r.event["revision"], r.event["type"], r.where()) for r in records]
        if revisions != list(range(1, len(records) + 1)):
            yield f"revisions are not 1, 2, 3, …: {story}"
        types = [r.event["type"] for r in records]
        if types[0] != "post.published" or "post.published" in types[1:]:
            yield f"not published once and first: {story}"
        sequence = [r.headers["ce_sequence"] for r in records if "ce_sequence" in r.headers]
        if sequence != sorted(set(sequence)):
            yield f"ce_sequence does not rise: {sequence}"

    @staticmethod
    def _check_states(records, history, final, exempt):
        at = -1
        before = object()
        for record in records:
            state = state_of(record.event)
            if state == before and not exempt:
                yield (f"the same content twice in a row: {record.where()} revision {record.event['revision']} "
                       f"changed {record.event['changed']} {state}")
            before = state
            later = next((i for i in range(at + 1, len(history)) if history[i] == state), None)
            if later is None:
                if exempt and state in history:
                    at = history.index(state)
                    continue
                kind = "was true only before" if state in history else "never was true"
                yield f"{kind}: {record.where()} {record.event['type']} {state}; the site had {history}"
                return
            at = later
        if final and state_of(records[-1].event) != history[-1] and not exempt:
            yield f"the last event says {state_of(records[-1].event)}, the site has {history[-1]}"
