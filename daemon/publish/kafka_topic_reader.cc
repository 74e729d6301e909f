// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fnmatch.h>

#include "daemon/publish/kafka_admin.h"
#include "daemon/publish/topic_reader.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::seconds kLookForTopics{2};
constexpr std::chrono::seconds kFirstAnswer{10};

class KafkaTopicReader : public TopicReader {
 public:
  KafkaTopicReader(std::unique_ptr<KafkaClient> client, std::vector<std::string> patterns,
                   ReadFrom from, const Clock& clock)
      : client_(std::move(client)),
        patterns_(std::move(patterns)),
        from_(from),
        clock_(clock),
        queue_(rd_kafka_queue_new(client_->get())) {}

  ~KafkaTopicReader() override {
    for (const auto& [name, partitions] : started_) {
      for (int p = 0; p < partitions; ++p) {
        rd_kafka_consume_stop(handles_.at(name).get(), p);
      }
    }
  }

  Result<std::optional<TopicRecord>> Next(std::stop_token stop) override {
    const SteadyTime now = clock_.Steady();
    if (!looked_ || now - *looked_ >= kLookForTopics) {
      if (auto ok = Look(now + (looked_ ? kLookForTopics : kFirstAnswer), stop); !ok) {
        return std::unexpected(ok.error());
      }
      looked_ = clock_.Steady();
    }
    const MessagePtr message(rd_kafka_consume_queue(queue_.get(), kSliceMs));
    rd_kafka_poll(client_->get(), 0);
    if (!message) {
      return std::nullopt;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ended_.emplace(rd_kafka_topic_name(message->rkt), message->partition);
      return std::nullopt;
    }
    if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      return Fail(
          ErrorKind::kConfig,
          fmt::format("reading {}: {}", rd_kafka_topic_name(message->rkt), Describe(message->err)));
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::nullopt;  // librdkafka works on it
    }
    return Take(*message);
  }

  // A partition's end as a read_committed reader sees it is behind all that was committed.
  bool CaughtUp() const override {
    return looked_ && std::ranges::all_of(started_, [this](const auto& topic) {
             return HasEnded(topic.first, topic.second);
           });
  }

 private:
  bool HasEnded(const std::string& topic, int32_t partitions) const {
    for (int32_t p = 0; p < partitions; ++p) {
      if (!ended_.contains({topic, p})) {
        return false;
      }
    }
    return true;
  }

  // Begins to read what is new among the topics.
  Status Look(SteadyTime deadline, const std::stop_token& stop) {
    auto view = KafkaAdmin(*client_, clock_).View(deadline, stop);
    if (!view) {
      return std::unexpected(view.error());
    }
    for (const auto& [name, topic] : view->topics) {
      if (!topic.has_leaders || !MatchesTopic(patterns_, name)) {
        continue;
      }
      TopicPtr& handle = handles_[name];
      if (!handle) {
        handle.reset(rd_kafka_topic_new(client_->get(), name.c_str(), nullptr));
      }
      const bool end = from_ == ReadFrom::kEnd && !looked_;
      for (int& p = started_[name]; p < topic.partitions; ++p) {
        if (rd_kafka_consume_start_queue(handle.get(), p,
                                         end ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING,
                                         queue_.get()) != 0) {
          return Fail(ErrorKind::kTransient,
                      fmt::format("reading {}: {}", name, Describe(rd_kafka_last_error())));
        }
      }
    }
    return {};
  }

  static TopicRecord Take(const rd_kafka_message_t& message) {
    TopicRecord record{.topic = rd_kafka_topic_name(message.rkt),
                       .partition = message.partition,
                       .offset = message.offset,
                       .time = std::nullopt,
                       .key = {},
                       .value = {},
                       .headers = {}};
    rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const int64_t time = rd_kafka_message_timestamp(&message, &kind);
    if (kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
      record.time = UtcMillis(std::chrono::milliseconds(time));
    }
    if (message.key != nullptr) {
      record.key.assign(static_cast<const char*>(message.key), message.key_len);
    }
    if (message.payload != nullptr) {
      record.value.assign(static_cast<const char*>(message.payload), message.len);
    }
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name = nullptr;
      const void* value = nullptr;
      size_t size = 0;
      for (size_t i = 0;
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
           ++i) {
        record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      }
    }
    return record;
  }

  const std::unique_ptr<KafkaClient> client_;
  const std::vector<std::string> patterns_;
  const ReadFrom from_;
  const Clock& clock_;
  const QueuePtr queue_;
  std::map<std::string, TopicPtr> handles_;
  std::map<std::string, int> started_;               // partitions read, by topic
  std::set<std::pair<std::string, int32_t>> ended_;  // partitions whose end was met
  std::optional<SteadyTime> looked_;
};

}  // namespace

bool MatchesTopic(const std::vector<std::string>& patterns, const std::string& topic) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), topic.c_str(), 0) == 0;
  });
}

Result<std::unique_ptr<TopicReader>> MakeKafkaTopicReader(const KafkaOptions& options,
                                                          std::vector<std::string> patterns,
                                                          ReadFrom from, const Clock& clock) {
  // What a broker has already thrown away is skipped to the oldest that it still has.
  auto client = KafkaClient::Make(options, ClientRole::kReadCommitted,
                                  {{"auto.offset.reset", "earliest"}}, clock);
  if (!client) {
    return std::unexpected(client.error());
  }
  return std::make_unique<KafkaTopicReader>(std::move(*client), std::move(patterns), from, clock);
}

}  // namespace newswire::publish
