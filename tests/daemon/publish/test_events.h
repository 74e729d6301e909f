// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "daemon/publish/output.h"

namespace newswire::publish {

// Capture number n (from 0) of a made-up archive lies at position (1, 1000 n) and gives one event.
inline Position CaptureAt(uint64_t n) { return Position(1, 1000 * n); }
inline uint64_t CaptureNumber(Position position) { return position.offset() / 1000; }

inline Event TestEvent(uint64_t n, std::string slug = "emnews") {
  Event event;
  event.topic_slug = std::move(slug);
  event.key = "finews:" + std::to_string(n % 7);
  event.value = R"({"n":)" + std::to_string(n) + R"(,"title":"新能源汽车"})";
  event.ce_id = event.key + "#" + CaptureAt(n).ToHex() + "~1f2e3d4c";
  event.ce_source = "urn:newswire:finews";
  event.ce_subject = "https://finews.example/emnews/" + std::to_string(n) + ".html";
  event.ce_time = UtcMillis(std::chrono::milliseconds(1'650'000'000'000 + static_cast<int64_t>(n)));
  event.position = CaptureAt(n);
  event.published = event.ce_time;
  return event;
}

inline std::vector<Event> TestEvents(uint64_t first, uint64_t count, std::string slug = "emnews") {
  std::vector<Event> events;
  for (uint64_t n = first; n < first + count; ++n) {
    events.push_back(TestEvent(n, slug));
  }
  return events;
}

// The checkpoint after captures [0, next).
inline Checkpoint CheckpointAfter(uint64_t next, std::string archive) {
  return Checkpoint{.archive = std::move(archive),
                    .position = CaptureAt(next),
                    .last_capture = next == 0 ? Position() : CaptureAt(next - 1),
                    .last_record = "urn:uuid:00000000-0000-0000-0000-" + std::to_string(next),
                    .events = next};
}

// What failing tests print.
inline void PrintTo(const Result<Commit>& outcome, std::ostream* out) {
  if (outcome) {
    *out << (*outcome == Commit::kDone ? "done" : "unknown");
  } else {
    *out << outcome.error();
  }
}
inline void PrintTo(const Result<std::optional<Checkpoint>>& opened, std::ostream* out) {
  if (!opened) {
    *out << opened.error();
  } else if (!*opened) {
    *out << "no checkpoint";
  } else {
    *out << CheckpointToJson(**opened, UtcMillis());
  }
}

}  // namespace newswire::publish
