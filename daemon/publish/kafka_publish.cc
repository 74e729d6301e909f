// SPDX-License-Identifier: Apache-2.0
// KafkaOutput: publishing, and what each failure means.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/fail_point.h"
#include "daemon/publish/kafka_output.h"

namespace newswire::publish {
namespace {

constexpr int kQueueFullMs = 20;
constexpr int kAbortMs = 5000;

bool MeansRefused(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return true;
    default:
      return false;
  }
}

bool MeansTooLarge(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

bool MeansFenced(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

// A view's data() may be null, which Kafka would take for "no value".
const char* Data(std::string_view bytes) { return bytes.empty() ? "" : bytes.data(); }

}  // namespace

struct KafkaOutput::Record {
  rd_kafka_topic_t* topic;
  int32_t partition = RD_KAFKA_PARTITION_UA;
  std::string_view key;
  std::optional<std::string_view> value;  // nullopt: a tombstone
  int64_t timestamp = 0;                  // 0: now
  HeadersPtr headers;
};

int64_t KafkaOutput::RecordTime(const Event& event) const {
  UtcMillis time;
  switch (setup_.options.timestamp) {
    case RecordTime::kPublish:
      return 0;
    case RecordTime::kFetched:
      time = event.ce_time;
      break;
    case RecordTime::kPublished:
      time = event.published;
      break;
  }
  // Brokers refuse times before 1970 and times too far ahead of theirs.
  return std::clamp<int64_t>(time.time_since_epoch().count(), 1,
                             std::max<int64_t>(1, clock_.Wall().time_since_epoch().count()));
}

Result<Commit> KafkaOutput::Publish(const Batch& batch, std::stop_token stop) {
  if (!producer_) {
    return Commit::kUnknown;
  }
  if (auto ok = PrepareForBatch(batch, stop); !ok) {
    Drop();
    return std::unexpected(ok.error());
  }
  if (auto ok = CheckSizes(batch.events); !ok) {
    return std::unexpected(ok.error());
  }
  if (batch_bytes_changed_) {
    Drop();  // the next Open makes a producer with smaller batches
    return Commit::kUnknown;
  }
  attempted_.reset();
  auto outcome =
      transactional_ ? PublishInTransaction(batch, stop) : PublishAtLeastOnce(batch, stop);
  if (outcome && *outcome == Commit::kDone) {
    failures_ = 0;
    committed_ = batch.checkpoint.position;
  }
  return outcome;
}

// Topics met for the first time come into being before their first event. No transaction is open.
Status KafkaOutput::PrepareForBatch(const Batch& batch, const std::stop_token& stop) {
  std::vector<std::string> unknown;
  for (const Event& event : batch.events) {
    if (!handles_.contains(TopicName(event.topic_slug))) {
      unknown.push_back(event.topic_slug);
    }
  }
  while (!unknown.empty()) {
    auto ok = PrepareTopics(unknown, stop);
    if (ok || ok.error().kind != ErrorKind::kTransient) {
      return ok;
    }
    if (setup_.broker_gone && setup_.broker_gone()) {
      batch_bytes_changed_ = true;  // Open again
      return {};
    }
    spdlog::warn("kafka: waiting to create topics error=\"{}\"", ok.error().message);
  }
  return {};
}

// Found before a transaction is begun: there is then nothing to undo.
Status KafkaOutput::CheckSizes(std::span<const Event> events) const {
  const auto limit = std::strtoull(producer_->Setting("message.max.bytes").c_str(), nullptr, 10);
  for (const Event& event : events) {
    const size_t size = event.key.size() + event.value.size() + kRecordOverhead;
    if (size > limit) {
      return Fail(
          ErrorKind::kConfig,
          fmt::format("the event {} of {} bytes is larger than kafka.max_event_bytes allows "
                      "(message.max.bytes is {})",
                      event.key, event.value.size(), limit));
    }
  }
  return {};
}

Result<Commit> KafkaOutput::PublishInTransaction(const Batch& batch, const std::stop_token& stop) {
  if (const ErrorPtr error(rd_kafka_begin_transaction(producer_->get())); error) {
    return Failed(rd_kafka_error_code(error.get()), "begin_transaction");
  }
  NEWSWIRE_FAIL_POINT("publish.kafka.begun");
  if (auto failed = SendEvents(batch, stop)) {
    return *failed;
  }
  NEWSWIRE_FAIL_POINT("publish.kafka.events_queued");
  if (auto failed = SendCheckpoint(batch.checkpoint, stop)) {
    return *failed;
  }
  if (auto failed = Drain(stop)) {
    return *failed;
  }
  NEWSWIRE_FAIL_POINT("publish.kafka.flushed");
  attempted_ = batch.checkpoint.position;
  auto outcome = CommitTransaction(stop);
  NEWSWIRE_FAIL_POINT("publish.kafka.committed");
  return outcome;
}

Result<Commit> KafkaOutput::PublishAtLeastOnce(const Batch& batch, const std::stop_token& stop) {
  if (auto failed = SendEvents(batch, stop)) {
    return *failed;
  }
  if (auto failed = Drain(stop)) {
    return *failed;
  }
  NEWSWIRE_FAIL_POINT("publish.kafka.events_delivered");
  if (auto failed = SendCheckpoint(batch.checkpoint, stop)) {
    return *failed;
  }
  if (auto failed = Drain(stop)) {
    return *failed;
  }
  NEWSWIRE_FAIL_POINT("publish.kafka.committed");
  return Commit::kDone;
}

std::optional<Result<Commit>> KafkaOutput::SendEvents(const Batch& batch,
                                                      const std::stop_token& stop) {
  for (const Event& event : batch.events) {
    const auto named = CloudEventHeaders(event);
    HeadersPtr headers(rd_kafka_headers_new(named.size() + 1));
    for (const auto& [name, value] : named) {
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()),
                          Data(value), static_cast<ssize_t>(value.size()));
    }
    if (setup_.replay_run) {
      rd_kafka_header_add(headers.get(), "newswire-replay", -1, Data(*setup_.replay_run),
                          static_cast<ssize_t>(setup_.replay_run->size()));
    }
    Record record{
        .topic = handles_.at(TopicName(event.topic_slug)).get(),
        .key = event.key,
        .value = event.tombstone() ? std::nullopt : std::optional<std::string_view>(event.value),
        .timestamp = RecordTime(event),
        .headers = std::move(headers)};
    if (auto failed = Send(record, stop)) {
      return failed;
    }
  }
  rd_kafka_poll(producer_->get(), 0);
  return std::nullopt;
}

std::optional<Result<Commit>> KafkaOutput::SendCheckpoint(const Checkpoint& checkpoint,
                                                          const std::stop_token& stop) {
  const std::string value = CheckpointToJson(checkpoint, clock_.Wall());
  Record record{.topic = handles_.at(checkpoint_topic_).get(),
                .partition = checkpoint_partition_,
                .key = key_,
                .value = value,
                .headers = nullptr};
  return Send(record, stop);
}

std::optional<Result<Commit>> KafkaOutput::Send(Record& record, const std::stop_token& stop) {
  while (true) {
    const std::string_view value = record.value.value_or(std::string_view());
    char* bytes = record.value ? const_cast<char*>(Data(value)) : nullptr;
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        producer_->get(), RD_KAFKA_V_RKT(record.topic), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(Data(record.key), record.key.size()), RD_KAFKA_V_VALUE(bytes, value.size()),
        RD_KAFKA_V_TIMESTAMP(record.timestamp), RD_KAFKA_V_HEADERS(record.headers.get()),
        RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      [[maybe_unused]] const auto* owned = record.headers.release();  // librdkafka's now
      return std::nullopt;
    }
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      if (MeansTooLarge(code)) {
        return Fail(ErrorKind::kConfig,
                    fmt::format("the event {} of {} bytes for topic {} is larger than "
                                "kafka.max_event_bytes allows",
                                record.key, value.size(), rd_kafka_topic_name(record.topic)));
      }
      return Failed(code, "produce", true);
    }
    rd_kafka_poll(producer_->get(), kQueueFullMs);
    if (stop.stop_requested()) {
      return Stopped();
    }
    if (setup_.broker_gone && setup_.broker_gone()) {
      return Failed(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "produce");
    }
  }
}

// Waits until every record is acknowledged or has failed.
std::optional<Result<Commit>> KafkaOutput::Drain(const std::stop_token& stop) {
  while (rd_kafka_flush(producer_->get(), kSliceMs) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
    if (stop.stop_requested()) {
      return Stopped();
    }
    if (setup_.broker_gone && setup_.broker_gone()) {
      return Failed(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "delivery");
    }
  }
  rd_kafka_poll(producer_->get(), 0);
  if (auto failure = producer_->TakeDeliveryFailure()) {
    if (transactional_ && (failure->code == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                           failure->code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)) {
      // The transaction failed before this record was sent: it knows why, and cannot commit.
      if (const ErrorPtr why(rd_kafka_commit_transaction(producer_->get(), kSliceMs)); why) {
        failure->code = rd_kafka_error_code(why.get());
        failure->reason = rd_kafka_error_string(why.get());
      }
    }
    if (MeansTooLarge(failure->code)) {
      Drop();
      return Fail(ErrorKind::kConfig,
                  fmt::format("topic {} refused an event as too large: its max.message.bytes was "
                              "lowered below what kafka.max_event_bytes needs",
                              failure->topic));
    }
    if (MeansRefused(failure->code)) {
      Drop();
      return Fail(ErrorKind::kPermanent,
                  fmt::format("topic {} refused an event: {}", failure->topic, failure->reason));
    }
    spdlog::warn("kafka: a record was not delivered topic={} error=\"{}\"", failure->topic,
                 failure->reason);
    return Failed(failure->code, "delivery", true);
  }
  return std::nullopt;
}

Result<Commit> KafkaOutput::CommitTransaction(const std::stop_token& stop) {
  const SteadyTime give_up = clock_.Steady() + 2 * transaction_timeout_;
  while (true) {
    const ErrorPtr error(rd_kafka_commit_transaction(producer_->get(), kSliceMs));
    if (!error) {
      return Commit::kDone;
    }
    const auto code = rd_kafka_error_code(error.get());
    if (rd_kafka_error_is_fatal(error.get()) != 0) {
      return Failed(code, "commit");
    }
    if (rd_kafka_error_txn_requires_abort(error.get()) != 0) {
      return Failed(code, "commit", true);
    }
    if (rd_kafka_error_is_retriable(error.get()) == 0 || clock_.Steady() >= give_up) {
      return Failed(code, "commit");
    }
    if (stop.stop_requested()) {
      return Stopped();
    }
    rd_kafka_poll(producer_->get(), 0);
  }
}

Result<Commit> KafkaOutput::Stopped() {
  Drop();
  return Fail(ErrorKind::kCancelled,
              "stopped while publishing: the next start settles the outcome");
}

Result<Commit> KafkaOutput::Failed(rd_kafka_resp_err_t code, std::string_view doing, bool abort) {
  char reason[512] = "";
  if (const auto fatal = rd_kafka_fatal_error(producer_->get(), reason, sizeof reason);
      fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    code = fatal;
  }
  ++failures_;
  if (MeansFenced(code)) {
    return Fenced();
  }
  if (MeansRefused(code)) {
    Drop();
    return Fail(ErrorKind::kPermanent,
                fmt::format("Kafka refused: {}: {} {}", doing, Describe(code), reason));
  }
  spdlog::warn("kafka: not committed, opening again step={} error=\"{}\" {}", doing, Describe(code),
               reason);
  if (abort && transactional_) {
    // Readers see the events behind it sooner; the next Open would do the same.
    const ErrorPtr ignored(rd_kafka_abort_transaction(producer_->get(), kAbortMs));
  }
  Drop();
  return Commit::kUnknown;
}

// A second instance with our transactional.id, or a transaction older than its time-out: the code
// is the same. One rebuild in a time-out is allowed; two instances would fence each other for ever.
Result<Commit> KafkaOutput::Fenced() {
  Drop();
  const SteadyTime now = clock_.Steady();
  if (fenced_at_ && now - *fenced_at_ < transaction_timeout_) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("another instance publishes this archive: it uses the same "
                            "transactional.id {}; run only one",
                            key_));
  }
  fenced_at_ = now;
  fenced_ = true;
  spdlog::warn("kafka: fenced, trying once more transactional_id={}", key_);
  return Commit::kUnknown;
}

}  // namespace newswire::publish
