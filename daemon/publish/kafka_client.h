// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/publish/kafka_handles.h"
#include "daemon/publish/output.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::publish {

// What a record takes besides its value: key, headers and framing. max_event_bytes plus this must
// fit in a topic's max.message.bytes.
inline constexpr size_t kRecordOverhead = size_t{16} << 10;
// Every blocking call of librdkafka is made in slices of this, with a look at the stop token
// between.
inline constexpr int kSliceMs = 1000;

enum class ClientRole {
  kTransactionalProducer,
  kIdempotentProducer,
  kReadCommitted,    // reads what is committed: positions, tail
  kReadUncommitted,  // sees the high watermark; also the admin client
};

using Properties = std::map<std::string, std::string>;

// librdkafka properties that would break what delivery promises, or that have a key of their own in
// our configuration: kConfig naming the key. Says nothing about values.
Status CheckProperties(const Properties& properties);

// One librdkafka client: its settings (our defaults, then kafka.properties, then what the role
// needs), its log lines (rate limited, to the program's log), the errors it reported. Handles made
// from get() must go before it. Destruction drops what is queued and does not wait for the broker.
class KafkaClient {
 public:
  struct DeliveryFailure {
    rd_kafka_resp_err_t code;
    std::string topic;
    std::string reason;
  };

  // `forced` wins over everything. kConfig: a property is refused by librdkafka.
  static Result<std::unique_ptr<KafkaClient>> Make(const KafkaOptions& options, ClientRole role,
                                                   const Properties& forced, const Clock& clock);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* get() const { return client_.get(); }
  // The value in force, e.g. of transaction.timeout.ms; empty: none.
  std::string Setting(const char* name) const;

  // The first record that could not be delivered since the last call; by the thread that polls.
  std::optional<DeliveryFailure> TakeDeliveryFailure();
  // The latest problem that librdkafka reported, for messages: "127.0.0.1:9092: Connection
  // refused".
  std::string LastProblem() const;

  // Asks for the metadata of one topic (nullptr: all topics), in slices, until `deadline`.
  // kTransient: nobody answered; kCancelled.
  Result<MetadataPtr> Metadata(rd_kafka_topic_t* topic, SteadyTime deadline,
                               std::stop_token stop) const;

 private:
  KafkaClient(ClientRole role, const Clock& clock) : role_(role), clock_(clock) {}

  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);
  static void OnError(rd_kafka_t* client, int code, const char* reason, void* self);
  static void OnDelivery(rd_kafka_t* client, const rd_kafka_message_t* message, void* self);
  void Log(int level, std::string_view facility, std::string_view text);

  const ClientRole role_;
  const Clock& clock_;
  std::optional<DeliveryFailure> failure_;

  mutable std::mutex mutex_;  // log and error callbacks come from librdkafka's threads
  std::string last_problem_;
  struct Facility {
    std::optional<SteadyTime> last;
    uint64_t suppressed = 0;
  };
  std::map<std::string, Facility, std::less<>> facilities_;

  ClientPtr client_;  // last: goes first, before what its callbacks touch
};

// "Broker: Topic authorization failed" with its symbolic name.
std::string Describe(rd_kafka_resp_err_t code);

// Whether time is up or somebody wants to stop: the error to return, or nullopt to go on.
std::optional<Error> OutOfTime(const Clock& clock, SteadyTime deadline, const std::stop_token& stop,
                               std::string_view doing, std::string_view problem);

}  // namespace newswire::publish
