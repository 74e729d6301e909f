// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "daemon/archive/reader.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/replay_progress.h"
#include "daemon/publish/output.h"
#include "daemon/relay/drain.h"
#include "daemon/relay/pending_batch.h"
#include "daemon/relay/replay_input.h"
#include "daemon/relay/sequencer.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

using relay::Pause;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{250};       // of one wait for a transform
constexpr milliseconds kDrain{8000};         // of the last commit after a stop
constexpr milliseconds kRetry{1000};         // while the output is away
constexpr uint64_t kFlushCaptures = 20'000;  // of a fold without publishing

// "20261120T020000Z": what the header newswire-replay says.
std::string RunName(const Clock& clock) {
  std::string name = FormatUtc(std::chrono::floor<std::chrono::seconds>(clock.Wall()));
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  return name;
}

// Lets at most `rate` events a second pass, counted from the first one.
class Throttle {
 public:
  Throttle(std::optional<double> rate, const Clock& clock) : rate_(rate), clock_(clock) {}

  // How long to wait before the next event may go.
  milliseconds Wait(uint64_t events) {
    if (!rate_) {
      return milliseconds(0);
    }
    if (!begin_) {
      begin_ = clock_.Steady();
    }
    const std::chrono::duration<double> due(static_cast<double>(events) / *rate_);
    const auto left = due - (clock_.Steady() - *begin_);
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(left));
  }

 private:
  const std::optional<double> rate_;
  const Clock& clock_;
  std::optional<SteadyTime> begin_;
};

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
        progress_(err, terminal, clock),
        throttle_(request.rate, clock) {}

  int Run();

 private:
  enum class SessionEnd { kFinished, kRestart };

  Status CheckRequest() const;
  Status OpenInput();
  Status OpenOutput();
  Status OpenSequencer(Position start);
  std::unique_ptr<relay::Transformer> MakeTransformer();
  Result<std::optional<archive::Item>> NextItem();

  Result<std::optional<publish::Checkpoint>> AskOutput();
  Result<SessionEnd> Session();
  Result<SessionEnd> Follow(relay::Transformer& transformer, relay::PendingBatch* batch);
  Status Take(relay::Transformer::Taken taken, relay::PendingBatch* batch);
  Status TakeEvents(const Transformed& capture, relay::PendingBatch* batch);
  void Count(std::span<const Event> events);
  Status Print(const std::vector<Event>& events);
  Result<publish::Commit> Commit(relay::PendingBatch& batch);
  bool KnowsSource(const std::string& id) const;
  std::filesystem::path live_state() const { return config_.data_dir / "state" / "sequencer.db"; }
  bool stopped() const { return stop_.stop_requested(); }

  const ReplayRequest& request_;
  const config::Config& config_;
  const Clock& clock_;
  std::ostream& out_;
  const std::stop_token stop_;
  relay::Drain drain_;
  ReplayProgress progress_;
  Throttle throttle_;

  std::unique_ptr<relay::ReplayInput> input_;
  std::unique_ptr<publish::Output> output_;  // null: dry run
  relay::Transformer* transformer_ = nullptr;
  std::unique_ptr<relay::Sequencer> sequencer_;
  Position start_;                // captures before it are folded only
  bool checkpoint_ours_ = false;  // what the output holds was written by this run, or is resumed
  uint64_t passed_ = 0;           // events that the throttle has let go
  uint64_t captures_ = 0, events_ = 0, dead_letters_ = 0, damage_ = 0, folded_ = 0;
};

Status ReplayRun::CheckRequest() const {
  if (request_.position && !request_.from.empty()) {
    return Fail(ErrorKind::kConfig, "--position belongs to the own archive: not with --from");
  }
  if (request_.resume && request_.position) {
    return Fail(ErrorKind::kConfig, "--resume knows the position: not with --position");
  }
  if (request_.dry_run && (request_.to || request_.resume)) {
    return Fail(ErrorKind::kConfig, "--dry-run publishes nothing: not with --to or --resume");
  }
  if (request_.rate && *request_.rate <= 0) {
    return Fail(ErrorKind::kConfig, "--rate needs a number of events a second above 0");
  }
  if (request_.to) {
    if (Status status = publish::CheckTopicPattern(*request_.to + "{category}"); !status) {
      return WithContext(status.error(), "--to");
    }
  }
  return {};
}

bool ReplayRun::KnowsSource(const std::string& id) const {
  return std::ranges::any_of(config_.sources, [&](const Source& s) { return s.id == id; });
}

Status ReplayRun::OpenInput() {
  auto input = request_.from.empty() ? relay::OpenArchiveInput(config_.archive.dir)
                                     : relay::OpenPathsInput(request_.from);
  if (!input) {
    return std::unexpected(input.error());
  }
  input_ = std::move(*input);
  if (!request_.from.empty() && !request_.dry_run && !request_.to) {
    return Fail(ErrorKind::kConfig,
                "what --from names goes to topics of its own: say --to PREFIX (or --dry-run)");
  }
  return {};
}

Status ReplayRun::OpenOutput() {
  if (request_.dry_run) {
    return {};
  }
  publish::KafkaOptions options = config_.kafka;
  if (request_.to) {
    options.topic = *request_.to + "{category}";
  }
  switch (config_.output) {
    case publish::OutputKind::kKafka:
      output_ =
          publish::MakeKafkaOutput(std::move(options), input_->uuid(), RunName(clock_), clock_);
      return {};
    case publish::OutputKind::kFiles:
      output_ = publish::MakeFilesOutput(config_.data_dir / "replay", options.topic, input_->uuid(),
                                         clock_);
      return {};
    case publish::OutputKind::kEmbedded:
      output_ = publish::MakeEmbeddedOutput(std::move(options), config_.data_dir, input_->uuid(),
                                            RunName(clock_), clock_);
      return {};
  }
  return Fail(ErrorKind::kConfig, "unknown output");
}

// The state as of `start`: a copy of the live one where it is at hand, else folded from the
// beginning. A replay of everything starts with nothing, as the first run did.
Status ReplayRun::OpenSequencer(Position start) {
  if (sequencer_) {
    return sequencer_->RewindTo(start);
  }
  relay::SequencerOptions options{.state = {},
                                  .max_topics = config_.kafka.max_topics,
                                  .max_event_bytes = config_.kafka.max_event_bytes,
                                  .read_only = true};
  const auto reread = [this](Position capture) -> Result<std::optional<Transformed>> {
    if (transformer_ == nullptr) {
      return std::nullopt;
    }
    return transformer_->Reread(capture);
  };
  if (start != Position() && request_.from.empty()) {
    relay::SequencerOptions copy = options;
    copy.state = live_state();
    auto opened = relay::Sequencer::Open(std::move(copy), reread);
    if (opened && (*opened)->folded() > Position()) {
      sequencer_ = std::move(*opened);
      return sequencer_->RewindTo(start);
    }
    progress_.Say(
        "replay: the daemon's state cannot be read, it is folded from the archive's "
        "beginning" +
        (opened ? std::string() : ": " + opened.error().message));
  }
  auto opened = relay::Sequencer::Open(std::move(options), reread);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  sequencer_ = std::move(*opened);
  if (!request_.dry_run && !request_.to) {
    // Into the live topics: what went to which stays as it is.
    if (Status status = sequencer_->AdoptTopics(live_state()); !status) {
      progress_.Say("replay: the live map of topics cannot be read: " + status.error().message);
    }
  }
  return {};
}

// Refuses captures of other writers that nobody has given a source.
Result<std::optional<archive::Item>> ReplayRun::NextItem() {
  auto item = input_->Next();
  if (!item || !*item) {
    return item;
  }
  const auto* capture = std::get_if<Capture>(&**item);
  if (capture == nullptr || !capture->metadata.source.empty() ||
      capture->metadata.role == CaptureRole::kRobots) {
    return item;
  }
  if (request_.filter.source.empty()) {
    return Fail(ErrorKind::kConfig,
                fmt::format("{} at offset {} holds a capture without a source ({}): say with "
                            "--source ID which source's page it is",
                            capture->address.segment, capture->address.offset, capture->url));
  }
  if (!KnowsSource(request_.filter.source)) {
    return Fail(ErrorKind::kConfig, fmt::format("the configuration has no source {} (--source)",
                                                request_.filter.source));
  }
  return item;
}

std::unique_ptr<relay::Transformer> ReplayRun::MakeTransformer() {
  relay::TransformerOptions options;
  options.threads = request_.threads > 0 ? request_.threads : config_.transform_threads;
  options.make_runner = request_.make_runner;
  options.limits = {.max_topics = config_.kafka.max_topics,
                    .max_event_bytes = config_.kafka.max_event_bytes};
  if (!request_.as_archived) {
    options.todays_sources = config_.sources;
  }
  if (KnowsSource(request_.filter.source)) {
    options.foreign_source = request_.filter.source;
  }
  options.read_capture = [this](Position capture) { return input_->Read(capture); };
  return std::make_unique<relay::Transformer>([this] { return NextItem(); }, std::move(options));
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

Result<ReplayRun::SessionEnd> ReplayRun::Session() {
  start_ = request_.position.value_or(Position());
  publish::Checkpoint committed;
  committed.archive = input_->uuid();
  if (output_) {
    auto checkpoint = AskOutput();
    if (!checkpoint) {
      return std::unexpected(checkpoint.error());
    }
    if (request_.resume || checkpoint_ours_) {
      if (!*checkpoint) {
        return Fail(ErrorKind::kPermanent,
                    "there is no replay of this input to resume: the output holds no position of "
                    "it (another list of files is another input)");
      }
      committed = **checkpoint;
      start_ = committed.position;
    }
  }
  if (Status status = OpenSequencer(start_); !status) {
    return std::unexpected(status.error());
  }
  if (Status status = input_->Seek(sequencer_->folded()); !status) {
    return std::unexpected(status.error());
  }
  const auto transformer = MakeTransformer();
  transformer_ = transformer.get();
  if (!output_) {
    return Follow(*transformer, nullptr);
  }
  relay::PendingBatch batch({.interval = config_.kafka.commit_interval,
                             .bytes = config_.kafka.commit_bytes,
                             .events = config_.kafka.commit_events},
                            committed, clock_.Steady());
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
    if (at_end) {
      return SessionEnd::kFinished;
    }
    progress_.Show(input_->read_bytes(), input_->total_bytes(), events_);
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
    progress_.Say(fmt::format("replay: {} is damaged at offset {} ({} bytes): {}",
                              taken.damage.segment, taken.damage.offset, taken.damage.length,
                              taken.damage.reason));
    return {};
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
  Status status = sequencer_->Fold(taken.capture);
  if (status && ++folded_ % kFlushCaptures == 0) {
    status = sequencer_->Flush();
  }
  return status;
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
  return Print(*events);
}

void ReplayRun::Count(std::span<const Event> events) {
  for (const Event& event : events) {
    ++(event.type == EventType::kDeadLetter ? dead_letters_ : events_);
  }
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
  auto outcome = output_->Publish(batch.batch(), drain_.token());
  if (outcome && *outcome == publish::Commit::kDone) {
    Count(batch.batch().events);
    batch.Committed(clock_.Steady());
  }
  return outcome;
}

int ReplayRun::Run() {
  for (Status (ReplayRun::*prepare)() : {&ReplayRun::OpenInput, &ReplayRun::OpenOutput}) {
    Status status = CheckRequest();
    if (status) {
      status = (this->*prepare)();
    }
    if (!status) {
      progress_.Say("newswired replay: " + status.error().message);
      return status.error().kind == ErrorKind::kConfig ? kExitUsage : kExitFailed;
    }
  }
  while (true) {
    auto end = Session();
    transformer_ = nullptr;
    if (!end) {
      progress_.Say("newswired replay: " + end.error().message);
      return kExitFailed;
    }
    if (*end == SessionEnd::kFinished) {
      break;
    }
    if (stopped()) {
      break;
    }
    progress_.Say(
        "replay: the outcome of a commit is unknown, going on from what the output holds");
    Pause(kRetry, stop_);
  }
  out_.flush();
  progress_.Finish(captures_, events_, dead_letters_, damage_);
  if (stopped()) {
    progress_.Say(request_.dry_run
                      ? "newswired replay: stopped before the end"
                      : "newswired replay: stopped before the end; go on with --resume");
    return kExitFailed;
  }
  return out_ ? kExitOk : kExitFailed;
}

}  // namespace

bool ReplayFilter::Keeps(const Event& event) const {
  if (!source.empty() && event.ce_source != "urn:newswire:" + source) {
    return false;
  }
  const UtcMillis time = by == By::kPublished ? event.published : event.ce_time;
  if ((since && time < *since) || (until && time >= *until)) {
    return false;
  }
  if (category.empty()) {
    return true;
  }
  const auto value = text::JsonDocument::Parse(event.value);
  if (value) {
    if (const auto slug = value->root()["category"]["slug"].string()) {
      return *slug == category;
    }
  }
  // A removal names no category: its topic does, if that is the category's own.
  return event.topic_slug == publish::TopicSlug(category);
}

int Replay(const ReplayRequest& request, const config::Config& config, const Clock& clock,
           std::ostream& out, std::ostream& err, bool terminal, std::stop_token stop) {
  return ReplayRun(request, config, clock, out, err, terminal, std::move(stop)).Run();
}

}  // namespace newswire::commands
