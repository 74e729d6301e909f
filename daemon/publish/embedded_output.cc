// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "daemon/publish/embedded_broker.h"
#include "daemon/publish/kafka_output.h"
#include "daemon/publish/refill_window.h"

namespace newswire::publish {
namespace {

constexpr size_t kRefillPartitionBytes = size_t{4} << 20;
constexpr size_t kRefillBytes = size_t{64} << 20;
constexpr int kMockPartitions = 4;  // of topics that librdkafka's mock makes
constexpr std::chrono::seconds kRefillPause{60};

// The Kafka output on the embedded broker. When the broker's process is gone, Publish answers
// kUnknown, and Open finds or starts another, which knows nothing of us: the relay begins anew.
// While it catches up, events go into a window that keeps the newest; they are sent when it has
// caught up (Idle), each minute until then, and at the end. Until they are, the broker has no
// checkpoint either: a process that dies in between refills again.
class EmbeddedOutput : public Output {
 public:
  EmbeddedOutput(KafkaOptions options, const std::filesystem::path& data_dir,
                 std::string archive_uuid, std::optional<std::string> replay_run,
                 const std::filesystem::path& executable, const Clock& clock)
      : options_(std::move(options)),
        archive_uuid_(std::move(archive_uuid)),
        replay_run_(std::move(replay_run)),
        clock_(clock),
        broker_(data_dir, executable, clock) {
    options_.properties.clear();  // security and the like are of the real cluster
    options_.delivery = Delivery::kAtLeastOnce;
  }

  Result<std::optional<Checkpoint>> Open(std::stop_token stop) override {
    auto file = broker_.Ensure(stop);
    if (!file) {
      return std::unexpected(file.error());
    }
    if (!kafka_ || instance_ != file->instance) {
      instance_ = file->instance;
      options_.brokers = file->brokers;
      kafka_ = std::make_unique<KafkaOutput>(
          KafkaSetup{.options = options_,
                     .archive_uuid = archive_uuid_,
                     .replay_run = replay_run_,
                     .trial = true,
                     .broker_gone = [this] { return !broker_.Running(); }},
          clock_);
      spdlog::warn(
          "publish: the embedded broker is for trial: it keeps the newest 5 MiB of each partition "
          "in memory, and delivery is at_least_once brokers={}",
          file->brokers);
    }
    auto checkpoint = kafka_->Open(std::move(stop));
    refill_.reset();
    if (checkpoint && !*checkpoint) {
      refill_.emplace(clock_.Steady());
    }
    return checkpoint;
  }
  ~EmbeddedOutput() override { EmbeddedOutput::Idle(); }

  Status PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) override {
    if (!kafka_) {
      return Fail(ErrorKind::kTransient, "the embedded broker is not open");
    }
    return kafka_->PrepareTopics(slugs, std::move(stop));
  }

  Result<Commit> Publish(const Batch& batch, std::stop_token stop) override {
    if (!kafka_) {
      return Commit::kUnknown;
    }
    if (!refill_) {
      return kafka_->Publish(batch, std::move(stop));
    }
    refill_->window.Add(batch.events);
    refill_->checkpoint = batch.checkpoint;
    if (clock_.Steady() - refill_->since < kRefillPause) {
      return Commit::kDone;
    }
    refill_->since = clock_.Steady();
    return Refill(stop);
  }

  void Idle() override {
    if (refill_) {
      // A failure shows at the next Publish, which answers kUnknown.
      [[maybe_unused]] const auto refilled = Refill({});
      refill_.reset();
    }
    if (kafka_) {
      kafka_->Idle();
    }
  }

  std::string TopicName(std::string_view slug) const override {
    return publish::TopicName(options_.topic, slug);
  }
  std::string Identity() const override { return instance_; }

 private:
  struct Refilling {
    explicit Refilling(SteadyTime now)
        : since(now), window(kRefillPartitionBytes, kRefillBytes, kMockPartitions) {}
    SteadyTime since;
    RefillWindow window;
    std::optional<Checkpoint> checkpoint;  // nullopt: nothing came yet
  };

  Result<Commit> Refill(const std::stop_token& stop) {
    if (!refill_->checkpoint) {
      return Commit::kDone;
    }
    const std::vector<Event> events = refill_->window.Take();
    const Checkpoint checkpoint = *std::exchange(refill_->checkpoint, std::nullopt);
    return kafka_->Publish({.events = events, .checkpoint = checkpoint}, stop);
  }

  KafkaOptions options_;
  const std::string archive_uuid_;
  const std::optional<std::string> replay_run_;
  const Clock& clock_;
  EmbeddedBroker broker_;
  std::string instance_;
  std::unique_ptr<KafkaOutput> kafka_;  // goes before the broker
  std::optional<Refilling> refill_;
};

}  // namespace

std::unique_ptr<Output> MakeEmbeddedOutput(KafkaOptions options,
                                           const std::filesystem::path& data_dir,
                                           std::string archive_uuid,
                                           std::optional<std::string> replay_run,
                                           const Clock& clock,
                                           const std::filesystem::path& executable) {
  return std::make_unique<EmbeddedOutput>(std::move(options), data_dir, std::move(archive_uuid),
                                          std::move(replay_run), executable, clock);
}

}  // namespace newswire::publish
