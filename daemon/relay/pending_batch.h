// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/publish/output.h"
#include "fetchers/clock.h"
#include "transforms/model/capture.h"
#include "transforms/model/event.h"

namespace newswire::relay {

// When what was gathered is committed.
struct Cadence {
  std::chrono::milliseconds interval{100};  // after the first event of the batch
  size_t bytes = size_t{8} << 20;           // of event values
  size_t events = 5000;
  // So far behind the archive's end that nobody waits for the newest event in milliseconds,
  // transactions are larger: their cost is shared by more events (docs/performance.md).
  uint64_t behind_bytes = uint64_t{16} << 20;       // of archive
  std::chrono::milliseconds behind_interval{1000};  // or `interval`, if that is longer
  size_t behind_factor = 4;                         // of `bytes` and `events`
  // Without an event, the position alone is committed after so much archive or time.
  uint64_t idle_bytes = uint64_t{64} << 20;
  std::chrono::seconds idle_time{60};
};

// The events of whole captures that wait for one transaction, and the checkpoint they lead to. A
// value of one thread.
class PendingBatch {
 public:
  // `committed` is what the output holds now.
  PendingBatch(Cadence cadence, publish::Checkpoint committed, SteadyTime now);

  // A capture was sequenced: its events come into this batch, all of them.
  void Add(const ArchiveAddress& capture, std::vector<Event> events, SteadyTime now);

  // Makes `start` the position to commit, though nothing was sequenced up to it here; `last` is the
  // last capture below it, if known.
  void Advance(Position start, const ArchiveAddress& last);

  // How far the archive goes: whether much is left to catch up with. Not told, nothing is.
  void SetArchiveEnd(Position end) { archive_end_ = end; }

  bool has_events() const { return !events_.empty(); }
  bool has_progress() const { return next_.position > committed_.position; }
  bool Due(SteadyTime now) const;
  // How long nothing will be due if nothing is added; never negative.
  std::chrono::milliseconds UntilDue(SteadyTime now) const;

  // Valid until Add or Committed.
  publish::Batch batch() const { return {.events = events_, .checkpoint = next_}; }
  void Committed(SteadyTime now);
  const publish::Checkpoint& committed() const { return committed_; }

 private:
  bool IsBehind() const;
  std::optional<SteadyTime> Deadline() const;

  const Cadence cadence_;
  publish::Checkpoint committed_, next_;
  Position archive_end_;
  std::vector<Event> events_;
  size_t event_bytes_ = 0;
  uint64_t archive_bytes_ = 0;  // since the last commit
  SteadyTime last_commit_;
  std::optional<SteadyTime> first_event_;
};

}  // namespace newswire::relay
