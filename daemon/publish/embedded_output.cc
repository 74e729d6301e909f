// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/publish/embedded_broker.h"
#include "daemon/publish/kafka_output.h"

namespace newswire::publish {
namespace {

// The Kafka output on the embedded broker. When the broker's process is gone, Publish answers
// kUnknown, and Open finds or starts another, which knows nothing of us: the relay begins anew.
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
    return kafka_->Open(std::move(stop));
  }

  Status PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) override {
    if (!kafka_) {
      return Fail(ErrorKind::kTransient, "the embedded broker is not open");
    }
    return kafka_->PrepareTopics(slugs, std::move(stop));
  }

  Result<Commit> Publish(const Batch& batch, std::stop_token stop) override {
    return kafka_ ? kafka_->Publish(batch, std::move(stop)) : Commit::kUnknown;
  }

  void Idle() override {
    if (kafka_) {
      kafka_->Idle();
    }
  }

  std::string TopicName(std::string_view slug) const override {
    return publish::TopicName(options_.topic, slug);
  }
  std::string Identity() const override { return instance_; }

 private:
  KafkaOptions options_;
  const std::string archive_uuid_;
  const std::optional<std::string> replay_run_;
  const Clock& clock_;
  EmbeddedBroker broker_;
  std::string instance_;
  std::unique_ptr<KafkaOutput> kafka_;  // goes before the broker
};

}  // namespace

std::unique_ptr<Output> MakeEmbeddedOutput(KafkaOptions options, std::filesystem::path data_dir,
                                           std::string archive_uuid,
                                           std::optional<std::string> replay_run,
                                           const Clock& clock, std::filesystem::path executable) {
  return std::make_unique<EmbeddedOutput>(std::move(options), data_dir, std::move(archive_uuid),
                                          std::move(replay_run), executable, clock);
}

}  // namespace newswire::publish
