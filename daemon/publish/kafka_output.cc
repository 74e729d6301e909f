// SPDX-License-Identifier: Apache-2.0
// KafkaOutput: opening. kafka_publish.cc has the rest.
#include "daemon/publish/kafka_output.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/fail_point.h"
#include "daemon/publish/kafka_position.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::seconds kOpenTime{30};
constexpr std::chrono::milliseconds kFirstBackOff{100};
constexpr std::chrono::milliseconds kLongestBackOff{5000};
constexpr int64_t kDefaultBatchBytes = 1'000'000;
constexpr int kDefaultReplication = 3;
constexpr int kCheckpointPartitions = 2;
constexpr size_t kBrokerMessageBytes = 1'048'588;  // Kafka's default of max.message.bytes
constexpr size_t kTopicMargin = size_t{4} << 10;
// Positions are one small record a commit; a broker keeps many days of them before it compacts.
const Properties kCheckpointConfig = {
    {"cleanup.policy", "compact"},    {"segment.ms", "3600000"},
    {"segment.bytes", "16777216"},    {"min.cleanable.dirty.ratio", "0.1"},
    {"max.message.bytes", "1048588"},
};

int64_t Number(const Properties& settings, const std::string& key, int64_t fallback) {
  const auto found = settings.find(key);
  int64_t value = fallback;
  if (found != settings.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  }
  return value;
}

std::string Text(const Properties& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

}  // namespace

KafkaOutput::KafkaOutput(KafkaSetup setup, const Clock& clock)
    : setup_(std::move(setup)),
      clock_(clock),
      transactional_(setup_.options.delivery == Delivery::kExactlyOnce && !setup_.trial),
      key_(fmt::format("newswire-{}-{}", setup_.archive_uuid, setup_.replay_run ? "replay" : "0")),
      checkpoint_topic_(TopicPrefix(setup_.options.topic) + "checkpoint"),
      checkpoint_partition_(setup_.replay_run ? 1 : 0),
      batch_bytes_(Number(setup_.options.properties, "batch.size", kDefaultBatchBytes)) {}

KafkaOutput::~KafkaOutput() { Drop(); }

void KafkaOutput::Drop() {
  handles_.clear();
  producer_.reset();
}

std::string KafkaOutput::TopicName(std::string_view slug) const {
  return publish::TopicName(setup_.options.topic, slug);
}

void KafkaOutput::Idle() {
  if (producer_) {
    rd_kafka_poll(producer_->get(), 0);
  }
  if (admin_) {
    rd_kafka_poll(admin_->get(), 0);
  }
}

Result<std::optional<Checkpoint>> KafkaOutput::Open(std::stop_token stop) {
  Drop();
  if (auto ok = CheckTopicPattern(setup_.options.topic); !ok) {
    return std::unexpected(ok.error());
  }
  if (auto ok = BackOff(stop); !ok) {
    return std::unexpected(ok.error());
  }
  const SteadyTime deadline = clock_.Steady() + kOpenTime;
  if (auto ok = OpenAdmin(deadline, stop); !ok) {
    return std::unexpected(ok.error());
  }
  if (!setup_.trial) {
    if (auto ok = CheckCheckpointTopic(deadline, stop); !ok) {
      return std::unexpected(ok.error());
    }
  }
  const std::vector<std::string> known(known_topics_.begin(), known_topics_.end());
  if (auto ok = EnsureTopics(known, deadline, stop); !ok) {
    return std::unexpected(ok.error());
  }
  if (fenced_) {
    if (auto ok = CheckAlone(stop); !ok) {
      return std::unexpected(ok.error());
    }
    fenced_ = false;
  }
  if (auto ok = OpenProducer(deadline, stop); !ok) {
    Drop();
    return std::unexpected(ok.error());
  }
  auto position = ReadPosition(stop);
  if (!position) {
    Drop();
  } else if (*position) {
    NEWSWIRE_FAIL_POINT("publish.kafka.position_read");
    committed_ = (*position)->position;
  }
  return position;
}

// Before init_transactions, which would fence in turn whoever fenced us: two instances must not end
// each other. A position that is not ours tells that the other one publishes.
Status KafkaOutput::CheckAlone(const std::stop_token& stop) {
  auto position = ReadPosition(stop);
  if (!position) {
    return std::unexpected(position.error());
  }
  if (!*position || (*position)->position == committed_ || (*position)->position == attempted_) {
    return {};
  }
  return Fail(ErrorKind::kPermanent,
              fmt::format("another instance publishes this archive: it uses the same "
                          "transactional.id {} and has committed position {}; run only one",
                          key_, (*position)->position.ToHex()));
}

// Commits that fail in a row must not become a busy loop of rebuilt producers.
Status KafkaOutput::BackOff(const std::stop_token& stop) {
  if (failures_ < 2) {
    return {};
  }
  const auto pause = std::min(kFirstBackOff * (1 << std::min(failures_ - 2, 10)), kLongestBackOff);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, pause, [] { return false; });
  if (stop.stop_requested()) {
    return Fail(ErrorKind::kCancelled, "stopped before opening Kafka again");
  }
  return {};
}

Status KafkaOutput::OpenAdmin(SteadyTime deadline, const std::stop_token& stop) {
  if (setup_.options.brokers.empty()) {
    return Fail(ErrorKind::kConfig, "kafka.brokers: is empty; expected host:port[,host:port…]");
  }
  if (!admin_) {
    auto client = KafkaClient::Make(setup_.options, ClientRole::kReadUncommitted, {}, clock_);
    if (!client) {
      return std::unexpected(client.error());
    }
    admin_ = std::move(*client);
  }
  auto id = KafkaAdmin(*admin_, clock_).ClusterId(deadline, stop);
  if (!id) {
    return std::unexpected(id.error());
  }
  cluster_id_ = std::move(*id);
  return {};
}

TopicPlan KafkaOutput::Plan(std::string name, const Properties& config, int partitions,
                            int brokers) const {
  const int replication = setup_.options.replication > 0
                              ? setup_.options.replication
                              : std::clamp(brokers, 1, kDefaultReplication);
  TopicPlan plan{.name = std::move(name),
                 .partitions = partitions,
                 .replication = replication,
                 .config = config};
  if (replication >= kDefaultReplication) {
    plan.config.insert({"min.insync.replicas", "2"});  // unless it is there
  }
  return plan;
}

Status KafkaOutput::CheckCheckpointTopic(SteadyTime deadline, const std::stop_token& stop) {
  const KafkaAdmin admin(*admin_, clock_);
  auto view = admin.View(deadline, stop);
  if (!view) {
    return std::unexpected(view.error());
  }
  const std::vector<TopicPlan> plans = {
      Plan(checkpoint_topic_, kCheckpointConfig, kCheckpointPartitions, view->brokers)};
  view = admin.MakeExist(plans, deadline, stop);
  if (!view) {
    return std::unexpected(view.error());
  }
  const TopicView& topic = view->topics.at(checkpoint_topic_);
  if (topic.partitions < kCheckpointPartitions) {
    return Fail(ErrorKind::kConfig,
                fmt::format("topic {} has {} partition, it needs {} (0 live, 1 replay)",
                            checkpoint_topic_, topic.partitions, kCheckpointPartitions));
  }
  auto settings = admin.Settings(std::vector{checkpoint_topic_}, deadline, stop);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  const Properties& have = (*settings)[checkpoint_topic_];
  if (const std::string policy = Text(have, "cleanup.policy"); policy != "compact") {
    return Fail(ErrorKind::kConfig,
                fmt::format("topic {} has cleanup.policy={}, it needs compact: otherwise the "
                            "position would expire and everything be published again",
                            checkpoint_topic_, policy));
  }
  if (topic.replication >= kDefaultReplication && Number(have, "min.insync.replicas", 1) < 2) {
    return Fail(
        ErrorKind::kConfig,
        fmt::format("topic {} has {} replicas but min.insync.replicas={}, it needs 2: "
                    "otherwise the loss of one broker could take the position back",
                    checkpoint_topic_, topic.replication, Text(have, "min.insync.replicas")));
  }
  return {};
}

Status KafkaOutput::EnsureTopics(const std::vector<std::string>& names, SteadyTime deadline,
                                 const std::stop_token& stop) {
  if (names.empty() || setup_.trial) {
    return {};
  }
  const KafkaAdmin admin(*admin_, clock_);
  auto view = admin.View(deadline, stop);
  if (!view) {
    return std::unexpected(view.error());
  }
  Properties config = setup_.options.topic_config;
  const size_t needed = setup_.options.max_event_bytes + kRecordOverhead + kTopicMargin;
  if (needed > kBrokerMessageBytes) {
    config.insert({"max.message.bytes", std::to_string(needed)});
  }
  std::vector<TopicPlan> plans;
  plans.reserve(names.size());
  for (const std::string& name : names) {
    plans.push_back(Plan(name, config, setup_.options.partitions, view->brokers));
  }
  if (auto made = admin.MakeExist(plans, deadline, stop); !made) {
    return std::unexpected(made.error());
  }
  return CheckSizes(names, deadline, stop);
}

// An event that its topic does not take would be refused again and again.
Status KafkaOutput::CheckSizes(const std::vector<std::string>& names, SteadyTime deadline,
                               const std::stop_token& stop) {
  auto settings = KafkaAdmin(*admin_, clock_).Settings(names, deadline, stop);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  const auto needed = static_cast<int64_t>(setup_.options.max_event_bytes + kRecordOverhead);
  for (const std::string& name : names) {
    const int64_t limit = Number((*settings)[name], "max.message.bytes", kBrokerMessageBytes);
    if (limit < needed) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("topic {} takes records of max.message.bytes={}, but "
                              "kafka.max_event_bytes={} needs {}: lower the one or raise the other",
                              name, limit, setup_.options.max_event_bytes, needed));
    }
    if (limit < batch_bytes_) {  // a batch is checked as one record is
      batch_bytes_ = limit;
      batch_bytes_changed_ = true;
    }
  }
  return {};
}

Status KafkaOutput::OpenProducer(SteadyTime deadline, const std::stop_token& stop) {
  Properties forced = {{"batch.size", std::to_string(batch_bytes_)}};
  if (transactional_) {
    forced["transactional.id"] = key_;
  }
  auto producer = KafkaClient::Make(
      setup_.options,
      transactional_ ? ClientRole::kTransactionalProducer : ClientRole::kIdempotentProducer, forced,
      clock_);
  if (!producer) {
    return std::unexpected(producer.error());
  }
  producer_ = std::move(*producer);
  batch_bytes_changed_ = false;
  if (transactional_) {
    transaction_timeout_ = std::chrono::milliseconds(
        Number({{"t", producer_->Setting("transaction.timeout.ms")}}, "t", 60'000));
  }
  const auto largest =
      static_cast<size_t>(Number({{"m", producer_->Setting("message.max.bytes")}}, "m", 0));
  if (largest < setup_.options.max_event_bytes + kRecordOverhead) {
    return Fail(ErrorKind::kConfig,
                fmt::format("kafka.properties.message.max.bytes: {} is too small for "
                            "kafka.max_event_bytes={}, which needs {}",
                            largest, setup_.options.max_event_bytes,
                            setup_.options.max_event_bytes + kRecordOverhead));
  }
  if (auto ok = Warm(checkpoint_topic_, deadline, stop); !ok) {
    return ok;
  }
  for (const std::string& name : known_topics_) {
    if (auto ok = Warm(name, deadline, stop); !ok) {
      return ok;
    }
  }
  return transactional_ ? InitTransactions(deadline, stop) : Status{};
}

// The producer's first record to a topic would otherwise wait up to a second for its metadata.
Status KafkaOutput::Warm(const std::string& name, SteadyTime deadline,
                         const std::stop_token& stop) {
  TopicPtr& handle = handles_[name];
  if (!handle) {
    handle.reset(rd_kafka_topic_new(producer_->get(), name.c_str(), nullptr));
  }
  while (true) {
    auto metadata = producer_->Metadata(handle.get(), deadline, stop);
    if (!metadata) {
      return std::unexpected(metadata.error());
    }
    const bool there = (*metadata)->topic_cnt == 1 &&
                       (*metadata)->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                       (*metadata)->topics[0].partition_cnt > 0;
    if (there) {
      return {};
    }
    if (auto error =
            OutOfTime(clock_, deadline, stop, "waiting for topic " + name, "it is not there")) {
      return std::unexpected(*error);
    }
    rd_kafka_poll(producer_->get(), kSliceMs / 20);
  }
}

Status KafkaOutput::InitTransactions(SteadyTime deadline, const std::stop_token& stop) {
  while (true) {
    NEWSWIRE_FAIL_POINT("publish.kafka.before_init");
    const ErrorPtr error(rd_kafka_init_transactions(producer_->get(), kSliceMs));
    if (!error) {
      NEWSWIRE_FAIL_POINT("publish.kafka.initialised");
      return {};
    }
    const auto code = rd_kafka_error_code(error.get());
    const std::string text =
        fmt::format("init_transactions for {}: {}", key_, rd_kafka_error_string(error.get()));
    switch (code) {
      case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        return Fail(ErrorKind::kConfig, text);
      default:
        break;
    }
    if (rd_kafka_error_is_fatal(error.get()) != 0 ||
        rd_kafka_error_is_retriable(error.get()) == 0) {
      return Fail(ErrorKind::kTransient, text);  // the next Open makes another producer
    }
    rd_kafka_poll(producer_->get(), 0);
    if (auto out = OutOfTime(clock_, deadline, stop, text, producer_->LastProblem())) {
      return std::unexpected(*out);
    }
  }
}

Result<std::optional<Checkpoint>> KafkaOutput::ReadPosition(const std::stop_token& stop) {
  // Longer than any transaction that may hold the position back.
  const SteadyTime deadline = clock_.Steady() + 2 * transaction_timeout_;
  auto newest = ReadNewest(setup_.options, *admin_, checkpoint_topic_, checkpoint_partition_, key_,
                           clock_, deadline, stop);
  if (!newest) {
    return std::unexpected(newest.error());
  }
  if (!newest->value) {
    if (!newest->other_key.empty() && !setup_.options.shared_prefix) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("topic {} holds the position of another archive ({}) and none of "
                              "this one ({}): use another kafka.topic prefix, or set "
                              "kafka.shared_prefix: true when both are to publish there",
                              checkpoint_topic_, newest->other_key, key_));
    }
    return std::nullopt;
  }
  auto checkpoint = CheckpointFromJson(*newest->value);
  if (!checkpoint) {
    return WithContext(checkpoint.error(),
                       fmt::format("topic {}, key {}", checkpoint_topic_, key_));
  }
  if (checkpoint->archive != setup_.archive_uuid) {
    return Fail(ErrorKind::kCorruption, fmt::format("topic {}, key {}: the record is of archive {}",
                                                    checkpoint_topic_, key_, checkpoint->archive));
  }
  return *checkpoint;
}

Status KafkaOutput::PrepareTopics(std::span<const std::string> slugs, std::stop_token stop) {
  if (!producer_) {
    return Fail(ErrorKind::kTransient, "Kafka is not open");
  }
  std::vector<std::string> names;
  for (const std::string& slug : slugs) {
    std::string name = TopicName(slug);
    if (!handles_.contains(name)) {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  const SteadyTime deadline = clock_.Steady() + kOpenTime;
  if (auto ok = EnsureTopics(names, deadline, stop); !ok) {
    return ok;
  }
  for (const std::string& name : names) {
    if (auto ok = Warm(name, deadline, stop); !ok) {
      handles_.erase(name);
      return ok;
    }
    known_topics_.insert(name);
    NEWSWIRE_FAIL_POINT("publish.kafka.topic_made");
  }
  return {};
}

std::unique_ptr<Output> MakeKafkaOutput(KafkaOptions options, std::string archive_uuid,
                                        std::optional<std::string> replay_run, const Clock& clock) {
  return std::make_unique<KafkaOutput>(KafkaSetup{.options = std::move(options),
                                                  .archive_uuid = std::move(archive_uuid),
                                                  .replay_run = std::move(replay_run),
                                                  .broker_gone = {}},
                                       clock);
}

}  // namespace newswire::publish
