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
#include "daemon/commands/replay_diff.h"
#include "daemon/commands/replay_journal.h"
#include "daemon/commands/replay_sequencer.h"
#include "daemon/commands/replay_source.h"
#include "daemon/commands/replay_target.h"
#include "daemon/commands/throttle.h"
#include "daemon/fail_point.h"
#include "daemon/publish/output.h"
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
constexpr milliseconds kDrain{8000};    // of the last commit after a stop
constexpr milliseconds kRetry{1000};    // while the output is away
// Looks at an archive that grows while it is read to its end: a daemon that never rests does not
// keep a replay from finishing.
constexpr int kMaxExtensions = 1000;
constexpr uint64_t kFlushCaptures = 20'000;  // of a fold without publishing

class ReplayRun {
 public:
  ReplayRun(const ReplayRequest& request, const config::Config& config, const Clock& clock,
            std::ostream& out, std::ostream& err, bool terminal, std::stop_token stop)
      : request_(request),
        config_(config),
        clock_(clock),
        out_(out),
        stop_(stop),
        drain_(std::move(stop), kDrain),
        progress_("replay", err, terminal, clock),
        throttle_(request.rate, clock) {}

  int Run();

 private:
  enum class SessionEnd { kFinished, kRestart };

  int Prepare();
  int Finish();
  void SayTotals();
  Status OpenInput();
  Status ReadRedactions();
  bool IsRedacted(std::string_view post) const;
  Status OpenOutput();
  Status ReadTopics();
  Status OpenSequencer();
  void BeginJournal();

  Result<std::optional<publish::Checkpoint>> AskOutput();
  Result<publish::Checkpoint> FindStart();
  std::string DifferenceInWords() const;
  Result<SessionEnd> Session();
  Result<SessionEnd> Follow(relay::Transformer& transformer, relay::PendingBatch* batch);
  Status Take(relay::Transformer::Taken taken, relay::PendingBatch* batch);
  Status TakeEvents(const Transformed& capture, relay::PendingBatch* batch);
  Status TakeControl(const archive::Control& control, relay::PendingBatch* batch);
  void Count(std::span<const Event> events);
  Status Compare(std::span<const Event> events);
  Status Print(const std::vector<Event>& events);
  Result<publish::Commit> Commit(relay::PendingBatch& batch);
  bool stopped() const { return stop_.stop_requested(); }

  const ReplayRequest& request_;
  const config::Config& config_;
  const Clock& clock_;
  std::ostream& out_;
  const std::stop_token stop_;
  relay::Drain drain_;
  Progress progress_;
  Throttle throttle_;

  std::unique_ptr<relay::ReplayInput> input_;
  std::optional<ReplaySource> source_;  // of input_
  std::shared_ptr<const archive::Redactions> own_redactions_ =
      std::make_shared<const archive::Redactions>();
  std::unique_ptr<publish::Output> output_;  // null: nothing is published
  std::unique_ptr<ReplayDiff> diff_;         // null: nothing is compared
  std::optional<ReplayJournal> journal_;     // of input_
  bool journal_kept_ = false;
  relay::Transformer* transformer_ = nullptr;
  std::unique_ptr<relay::Sequencer> sequencer_;
  Position begin_;                // where this replay began, before it was interrupted
  Position start_;                // captures before it are folded only
  bool checkpoint_ours_ = false;  // what the output holds was written by this run, or is resumed
  int extensions_ = 0;
  uint64_t passed_ = 0;  // events that the throttle has let go
  uint64_t captures_ = 0, events_ = 0, dead_letters_ = 0, damage_ = 0, folded_ = 0;
};

Status ReplayRun::OpenInput() {
  auto input = request_.from.empty() ? relay::OpenArchiveInput(config_.archive.dir)
                                     : relay::OpenPathsInput(request_.from);
  if (!input) {
    return std::unexpected(input.error());
  }
  input_ = std::move(*input);
  source_.emplace(request_, config_, *input_);
  journal_.emplace(config_.data_dir, input_->uuid(), input_->list());
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

Status ReplayRun::OpenOutput() {
  if (request_.publishes()) {
    output_ = MakeReplayOutput(request_, config_, input_->uuid(), clock_);
  }
  return {};
}

Status ReplayRun::ReadTopics() {
  if (!request_.diff) {
    return {};
  }
  auto topics = OpenReplayTopics(request_, config_, clock_);
  if (!topics) {
    return std::unexpected(topics.error());
  }
  auto diff = ReplayDiff::Create(ReplayTopicPattern(request_, config_), IsCompacted(config_), out_);
  if (!diff) {
    return std::unexpected(diff.error());
  }
  diff_ = std::move(*diff);
  return diff_->Read(
      **topics, request_.filter,
      [this](uint64_t records) { progress_.ShowCount("reading the topics", records); }, stop_);
}

// The replay begins: what a resume needs is kept from here on.
void ReplayRun::BeginJournal() {
  const Status begun = journal_->Begin(begin_);
  journal_kept_ = begun.has_value();
  if (!begun) {
    progress_.Say("replay: a resume will have to fold again what lies before it: " +
                  begun.error().message);
  }
}

Status ReplayRun::OpenSequencer() {
  if (sequencer_) {
    return sequencer_->RewindTo(start_);
  }
  const auto reread = [this](Position capture) -> Result<std::optional<Transformed>> {
    if (transformer_ == nullptr) {
      return std::nullopt;
    }
    return transformer_->Reread(capture);
  };
  auto opened =
      OpenReplaySequencer(request_, config_,
                          {.uuid = input_->uuid(),
                           .begin = begin_,
                           .start = start_,
                           .journal = journal_kept_ ? &*journal_ : nullptr,
                           .redacted = [this](std::string_view post) { return IsRedacted(post); },
                           .retired =
                               [this](Position capture, Position at) {
                                 const auto controls = input_->controls();
                                 return controls != nullptr && controls->IsRetired(capture, at);
                               }},
                          reread, [this](const std::string& message) { progress_.Say(message); });
  if (!opened) {
    return std::unexpected(opened.error());
  }
  sequencer_ = std::move(*opened);
  return {};
}

Result<std::optional<publish::Checkpoint>> ReplayRun::AskOutput() {
  while (true) {
    auto checkpoint = output_->Open(stop_);
    if (checkpoint || checkpoint.error().kind != ErrorKind::kTransient) {
      return checkpoint;
    }
    progress_.Say("replay: waiting for the output: " + checkpoint.error().message);
    Pause(kRetry, stop_);
    if (stopped()) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for the output");
    }
  }
}

// From where the events are published: given, or what the output holds of this replay.
Result<publish::Checkpoint> ReplayRun::FindStart() {
  publish::Checkpoint committed;
  committed.archive = input_->uuid();
  begin_ = start_ = request_.position.value_or(Position());
  if (!output_) {
    return committed;
  }
  auto checkpoint = AskOutput();
  if (!checkpoint) {
    return request_.resume ? Result<publish::Checkpoint>(
                                 WithContext(checkpoint.error(), "resuming" + DifferenceInWords()))
                           : std::unexpected(checkpoint.error());
  }
  if (!request_.resume && !checkpoint_ours_) {
    return committed;
  }
  if (!*checkpoint) {
    return Fail(ErrorKind::kPermanent,
                "there is no replay of this input to resume: the output holds no position of it" +
                    DifferenceInWords());
  }
  if (request_.resume) {
    begin_ = journal_->Start().value_or(Position());
  }
  start_ = (*checkpoint)->position;
  return **checkpoint;
}

std::string ReplayRun::DifferenceInWords() const {
  const std::string difference = journal_->Difference();
  return difference.empty()
             ? difference
             : " (since the last replay of files the input has changed: " + difference +
                   "; without --resume a replay begins anew)";
}

Result<ReplayRun::SessionEnd> ReplayRun::Session() {
  auto committed = FindStart();
  if (!committed) {
    return std::unexpected(committed.error());
  }
  if (output_ && !sequencer_) {
    if (request_.resume) {
      journal_kept_ = true;
    } else {
      BeginJournal();
      NEWSWIRE_FAIL_POINT("replay.after_journal");
    }
  }
  if (Status status = OpenSequencer(); !status) {
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
  if (!output_) {
    return Follow(*transformer, nullptr);
  }
  relay::PendingBatch batch({.interval = config_.kafka.commit_interval,
                             .bytes = config_.kafka.commit_bytes,
                             .events = config_.kafka.commit_events},
                            *committed, clock_.Steady());
  if (!request_.resume && !checkpoint_ours_) {
    // An older replay's position goes first: from here on, what the output holds is of this run.
    batch.Advance(start_, {});
    auto outcome = Commit(batch);
    if (!outcome) {
      return std::unexpected(outcome.error());
    }
    if (*outcome == publish::Commit::kUnknown) {
      return SessionEnd::kRestart;
    }
  }
  checkpoint_ours_ = true;
  return Follow(*transformer, &batch);
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
  std::erase_if(*tombstones, [&](const Event& event) { return !request_.filter.Keeps(event); });
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
  std::erase_if(*events, [&](const Event& event) { return !request_.filter.Keeps(event); });
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
  return diff_ ? Compare(*events) : Print(*events);
}

void ReplayRun::Count(std::span<const Event> events) {
  for (const Event& event : events) {
    ++(event.type == EventType::kDeadLetter ? dead_letters_ : events_);
  }
}

Status ReplayRun::Compare(std::span<const Event> events) {
  for (const Event& event : events) {
    if (Status status = diff_->Compare(event); !status) {
      return status;
    }
  }
  return {};
}

Status ReplayRun::Print(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.type != EventType::kDeadLetter) {
      out_.write(event.value.data(), static_cast<std::streamsize>(event.value.size()));
      out_.put('\n');
    }
  }
  if (!out_) {
    return Fail(ErrorKind::kPermanent, "the output stream cannot be written to");
  }
  return {};
}

Result<publish::Commit> ReplayRun::Commit(relay::PendingBatch& batch) {
  if (Status status = sequencer_->Flush(); !status) {
    return std::unexpected(status.error());
  }
  NEWSWIRE_FAIL_POINT("replay.after_flush");
  auto outcome = output_->Publish(batch.batch(), drain_.token());
  NEWSWIRE_FAIL_POINT("replay.after_publish");
  if (outcome && *outcome == publish::Commit::kDone) {
    Count(batch.batch().events);
    batch.Committed(clock_.Steady());
  }
  return outcome;
}

int ReplayRun::Prepare() {
  if (Status status = CheckReplayRequest(request_, config_); !status) {
    progress_.Say("newswired replay: " + status.error().message);
    return kExitUsage;
  }
  for (Status (ReplayRun::*prepare)() : {&ReplayRun::OpenInput, &ReplayRun::ReadRedactions,
                                         &ReplayRun::OpenOutput, &ReplayRun::ReadTopics}) {
    if (Status status = (this->*prepare)(); !status) {
      progress_.Say("newswired replay: " + status.error().message);
      return kExitFailed;
    }
  }
  return kExitOk;
}

void ReplayRun::SayTotals() {
  const double seconds = progress_.seconds();
  const auto also = [](uint64_t count, std::string_view what) {
    return count > 0 ? fmt::format(", {} {}", count, what) : std::string();
  };
  progress_.Say(fmt::format(
      "replay: {} events of {} captures in {:.1f} s ({:.0f} events/s), {} dead letters"
      "{}{}",
      events_, captures_, seconds, seconds > 0 ? static_cast<double>(events_) / seconds : 0.0,
      dead_letters_, also(damage_, "damaged places"),
      also(source_->passed_over(), "records that are no pages passed over")));
}

int ReplayRun::Finish() {
  out_.flush();
  SayTotals();
  if (stopped()) {
    progress_.Say(request_.publishes()
                      ? "newswired replay: stopped before the end; go on with --resume"
                      : "newswired replay: stopped before the end");
    return kExitFailed;
  }
  if (output_) {
    if (Status ended = journal_->End(); !ended) {
      progress_.Say("replay: what was kept for a resume is left: " + ended.error().message);
    }
  }
  if (diff_) {
    auto counts = diff_->Finish(start_, input_->end());
    if (!counts) {
      progress_.Say("newswired replay: " + counts.error().message);
      return kExitFailed;
    }
    out_.flush();
    return counts->same_content() && out_ ? kExitOk : kExitFailed;
  }
  return out_ ? kExitOk : kExitFailed;
}

int ReplayRun::Run() {
  if (const int code = Prepare(); code != kExitOk) {
    return code;
  }
  while (true) {
    auto end = Session();
    transformer_ = nullptr;
    if (!end) {
      progress_.Say("newswired replay: " + end.error().message);
      return kExitFailed;
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
  return ReplayRun(request, config, clock, out, err, terminal, std::move(stop)).Run();
}

}  // namespace newswire::commands
