// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/publish/kafka_admin.h"
#include "daemon/publish/kafka_client.h"
#include "daemon/publish/output.h"

namespace newswire::publish {

struct KafkaSetup {
  KafkaOptions options;
  std::string archive_uuid;
  std::optional<std::string> replay_run;
  // The embedded broker: no Admin API, topics come into being when named, no transactions.
  bool trial = false;
  // Trial only: true when the broker is gone for good and Open must find another.
  std::function<bool()> broker_gone;
};

// Output on a Kafka cluster. exactly_once: one transaction holds a batch's events and one
// checkpoint record; anything but a clean commit drops the producer, and the next Open makes a new
// one, lets init_transactions settle what was open and reads the position back. at_least_once: the
// same record is sent when all events before it are acknowledged.
class KafkaOutput : public Output {
 public:
  KafkaOutput(KafkaSetup setup, const Clock& clock);
  ~KafkaOutput() override;

  Result<std::optional<Checkpoint>> Open(std::stop_token stop) override;
  Status PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) override;
  Result<Commit> Publish(const Batch& batch, std::stop_token stop) override;
  void Idle() override;
  std::string TopicName(std::string_view slug) const override;
  std::string Identity() const override { return cluster_id_; }

 private:
  // Opening, in this order.
  Status BackOff(const std::stop_token& stop);
  Status OpenAdmin(SteadyTime deadline, const std::stop_token& stop);
  Status CheckCheckpointTopic(SteadyTime deadline, const std::stop_token& stop);
  Status OpenProducer(SteadyTime deadline, const std::stop_token& stop);
  Status InitTransactions(SteadyTime deadline, const std::stop_token& stop);
  Result<std::optional<Checkpoint>> ReadPosition(const std::stop_token& stop);
  Status CheckAlone(const std::stop_token& stop);

  // Topics.
  TopicPlan Plan(std::string name, const Properties& config, int partitions, int brokers) const;
  Status EnsureTopics(const std::vector<std::string>& names, SteadyTime deadline,
                      const std::stop_token& stop);
  Status CheckSizes(const std::vector<std::string>& names, SteadyTime deadline,
                    const std::stop_token& stop);
  Status Warm(const std::string& name, SteadyTime deadline, const std::stop_token& stop);
  Status PrepareForBatch(const Batch& batch, const std::stop_token& stop);

  // Publishing. An empty result of the first two means: go on.
  struct Record;
  std::optional<Result<Commit>> SendEvents(const Batch& batch, const std::stop_token& stop);
  std::optional<Result<Commit>> Send(Record& record, const std::stop_token& stop);
  std::optional<Result<Commit>> SendCheckpoint(const Checkpoint& checkpoint,
                                               const std::stop_token& stop);
  std::optional<Result<Commit>> Drain(const std::stop_token& stop);
  Status CheckSizes(std::span<const Event> events) const;
  Result<Commit> PublishInTransaction(const Batch& batch, const std::stop_token& stop);
  Result<Commit> PublishAtLeastOnce(const Batch& batch, const std::stop_token& stop);
  Result<Commit> CommitTransaction(const std::stop_token& stop);
  int64_t RecordTime(const Event& event) const;

  // Failing: both drop the producer.
  Result<Commit> Failed(rd_kafka_resp_err_t code, std::string_view doing, bool abort = false);
  Result<Commit> Stopped();
  Result<Commit> Fenced();
  void Drop();

  const KafkaSetup setup_;
  const Clock& clock_;
  const bool transactional_;
  const std::string key_;               // of our checkpoint record; the transactional.id
  const std::string checkpoint_topic_;  // <prefix>checkpoint
  const int32_t checkpoint_partition_;  // 0 live, 1 replay

  std::unique_ptr<KafkaClient> admin_;
  std::string cluster_id_;
  std::set<std::string> known_topics_;  // made to exist in this process; Open looks again
  int64_t batch_bytes_;                 // of the producer: no larger than the smallest topic takes
  bool batch_bytes_changed_ = false;

  std::unique_ptr<KafkaClient> producer_;
  std::unordered_map<std::string, TopicPtr> handles_;  // by topic name
  std::chrono::milliseconds transaction_timeout_{60'000};

  int failures_ = 0;  // in a row, for the back-off
  std::optional<SteadyTime> fenced_at_;
  bool fenced_ = false;  // and not yet known to be alone
  // What this instance read or committed last, and what it asked to commit since.
  std::optional<Position> committed_, attempted_;
};

}  // namespace newswire::publish
