// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/position.h"
#include "transforms/model/post.h"
#include "transforms/model/timestamp.h"

namespace newswire {

enum class EventType { kPublished, kRevised, kRemoved, kDeadLetter, kRedacted };
std::string_view Name(EventType type);  // "post.published", ...

// What the sequencer adds to a post.
struct Sequenced {
  EventType type = EventType::kPublished;
  uint32_t revision = 1;
  std::vector<std::string> changed;
};

// A message ready for an output: a CloudEvents 1.0 binary-mode record before its topic has a name.
struct Event {
  EventType type = EventType::kPublished;
  std::string topic_slug;  // decided by the sequencer: a slug, "other" or "dead-letter"
  std::string key;         // post id
  std::string value;       // JSON, UTF-8; of a tombstone empty
  std::string ce_id, ce_source, ce_subject;
  UtcMillis ce_time;    // when the capture was made
  Position position;    // ce_sequence
  UtcMillis published;  // published_at, or the capture's time when that is null

  // A record without a value: what compaction takes for "this key is gone".
  bool tombstone() const { return type == EventType::kRedacted; }
};

// The event's JSON. Pure; the same post and `sequenced` give the same bytes. `max_bytes` bounds the
// value: over it, annotations and then the end of the text go, and `truncated: true` is said.
Event MakeEvent(const Post& post, const Sequenced& sequenced, std::string topic_slug,
                size_t max_bytes);

// `post.removed`: id, url, when and how it was found gone, and the revision.
Event MakeRemovedEvent(const Transformed& capture, std::string_view post_id, std::string_view url,
                       uint32_t revision, std::string topic_slug);

Event MakeDeadLetterEvent(const DeadLetter& letter);

// `post.redacted`: a tombstone for a post that was taken out of the archive by the record at
// `position`, made at `time`.
Event MakeTombstone(std::string_view post_id, std::string_view url, std::string topic_slug,
                    Position position, UtcMillis time);

// CloudEvents header names and values in a fixed order.
std::vector<std::pair<std::string, std::string>> CloudEventHeaders(const Event& event);

// The JSON Schema (2020-12) of the value, as in docs/events/post.v1.schema.json.
std::string_view EventSchemaUri();

}  // namespace newswire
