// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/kafka_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/publish/steady_waits.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::seconds kLogInterval{10};  // one line of a facility in so long
constexpr size_t kMaxFacilities = 100;
constexpr size_t kMinMessageBytes = 1'000'000;  // librdkafka's own default
constexpr int kPurgeFlushMs = 1000;
constexpr int64_t kSocketTimeoutMs = 30'000;

struct Refused {
  std::string_view key;
  std::string_view why;
};

constexpr auto kRefused = std::to_array<Refused>({
    {"bootstrap.servers", "use kafka.brokers"},
    {"metadata.broker.list", "use kafka.brokers"},
    {"transactional.id", "it is made of the archive's uuid"},
    {"enable.idempotence", "both ways of delivery need it"},
    {"acks", "both ways of delivery need all"},
    {"request.required.acks", "both ways of delivery need all"},
    {"enable.gapless.guarantee", "order is kept otherwise"},
    {"max.in.flight", "order and exactly-once need 1"},
    {"max.in.flight.requests.per.connection", "order and exactly-once need 1"},
    {"isolation.level", "positions are read as committed"},
    {"queuing.strategy", "order needs fifo"},
    {"delivery.report.only.error", "deliveries are counted"},
    {"enable.partition.eof", "reading positions needs it"},
    {"auto.offset.reset", "reading positions needs it"},
    {"allow.auto.create.topics", "topics are made by the Admin API"},
    {"enable.auto.commit", "no group is used"},
    {"group.id", "no group is used"},
    {"test.mock.num.brokers", "it would replace the cluster"},
    {"plugin.library.paths", "foreign code is not loaded"},
    {"event_cb", "it is no setting"},
});

constexpr auto kPartitioners = std::to_array<std::string_view>(
    {"murmur2_random", "murmur2", "consistent", "consistent_random", "fnv1a", "fnv1a_random"});

bool IsSecret(std::string_view key) {
  return key.find("password") != std::string_view::npos ||
         key.find("secret") != std::string_view::npos ||
         key.find("pem") != std::string_view::npos || key.starts_with("sasl.oauthbearer") ||
         key.find("jaas") != std::string_view::npos;
}

bool IsProducer(ClientRole role) {
  return role == ClientRole::kTransactionalProducer || role == ClientRole::kIdempotentProducer;
}

// librdkafka wants it no longer than a transaction may take.
std::string SocketTimeout(const KafkaOptions& options) {
  int64_t timeout = kSocketTimeoutMs;
  const auto found = options.properties.find("transaction.timeout.ms");
  if (found != options.properties.end()) {
    int64_t transaction = timeout;
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), transaction);
    timeout = std::min(timeout, transaction);
  }
  return std::to_string(timeout);
}

Properties Defaults(const KafkaOptions& options, ClientRole role) {
  Properties all = {
      {"client.id", "newswired"},
      {"socket.nagle.disable", "true"},  // the default only since librdkafka 2.10
      {"socket.timeout.ms", SocketTimeout(options)},
      {"reconnect.backoff.max.ms", "2000"},
      {"log.connection.close", "false"},
  };
  if (IsProducer(role)) {
    all.insert({
        {"linger.ms", "5"},
        {"compression.codec", "zstd"},
        {"compression.level", "1"},
        {"partitioner", "murmur2_random"},  // the Java mapping of keys
        {"queue.buffering.max.kbytes", "65536"},
        {"queue.buffering.max.messages", "100000"},
        {"message.max.bytes",
         std::to_string(std::max(kMinMessageBytes, options.max_event_bytes + kRecordOverhead))},
    });
  } else {
    all.insert({{"fetch.wait.max.ms", "100"}, {"queued.max.messages.kbytes", "16384"}});
  }
  if (role == ClientRole::kTransactionalProducer) {
    all.insert({{"transaction.timeout.ms", "60000"}});
  }
  return all;
}

Properties Needed(const KafkaOptions& options, ClientRole role) {
  Properties all = {{"bootstrap.servers", options.brokers}};
  if (IsProducer(role)) {
    all.insert({{"enable.idempotence", "true"},
                {"max.in.flight", "1"},  // avoids a fatal error of 2.0.2 after one time-out (#4438)
                {"delivery.report.only.error", "true"}});
  } else {
    all.insert({{"isolation.level",
                 role == ClientRole::kReadCommitted ? "read_committed" : "read_uncommitted"},
                {"enable.partition.eof", "true"},
                {"allow.auto.create.topics", "false"},
                {"enable.auto.commit", "false"}});
  }
  return all;
}

bool IsProducerOnly(std::string_view key) {
  constexpr auto kPrefixes = std::to_array<std::string_view>(
      {"transaction", "linger", "compression", "queue.buffering", "batch.", "partitioner",
       "message.timeout", "delivery.timeout", "sticky", "request.timeout", "retries",
       "message.send", "retry.backoff", "queuing"});
  return std::ranges::any_of(kPrefixes, [&](std::string_view p) { return key.starts_with(p); });
}

}  // namespace

std::string Describe(rd_kafka_resp_err_t code) {
  return fmt::format("{} ({})", rd_kafka_err2str(code), rd_kafka_err2name(code));
}

std::optional<Error> OutOfTime(const Clock& clock, SteadyTime deadline, const std::stop_token& stop,
                               std::string_view doing, std::string_view problem) {
  if (stop.stop_requested()) {
    return Error{ErrorKind::kCancelled, fmt::format("stopped while {}", doing)};
  }
  if (clock.Steady() >= deadline) {
    return Error{ErrorKind::kTransient,
                 fmt::format("{}: {}", doing, problem.empty() ? "no answer in time" : problem)};
  }
  return std::nullopt;
}

Status CheckProperties(const Properties& properties) {
  for (const auto& [key, value] : properties) {
    const auto refused = std::ranges::find(kRefused, key, &Refused::key);
    if (refused != kRefused.end()) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("kafka.properties.{}: may not be set: {}", key, refused->why));
    }
    if (key == "partitioner" && std::ranges::find(kPartitioners, value) == kPartitioners.end()) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("kafka.properties.partitioner: \"{}\" does not keep a post's events "
                              "on one partition; accepted: {}",
                              value, fmt::join(kPartitioners, ", ")));
    }
  }
  return {};
}

Result<std::unique_ptr<KafkaClient>> KafkaClient::Make(const KafkaOptions& options, ClientRole role,
                                                       const Properties& forced,
                                                       const Clock& clock) {
  if (auto ok = CheckProperties(options.properties); !ok) {
    return std::unexpected(ok.error());
  }
  std::unique_ptr<KafkaClient> self(new KafkaClient(role, clock));
  Properties all = Defaults(options, role);
  for (const auto& [key, value] : options.properties) {
    if (IsProducer(role) || !IsProducerOnly(key)) {
      all[key] = value;
    }
  }
  for (const Properties& more : {Needed(options, role), forced}) {
    for (const auto& [key, value] : more) {
      all[key] = value;
    }
  }
  char reason[512] = "";
  ConfPtr conf(rd_kafka_conf_new());
  for (const auto& [key, value] : all) {
    if (rd_kafka_conf_set(conf.get(), key.c_str(), value.c_str(), reason, sizeof reason) !=
        RD_KAFKA_CONF_OK) {
      return Fail(ErrorKind::kConfig,
                  fmt::format("kafka.properties.{}: {}", key,
                              IsSecret(key) ? "not accepted by librdkafka" : reason));
    }
  }
  rd_kafka_conf_set_opaque(conf.get(), self.get());
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaClient::OnLog);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaClient::OnError);
  if (IsProducer(role)) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaClient::OnDelivery);
  }
  [[maybe_unused]] static const bool kTold = [] {
    if (!WaitsAreSteady()) {
      spdlog::warn("kafka: librdkafka waits by wall time: a clock that is set back holds it up");
    }
    return true;
  }();
  self->client_.reset(rd_kafka_new(IsProducer(role) ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
                                   conf.get(), reason, sizeof reason));
  if (!self->client_) {
    return Fail(ErrorKind::kConfig, fmt::format("kafka: {}", reason));
  }
  [[maybe_unused]] const auto* owned = conf.release();  // the client owns it now
  return self;
}

KafkaClient::~KafkaClient() {
  // Not a transactional one: purging fails its transaction, and librdkafka 2.0.2 then trips over
  // its own assertion when the answer to an AddPartitionsToTxn that is under way arrives. What it
  // still held is dropped with it.
  if (client_ && role_ == ClientRole::kIdempotentProducer) {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_.get(), kPurgeFlushMs);
  }
}

std::string KafkaClient::Setting(const char* name) const {
  char value[512];
  size_t size = sizeof value;
  if (rd_kafka_conf_get(rd_kafka_conf(client_.get()), name, value, &size) != RD_KAFKA_CONF_OK) {
    return "";
  }
  return value;
}

std::optional<KafkaClient::DeliveryFailure> KafkaClient::TakeDeliveryFailure() {
  return std::exchange(failure_, std::nullopt);
}

std::string KafkaClient::LastProblem() const {
  std::lock_guard lock(mutex_);
  return last_problem_;
}

Result<MetadataPtr> KafkaClient::Metadata(rd_kafka_topic_t* topic, SteadyTime deadline,
                                          std::stop_token stop) const {
  while (true) {
    const rd_kafka_metadata_t* metadata = nullptr;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client_.get(), topic == nullptr ? 1 : 0, topic, &metadata, kSliceMs);
    MetadataPtr owned(metadata);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return owned;
    }
    rd_kafka_poll(client_.get(), 0);  // serves OnError
    std::string problem = LastProblem();
    if (problem.empty()) {
      problem = Describe(code);
    }
    if (auto error = OutOfTime(clock_, deadline, stop, "asking Kafka for its topics", problem)) {
      return std::unexpected(*error);
    }
    if (code != RD_KAFKA_RESP_ERR__TIMED_OUT) {
      rd_kafka_poll(client_.get(), kSliceMs / 10);  // it failed at once: do not spin
    }
  }
}

void KafkaClient::OnLog(const rd_kafka_t* client, int level, const char* facility,
                        const char* text) {
  static_cast<KafkaClient*>(rd_kafka_opaque(client))->Log(level, facility, text);
}

void KafkaClient::Log(int level, std::string_view facility, std::string_view text) {
  constexpr int kWarning = 4;  // syslog's numbers
  if (facility == "CONFWARN" && !IsProducer(role_)) {
    return;  // kafka.properties holds settings of producers
  }
  if (facility == "AUTOCREATE") {
    return;  // the embedded broker's way of making topics
  }
  uint64_t suppressed = 0;
  {
    std::lock_guard lock(mutex_);
    if (level <= kWarning && facility != "CONFWARN") {
      last_problem_ = text;
    }
    auto found = facilities_.find(facility);
    if (found == facilities_.end()) {
      if (facilities_.size() >= kMaxFacilities) {
        return;
      }
      found = facilities_.emplace(facility, Facility{}).first;
    }
    const SteadyTime now = clock_.Steady();
    Facility& seen = found->second;
    if (seen.last && now - *seen.last < kLogInterval) {
      ++seen.suppressed;
      return;
    }
    seen.last = now;
    suppressed = std::exchange(seen.suppressed, 0);
  }
  const auto severity = level <= kWarning ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(severity, "kafka: librdkafka says facility={} suppressed={} text=\"{}\"", facility,
              suppressed, text);
}

void KafkaClient::OnError(rd_kafka_t*, int code, const char* reason, void* self) {
  auto* client = static_cast<KafkaClient*>(self);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    return;  // says less than what came before it
  }
  std::lock_guard lock(client->mutex_);
  client->last_problem_ = reason;
}

void KafkaClient::OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto* client = static_cast<KafkaClient*>(self);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR || client->failure_) {
    return;
  }
  client->failure_ = DeliveryFailure{.code = message->err,
                                     .topic = rd_kafka_topic_name(message->rkt),
                                     .reason = rd_kafka_err2str(message->err)};
}

}  // namespace newswire::publish
