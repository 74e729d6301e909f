// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "daemon/archive/control_scan.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/progress.h"
#include "daemon/commands/replay_publication.h"
#include "daemon/commands/replay_sequencer.h"
#include "daemon/commands/replay_source.h"
#include "daemon/commands/replay_view.h"
#include "daemon/commands/throttle.h"
#include "daemon/fail_point.h"
#include "daemon/relay/drain.h"
#include "daemon/relay/pending_batch.h"
#include "daemon/relay/redacted.h"
#include "daemon/relay/replay_input.h"
#include "daemon/relay/restore.h"
#include "daemon/relay/sequencer.h"

namespace newswire::commands {
namespace {

using relay::Pause;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{250};  // of one wait for a transform
constexpr milliseconds kRetry{1000};    // after a commit whose outcome is unknown
// Looks at an archive that grows while it is read to its end: a daemon that never rests does not
// keep a replay from finishing.
constexpr int kMaxExtensions = 1000;
constexpr uint64_t kFlushCaptures = 20'000;  // of a fold without publishing

class ReplayRun {
 public:
  ReplayRun(const ReplayRequest& request, const config::Config& config, const Clock& clock,
            std::ostream& out, Progress& progress, std::stop_token stop)
      : request_(request),
        config_(config),
        clock_(clock),
        out_(out),
        stop_(std::move(stop)),
        progress_(progress),
        throttle_(request.rate, clock) {}

  // False: there are differences, or not all could be shown.
  Result<bool> Run();

 private:
  enum class SessionEnd { kFinished, kRestart };

  Status Prepare();
  Status OpenInput();
  Status ReadRedactions();
  bool IsRedacted(std::string_view post) const;
  bool IsRetired(Position capture, Position at) const;
  Result<bool> Finish();
  void SayTotals();

  Result<ReplayPublication::Place> FindPlace();
  Status OpenSequencer(Position begin);
  Result<SessionEnd> Session();
  Result<SessionEnd> Follow(relay::Transformer& transformer, relay::PendingBatch* batch);
  Status Take(relay::Transformer::Taken taken, relay::PendingBatch* batch);
  Status TakeEvents(const Transformed& capture, relay::PendingBatch* batch);
  Status TakeControl(const archive::Control& control, relay::PendingBatch* batch);
  void Filter(std::vector<Event>& events);
  void Count(std::span<const Event> events);
  Result<publish::Commit> Commit(relay::PendingBatch& batch);
  bool stopped() const { return stop_.stop_requested(); }

  const ReplayRequest& request_;
  const config::Config& config_;
  const Clock& clock_;
  std::ostream& out_;
  const std::stop_token stop_;
  Progress& progress_;
  Throttle throttle_;

  std::unique_ptr<relay::ReplayInput> input_;
  std::optional<ReplaySource> source_;  // of input_
  std::shared_ptr<const archive::Redactions> own_redactions_ =
      std::make_shared<const archive::Redactions>();
  std::optional<ReplayPublication> publication_;  // of input_; or
  std::optional<ReplayView> view_;
  relay::Transformer* transformer_ = nullptr;
  std::unique_ptr<relay::Sequencer> sequencer_;
  Position start_;  // captures before it are folded only
  int extensions_ = 0;
  uint64_t passed_ = 0;  // events that the throttle has let go
  uint64_t captures_ = 0, events_ = 0, dead_letters_ = 0, left_out_ = 0, damage_ = 0, folded_ = 0;
};

Status ReplayRun::OpenInput() {
  auto input = request_.from.empty() ? relay::OpenArchiveInput(config_.archive.dir)
                                     : relay::OpenPathsInput(request_.from);
  if (!input) {
    return std::unexpected(input.error());
  }
  input_ = std::move(*input);
  source_.emplace(request_, config_, *input_);
  return {};
}

// Of the own archive, whatever is replayed: other files may still hold what was taken out of it.
Status ReplayRun::ReadRedactions() {
  std::error_code error;
  if (!std::filesystem::exists(config_.archive.dir / "uuid", error)) {
    return {};
  }
  auto controls = archive::ReadControls(config_.archive.dir);
  if (!controls) {
    return std::unexpected(controls.error());
  }
  own_redactions_ = (*controls)->redactions();
  return {};
}

bool ReplayRun::IsRedacted(std::string_view post) const {
  const auto controls = input_->controls();
  return own_redactions_->Names(post) ||
         (controls != nullptr && controls->redactions()->Names(post));
}

bool ReplayRun::IsRetired(Position capture, Position at) const {
  const auto controls = input_->controls();
  return controls != nullptr && controls->IsRetired(capture, at);
}

Status ReplayRun::Prepare() {
  if (Status status = OpenInput(); !status) {
    return status;
  }
  if (Status status = ReadRedactions(); !status) {
    return status;
  }
  if (request_.publishes()) {
    publication_.emplace(request_, config_, *input_, clock_, progress_, stop_);
    return {};
  }
  auto view = ReplayView::Open(request_, config_, clock_, out_, progress_, stop_);
  if (!view) {
    return std::unexpected(view.error());
  }
  view_.emplace(std::move(*view));
  return {};
}

Result<ReplayPublication::Place> ReplayRun::FindPlace() {
  if (publication_) {
    return publication_->Find();
  }
  const Position asked = request_.position.value_or(Position());
  return ReplayPublication::Place{.begin = asked, .start = asked, .committed = {}};
}

Status ReplayRun::OpenSequencer(Position begin) {
  if (sequencer_) {
    return sequencer_->RewindTo(start_);
  }
  const auto reread = [this](Position capture) -> Result<std::optional<Transformed>> {
    if (transformer_ == nullptr) {
      return std::nullopt;
    }
    return transformer_->Reread(capture);
  };
  auto opened = OpenReplaySequencer(
      request_, config_,
      {.uuid = input_->uuid(),
       .begin = begin,
       .start = start_,
       .journal = publication_ ? publication_->journal() : nullptr,
       .redacted = [this](std::string_view post) { return IsRedacted(post); },
       .retired = [this](Position capture, Position at) { return IsRetired(capture, at); }},
      reread, [this](const std::string& message) { progress_.Say(message); });
  if (!opened) {
    return std::unexpected(opened.error());
  }
  sequencer_ = std::move(*opened);
  return {};
}

Result<ReplayRun::SessionEnd> ReplayRun::Session() {
  const auto place = FindPlace();
  if (!place) {
    return std::unexpected(place.error());
  }
  start_ = place->start;
  if (Status status = OpenSequencer(place->begin); !status) {
    return std::unexpected(status.error());
  }
  if (const auto dir = input_->archive_dir()) {
    if (Status status = relay::RestoreFor(start_, *dir, *sequencer_); !status) {
      return std::unexpected(status.error());
    }
  }
  if (Status status = input_->Seek(sequencer_->folded()); !status) {
    return std::unexpected(status.error());
  }
  const auto transformer = source_->MakeTransformer();
  transformer_ = transformer.get();
  if (!publication_) {
    return Follow(*transformer, nullptr);
  }
  auto batch = publication_->Claim(*place);
  if (!batch) {
    return std::unexpected(batch.error());
  }
  return *batch ? Follow(*transformer, &**batch) : SessionEnd::kRestart;
}

Result<ReplayRun::SessionEnd> ReplayRun::Follow(relay::Transformer& transformer,
                                                relay::PendingBatch* batch) {
  bool at_end = false;
  while (true) {
    at_end = at_end || stopped();
    if (batch != nullptr && (batch->Due(clock_.Steady()) || (at_end && batch->has_progress()))) {
      auto outcome = Commit(*batch);
      if (!outcome) {
        return std::unexpected(outcome.error());
      }
      if (*outcome == publish::Commit::kUnknown) {
        return SessionEnd::kRestart;
      }
    }
    if (at_end && !stopped() && batch != nullptr && request_.into_live() &&
        ++extensions_ <= kMaxExtensions) {
      // The newest revisions must come last: up to where the archive ends after the last commit.
      auto more = input_->Extend();
      if (!more) {
        return std::unexpected(more.error());
      }
      at_end = !*more;
    }
    if (at_end) {
      return SessionEnd::kFinished;
    }
    progress_.Show(input_->read_bytes(), input_->total_bytes(), events_, "events");
    auto taken = transformer.Take(
        batch == nullptr ? kPatience : std::min(kPatience, batch->UntilDue(clock_.Steady())));
    if (!taken) {
      return std::unexpected(taken.error());
    }
    at_end = taken->outcome == relay::Transformer::Outcome::kEnd;
    if (Status status = Take(std::move(*taken), batch); !status) {
      return std::unexpected(status.error());
    }
  }
}

Status ReplayRun::Take(relay::Transformer::Taken taken, relay::PendingBatch* batch) {
  if (taken.outcome == relay::Transformer::Outcome::kDamage) {
    ++damage_;
    const archive::Damage& damage = taken.damage;
    progress_.Say(fmt::format(
        "replay: {} is damaged at offset {} ({}): {}", damage.segment, damage.offset,
        damage.length > 0 ? fmt::format("{} bytes", damage.length) : "to its end", damage.reason));
    return {};
  }
  if (taken.outcome == relay::Transformer::Outcome::kControl) {
    return TakeControl(taken.control, batch);
  }
  if (taken.outcome != relay::Transformer::Outcome::kCapture) {
    return {};
  }
  if (taken.limits) {
    sequencer_->SetLimits(taken.limits->max_topics, taken.limits->max_event_bytes);
  }
  ++captures_;
  if (taken.capture.address.position >= start_) {
    return TakeEvents(taken.capture, batch);
  }
  NEWSWIRE_FAIL_POINT("replay.while_folding");
  Status status = sequencer_->Fold(taken.capture);
  if (status && ++folded_ % kFlushCaptures == 0) {
    status = sequencer_->Flush();
  }
  return status;
}

// Tombstones are records of a topic: what is only printed or compared has none.
Status ReplayRun::TakeControl(const archive::Control& control, relay::PendingBatch* batch) {
  if (batch == nullptr || control.position < start_) {
    return {};
  }
  auto tombstones = relay::TombstonesOf(control, *sequencer_);
  if (!tombstones) {
    return std::unexpected(tombstones.error());
  }
  Filter(*tombstones);
  if (!tombstones->empty()) {
    sequencer_->Pass(control.end);
    batch->Add(relay::AddressOf(control), std::move(*tombstones), clock_.Steady());
  }
  return {};
}

Status ReplayRun::TakeEvents(const Transformed& capture, relay::PendingBatch* batch) {
  auto events = sequencer_->Apply(capture);
  if (!events) {
    return std::unexpected(events.error());
  }
  Filter(*events);
  if (!events->empty()) {
    const milliseconds wait = throttle_.Wait(passed_);
    if (wait.count() > 0) {
      Pause(wait, stop_);
    }
  }
  passed_ += events->size();
  if (batch != nullptr) {
    batch->Add(capture.address, std::move(*events), clock_.Steady());
    return {};
  }
  if (captures_ % kFlushCaptures == 0) {
    if (Status status = sequencer_->Flush(); !status) {
      return status;
    }
  }
  Count(*events);
  return view_->Take(*events);
}

void ReplayRun::Filter(std::vector<Event>& events) {
  left_out_ +=
      std::erase_if(events, [&](const Event& event) { return !request_.filter.Keeps(event); });
}

void ReplayRun::Count(std::span<const Event> events) {
  for (const Event& event : events) {
    ++(event.type == EventType::kDeadLetter ? dead_letters_ : events_);
  }
}

Result<publish::Commit> ReplayRun::Commit(relay::PendingBatch& batch) {
  if (Status status = sequencer_->Flush(); !status) {
    return std::unexpected(status.error());
  }
  NEWSWIRE_FAIL_POINT("replay.after_flush");
  auto outcome = publication_->Commit(batch.batch());
  if (outcome && *outcome == publish::Commit::kDone) {
    Count(batch.batch().events);
    batch.Committed(clock_.Steady());
  }
  return outcome;
}

void ReplayRun::SayTotals() {
  const double seconds = progress_.seconds();
  const auto also = [](uint64_t count, std::string_view what) {
    return count > 0 ? fmt::format(", {} {}", count, what) : std::string();
  };
  progress_.Say(fmt::format(
      "replay: {} events of {} captures in {:.1f} s ({:.0f} events/s), {} dead letters"
      "{}{}{}",
      events_, captures_, seconds, seconds > 0 ? static_cast<double>(events_) / seconds : 0.0,
      dead_letters_, also(left_out_, "left out by the filters"), also(damage_, "damaged places"),
      also(source_->passed_over(), "records that are no pages passed over")));
}

Result<bool> ReplayRun::Finish() {
  out_.flush();
  SayTotals();
  if (stopped()) {
    return Fail(ErrorKind::kCancelled, publication_ ? "stopped before the end; go on with --resume"
                                                    : "stopped before the end");
  }
  if (publication_) {
    publication_->End();
    return true;
  }
  return view_->Finish(start_, input_->end());
}

Result<bool> ReplayRun::Run() {
  if (Status status = Prepare(); !status) {
    return std::unexpected(status.error());
  }
  while (true) {
    const auto end = Session();
    transformer_ = nullptr;
    if (!end) {
      return std::unexpected(end.error());
    }
    if (*end == SessionEnd::kFinished || stopped()) {
      return Finish();
    }
    progress_.Say(
        "replay: the outcome of a commit is unknown, going on from what the output holds");
    Pause(kRetry, stop_);
  }
}

}  // namespace

int Replay(const ReplayRequest& request, const config::Config& config, const Clock& clock,
           std::ostream& out, std::ostream& err, bool terminal, std::stop_token stop) {
  Progress progress("replay", err, terminal, clock);
  if (const Status status = CheckReplayRequest(request, config); !status) {
    progress.Say("newswired replay: " + status.error().message);
    return kExitUsage;
  }
  const auto done = ReplayRun(request, config, clock, out, progress, std::move(stop)).Run();
  if (!done) {
    progress.Say("newswired replay: " + done.error().message);
  }
  return done.value_or(false) ? kExitOk : kExitFailed;
}

}  // namespace newswire::commands
