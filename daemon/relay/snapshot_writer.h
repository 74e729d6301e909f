// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/archive/sha256.h"
#include "daemon/relay/sequencer_state.h"
#include "daemon/relay/snapshot_codec.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// Appends the sequencer's state as of a position to the archive, in small steps: rows below a
// position do not change while others are added, so that sequencing goes on between the steps. Not
// beyond a RewindTo below `base`. The snapshot counts only with its last record, which Finish
// appends when all parts are durable; one that is given up leaves parts without effect.
//
// Memory: four parts of 1 MiB. `state` and `archive` outlive it. One thread, the relay's. Errors
// are of the state (kCorruption, kTransient) or of the archive; `archive_failed` tells which. After
// one the snapshot is given up.
class SnapshotWriter {
 public:
  enum class Progress {
    kWorking,  // call Step again
    kWaiting,  // for the archive's fsync
    kReady,    // call Finish
  };

  // `base` is the first byte of a segment, at or below what the state has flushed.
  SnapshotWriter(SequencerState& state, archive::Archive& archive, Position base);
  ~SnapshotWriter();

  // At most some milliseconds of work.
  Result<Progress> Step();
  // Makes the snapshot durable, waiting for the archive; nothing is sequenced meanwhile. `through`
  // is how far the state was sequenced, and flushed.
  Status Finish(Position through);
  bool archive_failed() const { return archive_failed_; }
  uint64_t parts() const { return end_.parts; }

 private:
  struct Answers;

  Status Begin();
  Status ReadPosts();
  Result<bool> ReadRereads();  // false: there are no more
  void AppendPart();
  Status WaitForParts();

  SequencerState& state_;
  archive::Archive& archive_;
  const std::shared_ptr<Answers> answers_;  // shared with the archive's thread
  bool begun_ = false, archive_failed_ = false;
  int64_t next_row_ = 0, last_row_ = 0, next_reread_ = 0;
  size_t part_bytes_ = 0;  // of part_, about
  SnapshotPart part_;
  SnapshotEnd end_;
  archive::Sha256Stream sum_;
};

}  // namespace newswire::relay
