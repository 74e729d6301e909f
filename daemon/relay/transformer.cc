// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/transformer.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>
#include <variant>

#include <fmt/core.h>
#include <pthread.h>

#include "daemon/fail_point.h"
#include "daemon/relay/crash_notes.h"
#include "transforms/pipeline.h"
#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

constexpr uint64_t kCaptureOverhead = 4096;  // bytes that a capture costs beside its body

size_t ThreadCount(int wanted) {
  return wanted > 0 ? static_cast<size_t>(wanted)
                    : std::max<size_t>(1, std::thread::hardware_concurrency());
}

// A capture that is kept, and of which no event can come.
Transformed WithoutDocuments(const Capture& capture) {
  Transformed nothing;
  nothing.address = capture.address;
  nothing.kind = capture.kind;
  nothing.role = capture.metadata.role;
  nothing.http_status = capture.http_status;
  nothing.source = capture.metadata.source;
  nothing.link = capture.metadata.link;
  nothing.fetched_at = capture.fetched_at;
  return nothing;
}

Transformed Refused(const Capture& capture, std::string step, std::string reason) {
  Transformed refused = WithoutDocuments(capture);
  if (capture.kind != CaptureKind::kRevisit) {
    refused.dead_letters.push_back({.source = capture.metadata.source,
                                    .url = capture.url,
                                    .document = 0,
                                    .step = std::move(step),
                                    .reason = std::move(reason),
                                    .fetched_at = capture.fetched_at,
                                    .archive = capture.address,
                                    .pipeline = {}});
  }
  return refused;
}

BodyKind BodyOf(const Capture& capture) {
  return capture.metadata.role == CaptureRole::kFeed ? BodyKind::kFeed : capture.metadata.body;
}

}  // namespace

MakeRunner PipelineRunners() {
  return [](const Source& source) -> Result<Runner> {
    auto pipeline = Pipeline::Create(source);
    if (!pipeline) {
      return std::unexpected(pipeline.error());
    }
    auto shared = std::make_shared<const Pipeline>(std::move(*pipeline));
    return [shared](const Capture& capture) { return shared->Run(capture); };
  };
}

Limits LimitsFromConfig(std::string_view config_json, Limits fallback) {
  const auto document = text::JsonDocument::Parse(config_json);
  if (!document) {
    return fallback;
  }
  const text::JsonValue kafka = document->root()["kafka"];
  const auto topics = kafka["max_topics"].integer();
  const auto bytes = kafka["max_event_bytes"].integer();
  Limits limits = fallback;
  if (topics && *topics >= 0 && *topics <= UINT32_MAX) {
    limits.max_topics = static_cast<uint32_t>(*topics);
  }
  if (bytes && *bytes > 0) {
    limits.max_event_bytes = static_cast<size_t>(*bytes);
  }
  return limits;
}

// What is in force between two warcinfo records. Immutable once made; shared with the workers.
struct Transformer::Governing {
  struct Entry {
    Source source;
    std::shared_ptr<const Result<Runner>> runner;
  };
  std::map<std::string, Entry, std::less<>> sources;
  Limits limits;

  Transformed Run(const Capture& capture) const {
    const CrashScope working(capture.address.position);
    NEWSWIRE_CRASH_POINT(capture.body);
    if (capture.metadata.role == CaptureRole::kRobots) {
      return WithoutDocuments(capture);  // of a site, not of a source
    }
    const auto found = sources.find(capture.metadata.source);
    if (found == sources.end()) {
      return Refused(capture, "source",
                     capture.metadata.source.empty()
                         ? "the capture names no source"
                         : fmt::format("the configuration in force does not know the source {}",
                                       capture.metadata.source));
    }
    const Result<Runner>& runner = *found->second.runner;
    if (!runner) {
      return Refused(capture, "pipeline", runner.error().message);
    }
    Transformed transformed = (*runner)(capture);
    transformed.body = BodyOf(capture);
    transformed.without_entry = capture.metadata.IsPostWithoutEntry();
    return transformed;
  }
};

struct Transformer::Slot {
  Capture capture;
  std::shared_ptr<const Governing> governing;  // null: no capture
  std::optional<archive::Control> control;     // else damage
  std::optional<std::string> quarantine;       // why the transforms are not run
  uint64_t bytes = 0;                          // counted against max_bytes
  Transformed transformed;
  archive::Damage damage;
  bool done = false;  // guarded by mutex_; then the worker is finished with the slot
};

Transformer::Transformer(NextItem next, TransformerOptions options)
    : next_(std::move(next)), options_(std::move(options)), work_(options_.max_captures + 1) {
  // Nothing archived is in force yet, but today's sources of a replay are.
  reading_ = Govern({});
  for (size_t i = 0; i < ThreadCount(options_.threads); ++i) {
    workers_.emplace_back([this](std::stop_token stop) { Work(std::move(stop)); });
    pthread_setname_np(workers_.back().native_handle(), fmt::format("transform-{}", i).c_str());
  }
  reader_ = std::jthread([this](const std::stop_token& stop) { ReadAhead(stop); });
  pthread_setname_np(reader_.native_handle(), "relay-reader");
}

Transformer::~Transformer() {
  reader_.request_stop();
  reader_.join();
  for (std::jthread& worker : workers_) {
    worker.request_stop();
  }
  work_.Close();
  workers_.clear();
}

void Transformer::Work(std::stop_token stop) {
  const CrashStack crash_stack;
  while (!stop.stop_requested()) {
    auto slot = work_.Pop(stop);
    if (!slot) {
      return;
    }
    Transform(**slot);
    {
      std::lock_guard lock(mutex_);
      (*slot)->done = true;
    }
    done_.notify_one();
  }
}

void Transformer::Transform(Slot& slot) const {
  try {
    slot.transformed = slot.quarantine
                           ? Refused(slot.capture, "quarantine", std::move(*slot.quarantine))
                           : slot.governing->Run(slot.capture);
  } catch (const std::exception& failure) {
    slot.transformed = Refused(slot.capture, "pipeline", failure.what());
  }
  if (options_.redactions) {
    options_.redactions()->Apply(slot.transformed);
  }
  slot.capture.body = {};  // the answer holds all that is needed
}

std::shared_ptr<const Transformer::Governing> Transformer::Govern(
    const archive::WarcInfo& info) const {
  auto governing = std::make_shared<Governing>();
  governing->limits = options_.todays_sources ? options_.limits
                                              : LimitsFromConfig(info.config_json, options_.limits);
  const auto add = [&](const Source& source) {
    if (governing->sources.contains(source.id)) {
      return;
    }
    if (reading_) {
      // Every segment repeats the configuration: what did not change is not made again.
      const auto known = reading_->sources.find(source.id);
      if (known != reading_->sources.end() && known->second.source == source) {
        governing->sources.emplace(source.id, known->second);
        return;
      }
    }
    auto runner = std::make_shared<const Result<Runner>>(options_.make_runner(source));
    governing->sources.emplace(source.id, Governing::Entry{source, std::move(runner)});
  };
  if (options_.todays_sources) {
    std::ranges::for_each(*options_.todays_sources, add);
  }
  std::ranges::for_each(info.sources, add);
  return governing;
}

bool Transformer::MayRead() const {
  if (at_end_) {
    return asked_ > answered_;
  }
  return in_flight_.empty() ||
         (in_flight_.size() < options_.max_captures && bytes_in_flight_ < options_.max_bytes);
}

void Transformer::ReadAhead(const std::stop_token& stop) {
  while (true) {
    uint64_t asked = 0;
    {
      std::unique_lock lock(mutex_);
      if (!may_read_.wait(lock, stop, [this] { return MayRead(); })) {
        return;
      }
      asked = asked_;  // what is found missing from here on is missing for this Take
    }
    auto item = next_();
    if (item && *item) {
      {
        std::lock_guard lock(mutex_);
        at_end_ = false;
      }
      Accept(std::move(**item));
      continue;
    }
    {
      std::lock_guard lock(mutex_);
      at_end_ = true;
      answered_ = asked;
      if (!item) {
        failed_ = item.error();
      }
    }
    done_.notify_one();
    if (!item) {
      return;
    }
  }
}

void Transformer::Accept(archive::Item item) {
  if (const auto* info = std::get_if<archive::WarcInfo>(&item)) {
    reading_ = Govern(*info);
    return;
  }
  auto slot = std::make_shared<Slot>();
  if (auto* damage = std::get_if<archive::Damage>(&item)) {
    slot->damage = std::move(*damage);
    slot->done = true;
    Enqueue(std::move(slot));
    done_.notify_one();
    return;
  }
  if (auto* control = std::get_if<archive::Control>(&item)) {
    slot->control = std::move(*control);
    slot->done = true;
    in_flight_.push_back(std::move(slot));
    return;
  }
  slot->capture = std::get<Capture>(std::move(item));
  slot->governing = reading_;
  if (options_.quarantined) {
    slot->quarantine = options_.quarantined(slot->capture.address.position);
  }
  slot->bytes = slot->capture.body.size() + kCaptureOverhead;
  if (slot->capture.metadata.source.empty() && !options_.foreign_source.empty()) {
    CaptureMetadata& metadata = slot->capture.metadata;
    metadata.source = options_.foreign_source;
    if (metadata.link.empty()) {  // another writer's: nothing is known but the page
      metadata.role = CaptureRole::kPost;
      metadata.body = BodyKind::kPage;
      metadata.link = slot->capture.url;
    }
  }
  Enqueue(slot);
  work_.Push(std::move(slot));
}

void Transformer::Enqueue(std::shared_ptr<Slot> slot) {
  std::lock_guard lock(mutex_);
  bytes_in_flight_ += slot->bytes;
  in_flight_.push_back(std::move(slot));
}

Result<Transformer::Taken> Transformer::Take(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  const uint64_t asked = ++asked_;
  may_read_.notify_one();
  const auto answered = [&] {
    return in_flight_.empty() ? failed_.has_value() || answered_ >= asked
                              : in_flight_.front()->done;
  };
  if (!done_.wait_for(lock, wait, answered)) {
    Taken waiting;
    waiting.outcome = Outcome::kWaiting;
    return waiting;
  }
  if (in_flight_.empty()) {
    if (failed_) {
      return std::unexpected(*failed_);
    }
    return Taken{};
  }
  const std::shared_ptr<Slot> front = std::move(in_flight_.front());
  in_flight_.pop_front();
  bytes_in_flight_ -= front->bytes;
  lock.unlock();
  may_read_.notify_one();
  Taken taken;
  if (front->control) {
    taken.outcome = Outcome::kControl;
    taken.control = std::move(*front->control);
    return taken;
  }
  if (front->governing == nullptr) {
    taken.outcome = Outcome::kDamage;
    taken.damage = std::move(front->damage);
    return taken;
  }
  taken.outcome = Outcome::kCapture;
  taken.capture = std::move(front->transformed);
  if (front->governing != taken_) {
    taken_ = front->governing;
    taken.limits = taken_->limits;
  }
  return taken;
}

Result<std::optional<Transformed>> Transformer::Reread(Position capture) const {
  if (!options_.read_capture || taken_ == nullptr ||
      (options_.quarantined && options_.quarantined(capture))) {
    return std::nullopt;
  }
  auto read = options_.read_capture(capture);
  if (!read) {
    if (read.error().kind == ErrorKind::kCorruption) {
      return std::nullopt;
    }
    return std::unexpected(read.error());
  }
  if (!taken_->sources.contains(read->metadata.source)) {
    return std::nullopt;
  }
  Transformed transformed = taken_->Run(*read);
  if (options_.redactions) {
    options_.redactions()->Apply(transformed);
  }
  return transformed;
}

}  // namespace newswire::relay
