// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/kafka_position.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace newswire::publish {
namespace {

constexpr int64_t kFirstWindow = 64;  // records
constexpr int64_t kWindowGrowth = 8;

struct Watermarks {
  int64_t low = 0;
  int64_t high = 0;
};

ErrorKind KindOf(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ? ErrorKind::kConfig
                                                              : ErrorKind::kTransient;
}

// Consumption of one partition, stopped when it goes out of scope.
class Consumption {
 public:
  Consumption(rd_kafka_topic_t* topic, int32_t partition) : topic_(topic), partition_(partition) {}
  ~Consumption() {
    if (started_) {
      rd_kafka_consume_stop(topic_, partition_);
    }
  }
  Consumption(const Consumption&) = delete;
  Consumption& operator=(const Consumption&) = delete;

  Status Start(int64_t offset) {
    if (rd_kafka_consume_start(topic_, partition_, offset) != 0) {
      return Fail(ErrorKind::kTransient, fmt::format("reading {}: {}", rd_kafka_topic_name(topic_),
                                                     rd_kafka_err2str(rd_kafka_last_error())));
    }
    started_ = true;
    return {};
  }

  MessagePtr Next(int wait_ms) { return MessagePtr(rd_kafka_consume(topic_, partition_, wait_ms)); }

 private:
  rd_kafka_topic_t* topic_;
  int32_t partition_;
  bool started_ = false;
};

class NewestReader {
 public:
  NewestReader(const KafkaClient& reader, std::string topic, int32_t partition,
               std::string_view key, const Clock& clock, SteadyTime deadline, std::stop_token stop)
      : reader_(reader),
        topic_(std::move(topic)),
        partition_(partition),
        key_(key),
        clock_(clock),
        deadline_(deadline),
        stop_(std::move(stop)) {}

  Result<Watermarks> Ask(const KafkaClient& client) const {
    while (true) {
      Watermarks marks;
      const auto code = rd_kafka_query_watermark_offsets(client.get(), topic_.c_str(), partition_,
                                                         &marks.low, &marks.high, kSliceMs);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return marks;
      }
      if (KindOf(code) == ErrorKind::kConfig) {
        return Fail(ErrorKind::kConfig, fmt::format("reading {}: {}", topic_, Describe(code)));
      }
      if (auto error = OutOfTime(clock_, deadline_, stop_, "asking for the end of " + topic_,
                                 client.LastProblem())) {
        return std::unexpected(*error);
      }
      rd_kafka_poll(client.get(), kSliceMs / 10);
    }
  }

  // Everything from `start` to the high watermark.
  Status Scan(rd_kafka_topic_t* topic, int64_t start, int64_t high, KeyedRecord& answer) const {
    Consumption consumption(topic, partition_);
    if (auto ok = consumption.Start(start); !ok) {
      return ok;
    }
    while (true) {
      const MessagePtr message = consumption.Next(kSliceMs);
      rd_kafka_poll(reader_.get(), 0);
      if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        Take(*message, answer);
        if (message->offset + 1 >= high) {
          return {};
        }
        continue;
      }
      if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset >= high) {
        return {};
      }
      if (message && KindOf(message->err) == ErrorKind::kConfig) {
        return Fail(ErrorKind::kConfig,
                    fmt::format("reading {}: {}", topic_, Describe(message->err)));
      }
      // Nothing, an end below the high watermark (a transaction is open there), or an error that
      // librdkafka works on.
      const std::string problem = reader_.LastProblem();
      if (auto error =
              OutOfTime(clock_, deadline_, stop_, "reading the position from " + topic_,
                        problem.empty() ? "a transaction of another producer is still open there"
                                        : problem)) {
        return std::unexpected(*error);
      }
    }
  }

 private:
  void Take(const rd_kafka_message_t& message, KeyedRecord& answer) const {
    if (message.key == nullptr) {
      return;
    }
    const std::string_view key(static_cast<const char*>(message.key), message.key_len);
    if (key != key_) {
      answer.other_key = key;
    } else if (message.payload == nullptr) {
      answer.value.reset();
    } else {
      answer.value.emplace(static_cast<const char*>(message.payload), message.len);
    }
  }

  const KafkaClient& reader_;
  const std::string topic_;
  const int32_t partition_;
  const std::string_view key_;
  const Clock& clock_;
  const SteadyTime deadline_;
  const std::stop_token stop_;
};

}  // namespace

Result<KeyedRecord> ReadNewest(const KafkaOptions& options, const KafkaClient& watermarks,
                               const std::string& topic, int32_t partition, std::string_view key,
                               const Clock& clock, SteadyTime deadline, std::stop_token stop) {
  auto reader = KafkaClient::Make(options, ClientRole::kReadCommitted, {}, clock);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  const NewestReader newest(**reader, topic, partition, key, clock, deadline, stop);
  auto marks = newest.Ask(watermarks);
  if (!marks) {
    return std::unexpected(marks.error());
  }
  KeyedRecord answer;
  if (marks->high <= marks->low) {
    return answer;
  }
  const TopicPtr handle(rd_kafka_topic_new((*reader)->get(), topic.c_str(), nullptr));
  // Without this the first fetch may wait a second for the client's own refresh.
  if (auto warm = (*reader)->Metadata(handle.get(), deadline, stop); !warm) {
    return std::unexpected(warm.error());
  }
  for (int64_t window = kFirstWindow;; window *= kWindowGrowth) {
    const int64_t start = window >= marks->high - marks->low ? marks->low : marks->high - window;
    if (auto ok = newest.Scan(handle.get(), start, marks->high, answer); !ok) {
      return std::unexpected(ok.error());
    }
    if (answer.value || start == marks->low) {
      return answer;
    }
  }
}

}  // namespace newswire::publish
