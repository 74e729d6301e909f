// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/retention.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "daemon/archive/hold.h"
#include "daemon/fail_point.h"
#include "daemon/relay/sequencer_state.h"

namespace newswire::relay {
namespace {

constexpr std::chrono::seconds kLookInterval{60};
constexpr int kRestFactor = 4;               // rests so many times as long as it worked
constexpr uint64_t kSnapshotRowBytes = 200;  // compressed, about
constexpr int64_t kRowsPerStep = 1000;

// The lowest serial that must stay whatever the options say.
Result<uint32_t> MustStay(const std::filesystem::path& dir, const publish::Checkpoint& committed) {
  uint32_t stays = committed.position.serial();
  if (!committed.last_record.empty()) {
    stays = std::min(stays, committed.last_capture.serial());
  }
  const auto lock = archive::RetirementLock::Take(dir);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (!*lock) {
    return 0U;
  }
  const auto held = (*lock)->LowestHeld();
  if (!held) {
    return std::unexpected(held.error());
  }
  return std::min(stays, held->value_or(stays));
}

// Up to where snapshots in force let segments go, but for `most`.
uint32_t CoveredBySnapshot(const archive::Controls& controls, uint32_t most) {
  uint32_t covered = 0;
  for (const archive::Control& control : controls.all()) {
    if (control.kind == archive::ControlKind::kSnapshot && control.base.offset() == 0 &&
        control.base.serial() <= most) {
      covered = std::max(covered, control.base.serial());
    }
  }
  return covered;
}

}  // namespace

Retention::Retention(std::filesystem::path dir, archive::RetentionOptions options,
                     archive::Archive& archive, const Clock& clock)
    : dir_(std::move(dir)), options_(options), archive_(archive), clock_(clock) {}

void Retention::Abandon() {
  writer_.reset();
  pruned_below_ = {};
  cleaned_ = false;
  phase_ = Phase::kWatching;
  looked_.reset();
}

void Retention::GiveUp(const Error& error) {
  spdlog::warn("retention is put off: segments stay for now reason=\"{}\"", error.message);
  writer_.reset();
  phase_ = Phase::kWatching;
}

bool Retention::LookIsDue(const publish::Checkpoint& committed) {
  const SteadyTime now = clock_.Steady();
  const std::pair seen(archive_.durable_end().serial(), committed.position.serial());
  if (looked_ && seen == seen_ && now - *looked_ < kLookInterval) {
    return false;
  }
  looked_ = now;
  seen_ = seen;
  return true;
}

Status Retention::Step(Sequencer& sequencer, const publish::Checkpoint& committed, bool idle) {
  if (phase_ == Phase::kWatching) {
    return LookIsDue(committed) ? Look(sequencer, committed) : Status();
  }
  const SteadyTime begun = clock_.Steady();
  if (!idle && begun < resume_at_) {
    return {};
  }
  Status status = Work(sequencer);
  const SteadyTime ended = clock_.Steady();
  resume_at_ = ended + kRestFactor * (ended - begun);
  return status;
}

Status Retention::Work(Sequencer& sequencer) {
  switch (phase_) {
    case Phase::kWatching:
      return {};
    case Phase::kSnapshot:
      return WriteSnapshot(sequencer);
    case Phase::kDeleting:
      Delete();
      return {};
    case Phase::kPruning:
      return Prune(sequencer);
  }
  return {};
}

Status Retention::Look(Sequencer& sequencer, const publish::Checkpoint& committed) {
  const auto segments = archive::ListSegments(dir_);
  if (!segments) {
    GiveUp(segments.error());
    return {};
  }
  if (!std::exchange(cleaned_, true)) {
    if (const Status status = archive::DeleteOrphanSums(dir_); !status) {
      GiveUp(status.error());
    }
    // A crash may have come between the deletion and the pruning.
    if (!segments->empty() && segments->front().serial > 1) {
      prune_below_ = Position(segments->front().serial, 0);
      next_row_ = 0;
      phase_ = Phase::kPruning;
      looked_.reset();
      return {};
    }
  }
  if (segments->size() < 2) {
    return {};
  }
  const uint32_t oldest = segments->front().serial;
  const Result<uint32_t> stays = MustStay(dir_, committed);
  if (!stays) {
    GiveUp(stays.error());
    return {};
  }
  const uint32_t covered = CoveredBySnapshot(*archive_.controls(), *stays);
  if (covered > oldest) {
    keep_from_ = covered;
    phase_ = Phase::kDeleting;
    return {};
  }
  if (!options_.age && !options_.size) {
    return {};
  }
  const auto dated = dates_.Of(*segments);
  if (!dated) {
    GiveUp(dated.error());
    return {};
  }
  archive::RetentionLimits limits{.keep_from = *stays, .snapshot_bytes = 0};
  const UtcMillis now = clock_.Wall();
  if (archive::OldestToKeep(*dated, options_, limits, now) <= oldest) {
    return {};
  }
  const auto rows = sequencer.state().CountRows();
  if (!rows) {
    return std::unexpected(rows.error());
  }
  limits.snapshot_bytes = *rows * kSnapshotRowBytes;
  const uint32_t keep_from = archive::OldestToKeep(*dated, options_, limits, now);
  if (keep_from <= oldest) {
    return {};
  }
  spdlog::info("segments are to be retired, a snapshot goes first oldest={} keep_from={} rows={}",
               oldest, keep_from, *rows);
  keep_from_ = keep_from;
  writer_ = std::make_unique<SnapshotWriter>(sequencer.state(), archive_, Position(keep_from, 0));
  phase_ = Phase::kSnapshot;
  NEWSWIRE_FAIL_POINT("relay.retention.begun");
  return {};
}

Status Retention::WriteSnapshot(Sequencer& sequencer) {
  const auto progress = writer_->Step();
  Status status = progress ? Status() : std::unexpected(progress.error());
  if (progress && *progress == SnapshotWriter::Progress::kReady) {
    status = FinishSnapshot(sequencer);
  }
  if (!status && writer_ && writer_->archive_failed()) {
    GiveUp(status.error());
    return {};
  }
  return status;
}

// From its last record on, older captures count as gone. A replay that began while the snapshot was
// written does not know of it: for that one they are still there, as they were for the relay.
Status Retention::FinishSnapshot(Sequencer& sequencer) {
  const auto lock = archive::RetirementLock::Take(dir_);
  if (!lock) {
    GiveUp(lock.error());
    return {};
  }
  if (!*lock) {
    return {};  // a hold is just being taken
  }
  const auto held = (*lock)->LowestHeld();
  if (!held) {
    GiveUp(held.error());
    return {};
  }
  if (*held && **held < keep_from_) {
    GiveUp({ErrorKind::kTransient, "a replay that began meanwhile holds them"});
    return {};
  }
  if (Status status = sequencer.Flush(); !status) {
    return status;
  }
  if (Status status = writer_->Finish(sequencer.position()); !status) {
    return status;
  }
  ++snapshots_;
  writer_.reset();
  phase_ = Phase::kDeleting;
  NEWSWIRE_FAIL_POINT("relay.retention.snapshot_done");
  return {};
}

void Retention::Delete() {
  const Result<bool> deleted = archive_.RetireOldest(keep_from_);
  if (!deleted) {
    GiveUp(deleted.error());
    return;
  }
  if (*deleted) {
    ++retired_;
    looked_.reset();  // the snapshot may have been larger than thought: whether more must go
    return;
  }
  const auto segments = archive::ListSegments(dir_);
  if (!segments || segments->empty()) {
    phase_ = Phase::kWatching;
    return;
  }
  prune_below_ = Position(segments->front().serial, 0);
  next_row_ = 0;
  phase_ = prune_below_ == pruned_below_ ? Phase::kWatching : Phase::kPruning;
}

Status Retention::Prune(Sequencer& sequencer) {
  auto next = sequencer.state().Prune(prune_below_, next_row_, kRowsPerStep);
  if (!next) {
    return std::unexpected(next.error());
  }
  if (!*next) {
    pruned_below_ = prune_below_;
    phase_ = Phase::kWatching;
    return {};
  }
  next_row_ = **next;
  NEWSWIRE_FAIL_POINT("relay.retention.pruning");
  return sequencer.Flush();
}

}  // namespace newswire::relay
