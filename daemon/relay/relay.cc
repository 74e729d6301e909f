// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/relay.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/reader.h"
#include "daemon/fail_point.h"
#include "daemon/relay/crash_notes.h"
#include "daemon/relay/drain.h"
#include "daemon/relay/pending_batch.h"
#include "daemon/relay/quarantine.h"
#include "daemon/relay/redacted.h"
#include "daemon/relay/restore.h"
#include "daemon/relay/retention.h"
#include "daemon/relay/sequencer.h"
#include "daemon/relay/start.h"
#include "daemon/relay/transformer.h"

namespace newswire::relay {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kStateName = "sequencer.db";
constexpr std::chrono::minutes kWarnInterval{1};
constexpr milliseconds kFirstRetry{100};
constexpr milliseconds kLongestRetry{10'000};
constexpr milliseconds kPatience{1000};                   // of one wait without a deadline
constexpr uint64_t kFoldFlushBytes = uint64_t{64} << 20;  // of archive, when only the state is made

// One Run: from the first Open of the output to the stop. Sessions follow each other, each from
// what the output says it holds.
class LiveRun {
 public:
  // `begun_at` is where the archive ended before anything was appended to it by this process.
  LiveRun(const RelayOptions& options, publish::Output& output, archive::Archive& archive,
          Position begun_at, const Clock& clock, RelayCounters& counters, std::stop_token stop)
      : options_(options),
        output_(output),
        archive_(archive),
        clock_(clock),
        counters_(counters),
        stop_(stop),
        start_(options, output, archive, begun_at, clock),
        retention_(options.archive_dir, options.retention, archive, clock),
        drain_(std::move(stop), options.drain) {}

  Status Run();

 private:
  enum class SessionEnd { kStopped, kRestart };

  Result<SessionEnd> Session();
  Status OpenSequencer();
  Result<std::unique_ptr<Transformer>> OpenTransformer(Position from);
  Result<SessionEnd> Follow(Transformer& transformer, Position start,
                            publish::Checkpoint committed);
  Status BecomeReady(PendingBatch& batch, Position start);
  Result<SessionEnd> Stop(PendingBatch& batch);
  Status FoldCapture(const Transformed& capture);
  Status TakeCapture(Transformed capture, PendingBatch& batch);
  Status TakeControl(const archive::Control& control, PendingBatch* batch);
  Result<publish::Commit> Commit(PendingBatch& batch);
  template <typename Ask>
  auto Persist(std::string_view what, const Ask& ask) -> decltype(ask());
  // Marks errors of the state, so that damage to it is told from damage to the archive.
  template <typename R>
  R OfState(R result) {
    if (!result && result.error().kind == ErrorKind::kCorruption) {
      state_damaged_ = true;
    }
    return result;
  }
  std::filesystem::path state_file() const { return options_.state_dir / kStateName; }
  bool stopped() const { return stop_.stop_requested(); }

  const RelayOptions& options_;
  publish::Output& output_;
  archive::Archive& archive_;
  const Clock& clock_;
  RelayCounters& counters_;
  std::stop_token stop_;
  Start start_;
  Retention retention_;
  Drain drain_;
  std::unique_ptr<archive::Reader> reader_;  // of the present session
  Transformer* transformer_ = nullptr;       // of the present session, for Reread
  std::unique_ptr<Sequencer> sequencer_;
  bool state_damaged_ = false;
  uint64_t unflushed_ = 0;            // bytes of archive folded since the last Flush
  ArchiveAddress last_folded_;        // the last capture taken without publishing
  uint64_t ignored_before_ = 0;       // rechecks ignored by earlier sequencers of this run
  std::optional<SteadyTime> warned_;  // of ignored re-checks, when
  bool failing_ = false;              // the last commit did not succeed
};

Status LiveRun::Run() {
  const CrashStack crash_stack;
  milliseconds retry = kFirstRetry;
  while (!stopped()) {
    const uint64_t commits = counters_.commits;
    auto end = Session();
    transformer_ = nullptr;
    reader_.reset();
    if (end && *end == SessionEnd::kStopped) {
      break;
    }
    if (!end) {
      failing_ = true;
      if (end.error().kind == ErrorKind::kCancelled || stopped()) {
        break;
      }
      if (state_damaged_) {
        spdlog::error(
            "sequencer state is damaged and will be rebuilt from the archive reason=\"{}\"",
            end.error().message);
        ++counters_.rebuilds;
        state_damaged_ = false;
        ignored_before_ = counters_.ignored_rechecks;
        sequencer_.reset();
        if (Status status = Sequencer::Delete(state_file()); !status) {
          return status;
        }
      } else if (end.error().kind != ErrorKind::kTransient) {
        return std::unexpected(end.error());
      }
      spdlog::warn("relay starts again from what the output holds reason=\"{}\"",
                   end.error().message);
    }
    ++counters_.rewinds;
    // What fails again without a commit between is asked for less and less often.
    if (counters_.commits > commits) {
      retry = kFirstRetry;
    } else {
      Pause(retry, stop_);
      retry = std::min(retry * 2, kLongestRetry);
    }
  }
  return {};
}

Status LiveRun::OpenSequencer() {
  if (sequencer_) {
    return {};
  }
  SequencerOptions options{
      .state = state_file(),
      .max_topics = options_.kafka.max_topics,
      .max_event_bytes = options_.kafka.max_event_bytes,
      .read_only = false,
      .archive = archive_.uuid(),
      .redacted =
          [this](std::string_view post) { return archive_.controls()->redactions()->Names(post); },
      .retired = [this](Position capture,
                        Position at) { return archive_.controls()->IsRetired(capture, at); }};
  auto sequencer = OfState(Sequencer::Open(
      std::move(options), [this](Position capture) -> Result<std::optional<Transformed>> {
        if (transformer_ == nullptr) {
          return std::nullopt;
        }
        return transformer_->Reread(capture);
      }));
  if (!sequencer) {
    return std::unexpected(sequencer.error());
  }
  sequencer_ = std::move(*sequencer);
  return {};
}

Result<std::unique_ptr<Transformer>> LiveRun::OpenTransformer(Position from) {
  auto reader = archive::Reader::OpenArchive(
      options_.archive_dir, from, [this] { return archive_.durable_end(); },
      [this] { return archive_.controls(); });
  if (!reader) {
    return WithContext(reader.error(), "opening the archive");
  }
  reader_ = std::move(*reader);
  TransformerOptions options;
  options.threads = options_.threads;
  options.make_runner = options_.make_runner;
  options.limits = {.max_topics = options_.kafka.max_topics,
                    .max_event_bytes = options_.kafka.max_event_bytes};
  options.quarantined = [this](Position capture) {
    return QuarantineReason(*archive_.controls(), capture);
  };
  options.redactions = [this] { return archive_.controls()->redactions(); };
  options.read_capture = [this](Position capture) {
    return archive::ReadCaptureAt(options_.archive_dir, capture);
  };
  return std::make_unique<Transformer>([this] { return reader_->Next(); }, std::move(options));
}

Result<LiveRun::SessionEnd> LiveRun::Session() {
  counters_.output_ready = false;
  retention_.Abandon();
  if (Status status = OpenSequencer(); !status) {
    return std::unexpected(status.error());
  }
  auto checkpoint =
      Persist("output is away, events wait in the archive", [this] { return output_.Open(stop_); });
  if (!checkpoint) {
    return std::unexpected(checkpoint.error());
  }
  auto start = start_.Find(*checkpoint);
  if (!start) {
    return std::unexpected(start.error());
  }
  publish::Checkpoint committed;
  committed.archive = archive_.uuid();
  if (start->committed) {
    committed = **checkpoint;
  }
  if (Status status = OfState(sequencer_->RewindTo(start->position)); !status) {
    return std::unexpected(status.error());
  }
  NEWSWIRE_FAIL_POINT("relay.after_rewind");
  if (Status status = OfState(
          RestoreFor(start->position, options_.archive_dir, *archive_.controls(), *sequencer_));
      !status) {
    return std::unexpected(status.error());
  }
  counters_.committed = start->position.value();
  unflushed_ = 0;
  last_folded_ = {};
  auto transformer = OpenTransformer(sequencer_->folded());
  if (!transformer) {
    return std::unexpected(transformer.error());
  }
  transformer_ = transformer->get();
  spdlog::info("relay starts start={} state={} archive_end={}", start->position.ToHex(),
               sequencer_->folded().ToHex(), archive_.durable_end().ToHex());
  return Follow(**transformer, start->position, std::move(committed));
}

Status LiveRun::BecomeReady(PendingBatch& batch, Position start) {
  const std::vector<std::string> slugs = sequencer_->TopicSlugs();
  if (!slugs.empty()) {
    Status prepared =
        Persist("topics cannot be made now", [&] { return output_.PrepareTopics(slugs, stop_); });
    if (!prepared) {
      return prepared;
    }
  }
  counters_.output_ready = !failing_;
  // A start that the output does not hold yet (it was given by the operator's on_missing_position)
  // is told to it at once: the next start must not choose another one.
  if (batch.committed().position == start || start == Position()) {
    return {};
  }
  batch.Advance(start, last_folded_);
  auto outcome = Commit(batch);
  if (outcome && *outcome == publish::Commit::kUnknown) {
    return Fail(ErrorKind::kTransient, "the first commit of the start position did not succeed");
  }
  return outcome ? Status() : std::unexpected(outcome.error());
}

Result<LiveRun::SessionEnd> LiveRun::Follow(Transformer& transformer, Position start,
                                            publish::Checkpoint committed) {
  const publish::KafkaOptions& kafka = options_.kafka;
  PendingBatch batch({.interval = kafka.commit_interval,
                      .bytes = kafka.commit_bytes,
                      .events = kafka.commit_events},
                     std::move(committed), clock_.Steady());
  bool ready = false;  // the state has reached the start
  while (true) {
    if (stopped()) {
      return Stop(batch);
    }
    batch.SetArchiveEnd(archive_.durable_end());
    if (batch.Due(clock_.Steady())) {
      auto outcome = Commit(batch);
      if (!outcome) {
        return std::unexpected(outcome.error());
      }
      if (*outcome == publish::Commit::kUnknown) {
        return SessionEnd::kRestart;
      }
      continue;
    }
    milliseconds wait = std::min(batch.UntilDue(clock_.Steady()), kPatience);
    if (retention_.busy()) {
      wait = std::min(wait, Retention::kStepWait);
    }
    const Position seen = archive_.durable_end();
    auto taken = transformer.Take(wait);
    if (!taken) {
      return WithContext(taken.error(), "reading the archive");
    }
    const bool folding =
        taken->outcome == Transformer::Outcome::kWaiting ||
        taken->outcome == Transformer::Outcome::kDamage ||
        (taken->outcome == Transformer::Outcome::kControl && taken->control.position < start) ||
        (taken->outcome == Transformer::Outcome::kCapture &&
         taken->capture.address.position < start);
    if (!ready && !folding) {
      if (Status status = BecomeReady(batch, start); !status) {
        return std::unexpected(status.error());
      }
      ready = true;
    }
    if (ready) {
      const bool idle = taken->outcome == Transformer::Outcome::kEnd;
      if (Status status = OfState(retention_.Step(*sequencer_, batch.committed(), idle)); !status) {
        return std::unexpected(status.error());
      }
      counters_.snapshots = retention_.snapshots();
      counters_.retired_segments = retention_.retired();
    }
    Status status;
    switch (taken->outcome) {
      case Transformer::Outcome::kWaiting:
        break;
      case Transformer::Outcome::kEnd:
        if (!batch.has_events()) {
          counters_.settled = seen.value();
          failing_ = false;  // all is committed
          counters_.output_ready = true;
          output_.Idle();
        }
        archive_.WaitPast(seen, wait, stop_);
        break;
      case Transformer::Outcome::kDamage:
        ++counters_.damage;
        spdlog::error(
            "archive is damaged, reading goes on behind it segment={} offset={} bytes={} "
            "reason=\"{}\"",
            taken->damage.segment, taken->damage.offset, taken->damage.length,
            taken->damage.reason);
        break;
      case Transformer::Outcome::kControl:
        status = TakeControl(taken->control, folding ? nullptr : &batch);
        break;
      case Transformer::Outcome::kCapture:
        if (taken->limits) {
          sequencer_->SetLimits(taken->limits->max_topics, taken->limits->max_event_bytes);
        }
        status =
            folding ? FoldCapture(taken->capture) : TakeCapture(std::move(taken->capture), batch);
        break;
    }
    if (!status) {
      return std::unexpected(status.error());
    }
  }
}

Result<LiveRun::SessionEnd> LiveRun::Stop(PendingBatch& batch) {
  if (batch.has_events()) {
    auto outcome = Commit(batch);
    if (!outcome) {
      return std::unexpected(outcome.error());
    }
    if (*outcome == publish::Commit::kUnknown) {
      return SessionEnd::kStopped;  // the next start settles it
    }
  }
  // Nothing committed is no news: a hint of 0 would let the next start begin at the beginning.
  if (batch.committed().position != Position()) {
    start_.Remember(batch.committed(), true);
  }
  return SessionEnd::kStopped;
}

Status LiveRun::FoldCapture(const Transformed& capture) {
  const CrashScope working(capture.address.position);
  if (Status status = OfState(sequencer_->Fold(capture)); !status) {
    return status;
  }
  ++counters_.folded;
  last_folded_ = capture.address;
  NEWSWIRE_FAIL_POINT("relay.while_folding");
  const Position begin = capture.address.position;
  const Position end = capture.address.end;
  unflushed_ += end.serial() == begin.serial() ? end.offset() - begin.offset() : end.offset();
  if (unflushed_ >= kFoldFlushBytes) {
    unflushed_ = 0;
    return OfState(sequencer_->Flush());
  }
  return {};
}

Status LiveRun::TakeCapture(Transformed capture, PendingBatch& batch) {
  const CrashScope working(capture.address.position);
  auto events = OfState(sequencer_->Apply(capture));
  if (!events) {
    return std::unexpected(events.error());
  }
  ++counters_.captures;
  const uint64_t ignored = ignored_before_ + sequencer_->counters().ignored_rechecks;
  const SteadyTime now = clock_.Steady();
  if (ignored > counters_.ignored_rechecks && (!warned_ || now - *warned_ >= kWarnInterval)) {
    warned_ = now;
    spdlog::warn(
        "re-checks show the text of other posts and are ignored source={} link={} total={}",
        capture.source, capture.link, ignored);
  }
  counters_.ignored_rechecks = ignored;
  batch.Add(capture.address, std::move(*events), now);
  return {};
}

// A record that changes no state; the checkpoint may go past it. A redaction becomes tombstones.
// `batch` is null below the start.
Status LiveRun::TakeControl(const archive::Control& control, PendingBatch* batch) {
  sequencer_->Pass(control.end);
  if (batch == nullptr) {
    return {};
  }
  auto tombstones = OfState(TombstonesOf(control, *sequencer_));
  if (!tombstones) {
    return std::unexpected(tombstones.error());
  }
  batch->Add(AddressOf(control), std::move(*tombstones), clock_.Steady());
  return {};
}

Result<publish::Commit> LiveRun::Commit(PendingBatch& batch) {
  const publish::Batch wanted = batch.batch();
  if (Status status = OfState(sequencer_->Flush()); !status) {
    return std::unexpected(status.error());
  }
  NEWSWIRE_FAIL_POINT("relay.after_flush");
  start_.Publishing();
  auto outcome = output_.Publish(wanted, drain_.token());
  failing_ = !outcome || *outcome != publish::Commit::kDone;
  if (failing_) {
    return outcome;
  }
  counters_.output_ready = true;
  NEWSWIRE_FAIL_POINT("relay.after_publish");
  const auto letters = std::ranges::count_if(
      wanted.events, [](const Event& event) { return event.type == EventType::kDeadLetter; });
  counters_.dead_letters += static_cast<uint64_t>(letters);
  counters_.events += wanted.events.size();
  counters_.committed = wanted.checkpoint.position.value();
  ++counters_.commits;
  batch.Committed(clock_.Steady());
  start_.Remember(batch.committed(), false);
  return publish::Commit::kDone;
}

// Asks the output again, less and less often, while it is away.
template <typename Ask>
auto LiveRun::Persist(std::string_view what, const Ask& ask) -> decltype(ask()) {
  for (milliseconds retry = kFirstRetry; true; retry = std::min(retry * 2, kLongestRetry)) {
    auto answer = ask();
    if (answer || answer.error().kind != ErrorKind::kTransient) {
      return answer;
    }
    spdlog::warn("{} reason=\"{}\"", what, answer.error().message);
    Pause(retry, stop_);
    if (stopped()) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for the output");
    }
  }
}

}  // namespace

Relay::Relay(RelayOptions options, publish::Output& output, archive::Archive& archive,
             const Clock& clock)
    : options_(std::move(options)), output_(output), archive_(archive), clock_(clock) {}

Relay::~Relay() = default;

Status Relay::Prepare() {
  if (!begun_at_) {
    begun_at_ = archive_.durable_end();
  }
  // Not created() alone: a process that died while it made the archive wrote no hint.
  if (!archive_.empty()) {
    return {};
  }
  return Start::WriteFirstHint(options_);
}

Status Relay::Run(std::stop_token stop) {
  if (Status status = Prepare(); !status) {
    return status;
  }
  return LiveRun(options_, output_, archive_, *begun_at_, clock_, counters_, std::move(stop)).Run();
}

}  // namespace newswire::relay
