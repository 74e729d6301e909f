// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/pending_batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace newswire::relay {
namespace {

// How long to sleep at most when nothing is under way.
constexpr std::chrono::milliseconds kLongest{60'000};

uint64_t BytesOf(const ArchiveAddress& capture) {
  return capture.end.serial() == capture.position.serial()
             ? capture.end.offset() - capture.position.offset()
             : capture.end.offset();
}

}  // namespace

PendingBatch::PendingBatch(Cadence cadence, publish::Checkpoint committed, SteadyTime now)
    : cadence_(cadence), committed_(std::move(committed)), next_(committed_), last_commit_(now) {}

void PendingBatch::Add(const ArchiveAddress& capture, std::vector<Event> events, SteadyTime now) {
  archive_bytes_ += BytesOf(capture);
  next_.position = capture.end;
  next_.last_capture = capture.position;
  next_.last_record = capture.record_id;
  next_.events += events.size();
  if (events.empty()) {
    return;
  }
  if (!first_event_) {
    first_event_ = now;
  }
  for (const Event& event : events) {
    event_bytes_ += event.value.size();
  }
  std::move(events.begin(), events.end(), std::back_inserter(events_));
}

void PendingBatch::Advance(Position start, const ArchiveAddress& last) {
  next_.position = start;
  next_.last_capture = last.position;
  next_.last_record = last.record_id;
}

bool PendingBatch::IsBehind() const {
  const Position here = next_.position;
  if (archive_end_.serial() == here.serial()) {
    return archive_end_ > here && archive_end_.offset() - here.offset() >= cadence_.behind_bytes;
  }
  // What is left of this segment is not known: only what lies behind it counts.
  return archive_end_ > here && (archive_end_.serial() - here.serial() > 1 ||
                                 archive_end_.offset() >= cadence_.behind_bytes);
}

std::optional<SteadyTime> PendingBatch::Deadline() const {
  if (first_event_) {
    return *first_event_ +
           (IsBehind() ? std::max(cadence_.interval, cadence_.behind_interval) : cadence_.interval);
  }
  if (has_progress()) {
    return last_commit_ + cadence_.idle_time;
  }
  return std::nullopt;
}

bool PendingBatch::Due(SteadyTime now) const {
  const size_t factor = IsBehind() ? cadence_.behind_factor : 1;
  if (events_.size() >= cadence_.events * factor || event_bytes_ >= cadence_.bytes * factor) {
    return has_events();
  }
  if (!has_events() && has_progress() && archive_bytes_ >= cadence_.idle_bytes) {
    return true;
  }
  const auto deadline = Deadline();
  return deadline && now >= *deadline;
}

std::chrono::milliseconds PendingBatch::UntilDue(SteadyTime now) const {
  const auto deadline = Deadline();
  if (!deadline) {
    return kLongest;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now);
  return std::clamp(left, std::chrono::milliseconds(0), kLongest);
}

void PendingBatch::Committed(SteadyTime now) {
  committed_ = next_;
  events_.clear();
  event_bytes_ = 0;
  archive_bytes_ = 0;
  first_event_.reset();
  last_commit_ = now;
}

}  // namespace newswire::relay
