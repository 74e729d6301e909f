// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_publication.h"

#include <utility>

#include "daemon/commands/replay_target.h"
#include "daemon/fail_point.h"

namespace newswire::commands {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrain{8000};  // of the last commit after a stop
constexpr milliseconds kRetry{1000};  // while the output is away

}  // namespace

ReplayPublication::ReplayPublication(const ReplayRequest& request, const config::Config& config,
                                     const relay::ReplayInput& input, const Clock& clock,
                                     Progress& progress, std::stop_token stop)
    : request_(request),
      config_(config),
      clock_(clock),
      progress_(progress),
      stop_(stop),
      drain_(std::move(stop), kDrain),
      uuid_(input.uuid()),
      journal_(config.data_dir, uuid_, input.list()),
      output_(MakeReplayOutput(request, config, uuid_, clock)) {}

Result<std::optional<publish::Checkpoint>> ReplayPublication::AskOutput() {
  while (true) {
    auto checkpoint = output_->Open(stop_);
    if (checkpoint || checkpoint.error().kind != ErrorKind::kTransient) {
      return checkpoint;
    }
    progress_.Say("replay: waiting for the output: " + checkpoint.error().message);
    relay::Pause(kRetry, stop_);
    if (stop_.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for the output");
    }
  }
}

// The events begin where the request says, or behind what the output holds of this replay.
Result<ReplayPublication::Place> ReplayPublication::Find() {
  const Position asked = request_.position.value_or(Position());
  Place place{.begin = asked, .start = asked, .committed = {}};
  place.committed.archive = uuid_;
  auto checkpoint = AskOutput();
  if (!checkpoint) {
    return request_.resume
               ? Result<Place>(WithContext(checkpoint.error(), "resuming" + DifferenceInWords()))
               : std::unexpected(checkpoint.error());
  }
  if (request_.resume || checkpoint_ours_) {
    if (!*checkpoint) {
      return Fail(ErrorKind::kPermanent,
                  "there is no replay of this input to resume: the output holds no position of it" +
                      DifferenceInWords());
    }
    if (request_.resume) {
      place.begin = journal_.Start().value_or(Position());
    }
    place.start = (*checkpoint)->position;
    place.committed = std::move(**checkpoint);
  }
  if (!std::exchange(begun_, true)) {
    BeginJournal(place.begin);
  }
  return place;
}

// What a resume needs is kept from here on, or was kept by the run that is resumed.
void ReplayPublication::BeginJournal(Position begin) {
  if (request_.resume) {
    journal_kept_ = true;
    return;
  }
  const Status begun = journal_.Begin(begin);
  journal_kept_ = begun.has_value();
  if (!begun) {
    progress_.Say("replay: a resume will have to fold again what lies before it: " +
                  begun.error().message);
  }
  NEWSWIRE_FAIL_POINT("replay.after_journal");
}

std::string ReplayPublication::DifferenceInWords() const {
  const std::string difference = journal_.Difference();
  return difference.empty()
             ? difference
             : " (since the last replay of files the input has changed: " + difference +
                   "; without --resume a replay begins anew)";
}

Result<std::optional<relay::PendingBatch>> ReplayPublication::Claim(const Place& place) {
  relay::PendingBatch batch({.interval = config_.kafka.commit_interval,
                             .bytes = config_.kafka.commit_bytes,
                             .events = config_.kafka.commit_events},
                            place.committed, clock_.Steady());
  if (!request_.resume && !checkpoint_ours_) {
    // An older replay's position goes first.
    batch.Advance(place.start, {});
    const auto outcome = Commit(batch.batch());
    if (!outcome) {
      return std::unexpected(outcome.error());
    }
    if (*outcome == publish::Commit::kUnknown) {
      return std::nullopt;
    }
    batch.Committed(clock_.Steady());
  }
  checkpoint_ours_ = true;
  return std::optional(std::move(batch));
}

Result<publish::Commit> ReplayPublication::Commit(const publish::Batch& batch) {
  auto outcome = output_->Publish(batch, drain_.token());
  NEWSWIRE_FAIL_POINT("replay.after_publish");
  return outcome;
}

void ReplayPublication::End() {
  if (const Status ended = journal_.End(); !ended) {
    progress_.Say("replay: what was kept for a resume is left: " + ended.error().message);
  }
}

}  // namespace newswire::commands
