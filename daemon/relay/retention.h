// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/archive/archive.h"
#include "daemon/archive/retention.h"
#include "daemon/publish/output.h"
#include "daemon/relay/sequencer.h"
#include "daemon/relay/snapshot_writer.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::relay {

// Retires the archive's oldest segments by age and size: appends a snapshot of the sequencer's
// state as of the first byte of the oldest segment that stays, then deletes, oldest first, then
// drops the rows that no position left can need. What a crash interrupts is finished by the next
// one's first look; nothing is deleted before the snapshot is durable. Never touched: what the
// output has not committed, the segment of what it committed last, and what a replay holds.
//
// It works in steps of some milliseconds between the relay's captures and takes at most a fifth of
// its time, all of it while the relay is idle; the last record of a snapshot is waited for. Looks
// are taken at the first step, after a segment was retired, when the archive or the committed
// position came to another segment, and every minute. `archive` outlives it; the relay's thread
// alone uses it.
class Retention {
 public:
  Retention(std::filesystem::path dir, archive::RetentionOptions options, archive::Archive& archive,
            const Clock& clock);

  // One step, if it is due. `committed` is what the output holds, `sequencer` has flushed at least
  // up to there. Errors are those of the state; what the archive or its disk refuses is logged and
  // tried again at the next look.
  Status Step(Sequencer& sequencer, const publish::Checkpoint& committed, bool idle);
  // Whether Step has work now: the relay then waits for captures no longer than kStepWait.
  bool busy() const { return phase_ != Phase::kWatching; }
  static constexpr std::chrono::milliseconds kStepWait{10};

  // The sequencer is rewound or replaced: what was begun on it is given up. A snapshot begins anew
  // at the next look.
  void Abandon();

  uint64_t retired() const { return retired_; }      // segments, by this object
  uint64_t snapshots() const { return snapshots_; }  // written by it

 private:
  enum class Phase { kWatching, kSnapshot, kDeleting, kPruning };

  bool LookIsDue(const publish::Checkpoint& committed);
  Status Look(Sequencer& sequencer, const publish::Checkpoint& committed);
  Status Work(Sequencer& sequencer);
  Status WriteSnapshot(Sequencer& sequencer);
  Status FinishSnapshot(Sequencer& sequencer);
  void Delete();
  Status Prune(Sequencer& sequencer);
  void GiveUp(const Error& error);

  const std::filesystem::path dir_;
  const archive::RetentionOptions options_;
  archive::Archive& archive_;
  const Clock& clock_;
  archive::SegmentDates dates_;

  Phase phase_ = Phase::kWatching;
  uint32_t keep_from_ = 0;  // segments below it go
  std::unique_ptr<SnapshotWriter> writer_;
  Position prune_below_, pruned_below_;
  int64_t next_row_ = 0;
  bool cleaned_ = false;  // what a crash left in the folder

  std::optional<SteadyTime> looked_;
  std::pair<uint32_t, uint32_t> seen_;  // the archive's newest and the committed serial, then
  SteadyTime resume_at_{};
  uint64_t retired_ = 0, snapshots_ = 0;
};

}  // namespace newswire::relay
