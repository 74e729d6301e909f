// SPDX-License-Identifier: Apache-2.0
// Against a real Kafka. Read back with kcat, which is not our own belief about what is there.
#include <csignal>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/publish/kafka_admin.h"
#include "tests/daemon/publish/test_events.h"
#include "tests/daemon/publish/test_process.h"

namespace newswire::publish {
namespace {

using testing::HasSubstr;

std::string Values(uint64_t first, uint64_t count) {
  std::string text;
  for (uint64_t n = first; n < first + count; ++n) {
    text += TestEvent(n).value + "\n";
  }
  return text;
}

class KafkaOutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    kafka_ = LocalKafka::Shared(why_not);
    if (kafka_ == nullptr) {
      GTEST_SKIP() << why_not;
    }
    options_ = Options(*kafka_);
  }

  KafkaOptions Options(const LocalKafka& kafka) const {
    KafkaOptions options;
    options.brokers = kafka.brokers();
    options.topic = prefix_ + ".{category}";
    options.partitions = 1;  // so that the order of all events can be looked at
    return options;
  }
  std::unique_ptr<Output> Make(const KafkaOptions& options,
                               std::optional<std::string> replay = std::nullopt) {
    return MakeFor(archive_, options, std::move(replay));
  }
  std::unique_ptr<Output> MakeFor(std::string archive, const KafkaOptions& options,
                                  std::optional<std::string> replay = std::nullopt) {
    return MakeKafkaOutput(options, std::move(archive), std::move(replay), SystemClock());
  }
  Result<Commit> Publish(Output& output, uint64_t first, uint64_t count,
                         std::stop_token stop = {}) {
    const auto events = TestEvents(first, count);
    return output.Publish(
        {.events = events, .checkpoint = CheckpointAfter(first + count, archive_)},
        std::move(stop));
  }
  // Open, for a test that expects a position.
  void ExpectPosition(Output& output, std::optional<Checkpoint> expected) {
    EXPECT_EQ(output.Open({}), Result<std::optional<Checkpoint>>(std::move(expected)));
  }
  void ExpectRefused(const Result<std::optional<Checkpoint>>& opened, const std::string& reason) {
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::kConfig) << opened.error();
    EXPECT_THAT(opened.error().message, HasSubstr(reason));
  }
  KafkaClient& Admin() {
    if (!admin_) {
      auto client = KafkaClient::Make(options_, ClientRole::kReadUncommitted, {}, SystemClock());
      EXPECT_TRUE(client);
      admin_ = std::move(*client);
    }
    return *admin_;
  }
  SteadyTime Soon() const { return SystemClock().Steady() + std::chrono::seconds(30); }
  void MakeTopic(const std::string& name, int partitions, Properties config) {
    const std::vector<TopicPlan> plans = {
        {.name = name, .partitions = partitions, .replication = 1, .config = std::move(config)}};
    auto made = KafkaAdmin(Admin(), SystemClock()).MakeExist(plans, Soon(), {});
    ASSERT_TRUE(made) << made.error();
  }

  void DeleteTopic(const std::string& name) {
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
    const QueuePtr queue(rd_kafka_queue_new(Admin().get()));
    rd_kafka_DeleteTopics(Admin().get(), &topic, 1, nullptr, queue.get());
    const EventPtr event(rd_kafka_queue_poll(queue.get(), 30'000));
    rd_kafka_DeleteTopic_destroy(topic);
    ASSERT_TRUE(event);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  const std::string prefix_ = UniqueName();
  const std::string archive_ = "a" + prefix_;  // a transactional.id that no other test uses
  const std::string other_archive_ = "b" + prefix_;
  const std::string topic_ = prefix_ + ".emnews";
  const std::string checkpoint_ = prefix_ + ".checkpoint";
  LocalKafka* kafka_ = nullptr;
  KafkaOptions options_;
  std::unique_ptr<KafkaClient> admin_;
};

TEST_F(KafkaOutputTest, CommitsEventsTogetherWithThePosition) {
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  EXPECT_FALSE(output->Identity().empty());
  ASSERT_TRUE(output->PrepareTopics(std::vector<std::string>{"emnews"}, {}));
  EXPECT_EQ(Publish(*output, 0, 10), Result<Commit>(Commit::kDone));
  EXPECT_EQ(Publish(*output, 10, 5), Result<Commit>(Commit::kDone));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(0, 15));
  EXPECT_THAT(kafka_->Kcat(checkpoint_, "%k %p %s\n"),
              HasSubstr("newswire-" + archive_ + "-0 0 {\"v\":1,\"archive\":\"" + archive_ +
                        "\",\"position\":\"" + CaptureAt(15).ToHex()));
  ExpectPosition(*Make(options_), CheckpointAfter(15, archive_));
}

TEST_F(KafkaOutputTest, WritesCloudEventHeadersKeyAndTime) {
  options_.timestamp = RecordTime::kFetched;
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  ASSERT_EQ(Publish(*output, 3, 1), Result<Commit>(Commit::kDone));
  const Event event = TestEvent(3);
  const std::string seen = kafka_->Kcat(topic_, "%k|%T|%h\n");
  EXPECT_THAT(seen, HasSubstr("finews:3|1650000000003|"));
  for (const auto& [name, value] : CloudEventHeaders(event)) {
    EXPECT_THAT(seen, HasSubstr(name + "=" + value));
  }
  EXPECT_THAT(seen, testing::Not(HasSubstr("newswire-replay")));
}

TEST_F(KafkaOutputTest, DatesNoRecordAheadOfNow) {
  options_.timestamp = RecordTime::kPublished;
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  std::vector<Event> events = TestEvents(0, 2);
  events[0].published = SystemClock().Wall() + std::chrono::hours(1000);
  events[1].published = UtcMillis(std::chrono::milliseconds(-5));
  EXPECT_EQ(output->Publish({.events = events, .checkpoint = CheckpointAfter(2, archive_)}, {}),
            Result<Commit>(Commit::kDone));
}

TEST_F(KafkaOutputTest, CommitsThePositionAlone) {
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  EXPECT_EQ(output->Publish({.events = {}, .checkpoint = CheckpointAfter(7, archive_)}, {}),
            Result<Commit>(Commit::kDone));
  ExpectPosition(*Make(options_), CheckpointAfter(7, archive_));
}

TEST_F(KafkaOutputTest, AnswersUnknownBeforeOpen) {
  EXPECT_EQ(Publish(*Make(options_), 0, 1), Result<Commit>(Commit::kUnknown));
}

TEST_F(KafkaOutputTest, KeepsReplaysApart) {
  auto live = Make(options_);
  ExpectPosition(*live, std::nullopt);
  ASSERT_EQ(Publish(*live, 0, 2), Result<Commit>(Commit::kDone));
  auto replay = Make(options_, "run-7");
  ExpectPosition(*replay, std::nullopt);
  ASSERT_EQ(Publish(*replay, 0, 1), Result<Commit>(Commit::kDone));
  EXPECT_EQ(Publish(*live, 2, 1), Result<Commit>(Commit::kDone)) << "a replay fences nobody";
  EXPECT_THAT(kafka_->Kcat(topic_, "%h\n"), HasSubstr("newswire-replay=run-7"));
  EXPECT_THAT(kafka_->Kcat(checkpoint_, "%k %p\n"),
              HasSubstr("newswire-" + archive_ + "-replay 1"));
  ExpectPosition(*Make(options_, "run-8"), CheckpointAfter(1, archive_));
  ExpectPosition(*Make(options_), CheckpointAfter(3, archive_));
}

TEST_F(KafkaOutputTest, FindsItsPositionBehindManyOfOthers) {
  options_.shared_prefix = true;
  auto first = Make(options_);
  ExpectPosition(*first, std::nullopt);
  ASSERT_EQ(Publish(*first, 0, 1), Result<Commit>(Commit::kDone));
  auto second = MakeFor(other_archive_, options_);
  ExpectPosition(*second, std::nullopt);
  for (uint64_t n = 1; n <= 100; ++n) {  // beyond the first window of the scan
    ASSERT_EQ(second->Publish({.events = {}, .checkpoint = CheckpointAfter(n, other_archive_)}, {}),
              Result<Commit>(Commit::kDone));
  }
  ExpectPosition(*Make(options_), CheckpointAfter(1, archive_));
  ExpectPosition(*MakeFor(other_archive_, options_), CheckpointAfter(100, other_archive_));
}

TEST_F(KafkaOutputTest, RefusesThePrefixOfAnotherArchive) {
  auto first = Make(options_);
  ExpectPosition(*first, std::nullopt);
  ASSERT_EQ(Publish(*first, 0, 1), Result<Commit>(Commit::kDone));
  ExpectRefused(MakeFor(other_archive_, options_)->Open({}), "kafka.shared_prefix");
  options_.shared_prefix = true;
  ExpectPosition(*MakeFor(other_archive_, options_), std::nullopt);
}

TEST_F(KafkaOutputTest, MakesTopicsAsConfigured) {
  options_.partitions = 3;
  options_.topic_config = {{"retention.ms", "86400000"}, {"cleanup.policy", "compact"}};
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  ASSERT_TRUE(output->PrepareTopics(std::vector<std::string>{"emnews", "dead-letter"}, {}));
  ASSERT_TRUE(output->PrepareTopics(std::vector<std::string>{"emnews"}, {})) << "again";
  const KafkaAdmin admin(Admin(), SystemClock());
  auto view = admin.View(Soon(), {});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->topics[topic_].partitions, 3);
  EXPECT_EQ(view->topics[prefix_ + ".dead-letter"].partitions, 3);
  EXPECT_EQ(view->topics[checkpoint_].partitions, 2);
  auto settings = admin.Settings(std::vector<std::string>{topic_, checkpoint_}, Soon(), {});
  ASSERT_TRUE(settings);
  EXPECT_EQ((*settings)[topic_]["retention.ms"], "86400000");
  EXPECT_EQ((*settings)[checkpoint_]["cleanup.policy"], "compact");
}

TEST_F(KafkaOutputTest, MakesATopicAgainThatWasDeleted) {
  options_.properties = {{"transaction.timeout.ms", "10000"}};  // how long it may hope at most
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  ASSERT_EQ(Publish(*output, 0, 5), Result<Commit>(Commit::kDone));
  DeleteTopic(topic_);
  Result<Commit> outcome = Commit::kUnknown;
  for (int attempt = 0; attempt < 20 && outcome != Result<Commit>(Commit::kDone); ++attempt) {
    outcome = Publish(*output, 5, 5);
    ASSERT_TRUE(outcome) << outcome.error();
    if (*outcome == Commit::kUnknown) {
      ExpectPosition(*output, CheckpointAfter(5, archive_));
    }
  }
  EXPECT_EQ(outcome, Result<Commit>(Commit::kDone));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(5, 5));
}

TEST_F(KafkaOutputTest, RefusesACheckpointTopicThatForgets) {
  MakeTopic(checkpoint_, 2, {{"cleanup.policy", "compact,delete"}});
  ExpectRefused(Make(options_)->Open({}), "cleanup.policy=compact,delete");
}

TEST_F(KafkaOutputTest, RefusesACheckpointTopicWithoutPartitionForReplays) {
  MakeTopic(checkpoint_, 1, {{"cleanup.policy", "compact"}});
  ExpectRefused(Make(options_)->Open({}), "partition");
}

TEST_F(KafkaOutputTest, RefusesTopicsThatDoNotTakeTheLargestEvent) {
  MakeTopic(topic_, 1, {{"max.message.bytes", "100000"}});
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  auto ok = output->PrepareTopics(std::vector<std::string>{"emnews"}, {});
  ASSERT_FALSE(ok);
  EXPECT_EQ(ok.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(ok.error().message, HasSubstr("kafka.max_event_bytes=900000"));
  auto published = Publish(*output, 0, 1);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().kind, ErrorKind::kConfig);
}

TEST_F(KafkaOutputTest, MakesBatchesNoLargerThanTheSmallestTopicTakes) {
  MakeTopic(topic_, 1, {{"max.message.bytes", "200000"}});
  options_.max_event_bytes = 100'000;
  options_.properties = {{"compression.codec", "none"}, {"linger.ms", "1000"}};
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  std::vector<Event> events = TestEvents(0, 20);
  for (Event& event : events) {
    event.value = "\"" + std::string(90'000, 'x') + "\"";
  }
  const Batch batch{.events = events, .checkpoint = CheckpointAfter(20, archive_)};
  auto outcome = output->Publish(batch, {});
  if (outcome == Result<Commit>(Commit::kUnknown)) {  // it met the topic: once more
    ExpectPosition(*output, std::nullopt);
    outcome = output->Publish(batch, {});
  }
  EXPECT_EQ(outcome, Result<Commit>(Commit::kDone));
}

TEST_F(KafkaOutputTest, RefusesAnEventBeyondTheClientsLimit) {
  auto output = Make(options_);
  ExpectPosition(*output, std::nullopt);
  std::vector<Event> events = TestEvents(0, 2);
  events[1].value = std::string(1'100'000, 'x');
  auto outcome =
      output->Publish({.events = events, .checkpoint = CheckpointAfter(2, archive_)}, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kConfig);
  ExpectPosition(*output, std::nullopt);
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), "") << "nothing of the batch may be seen";
}

TEST_F(KafkaOutputTest, RefusesPropertiesThatBreakGuarantees) {
  for (const char* key : {"transactional.id", "enable.idempotence", "isolation.level", "acks",
                          "max.in.flight", "bootstrap.servers", "partitioner"}) {
    KafkaOptions options = options_;
    options.properties[key] = "random";
    ExpectRefused(Make(options)->Open({}), std::string("kafka.properties.") + key);
  }
  KafkaOptions options = options_;
  options.properties["sasl.pasword"] = "hunter2";
  auto opened = Make(options)->Open({});
  ExpectRefused(opened, "kafka.properties.sasl.pasword");
  options = options_;
  options.properties["ssl.key.pem"] = "hunter2";
  options.properties["security.protocol"] = "ssl";
  opened = Make(options)->Open({});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, testing::Not(HasSubstr("hunter2")));
}

TEST_F(KafkaOutputTest, KeepsThePositionWhenTheDeliveryModeChanges) {
  KafkaOptions at_least_once = options_;
  at_least_once.delivery = Delivery::kAtLeastOnce;
  auto output = Make(at_least_once);
  ExpectPosition(*output, std::nullopt);
  EXPECT_EQ(Publish(*output, 0, 10), Result<Commit>(Commit::kDone));
  output = Make(options_);
  ExpectPosition(*output, CheckpointAfter(10, archive_));
  EXPECT_EQ(Publish(*output, 10, 10), Result<Commit>(Commit::kDone));
  output = Make(at_least_once);
  ExpectPosition(*output, CheckpointAfter(20, archive_));
  EXPECT_EQ(Publish(*output, 20, 10), Result<Commit>(Commit::kDone));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(0, 30));
}

TEST_F(KafkaOutputTest, EndsWhenAnotherInstanceTakesOver) {
  auto first = Make(options_);
  ExpectPosition(*first, std::nullopt);
  ASSERT_EQ(Publish(*first, 0, 5), Result<Commit>(Commit::kDone));
  auto second = Make(options_);
  ExpectPosition(*second, CheckpointAfter(5, archive_));
  // The first may try once more, as after a transaction that took too long…
  ASSERT_EQ(Publish(*first, 5, 5), Result<Commit>(Commit::kUnknown));
  ExpectPosition(*first, CheckpointAfter(5, archive_));
  EXPECT_EQ(Publish(*second, 5, 5), Result<Commit>(Commit::kUnknown));
  ExpectPosition(*second, CheckpointAfter(5, archive_));
  // …and no more.
  auto outcome = Publish(*first, 5, 5);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kPermanent);
  EXPECT_THAT(outcome.error().message, HasSubstr("another instance"));
  EXPECT_EQ(Publish(*second, 5, 5), Result<Commit>(Commit::kDone));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(0, 10));
}

TEST_F(KafkaOutputTest, LeavesAnInstanceAloneThatHasCommittedSince) {
  auto first = Make(options_);
  ExpectPosition(*first, std::nullopt);
  ASSERT_EQ(Publish(*first, 0, 5), Result<Commit>(Commit::kDone));
  auto second = Make(options_);
  ExpectPosition(*second, CheckpointAfter(5, archive_));
  ASSERT_EQ(Publish(*first, 5, 5), Result<Commit>(Commit::kUnknown));
  ExpectPosition(*first, CheckpointAfter(5, archive_));
  ASSERT_EQ(Publish(*first, 5, 5), Result<Commit>(Commit::kDone));
  ASSERT_EQ(Publish(*second, 5, 5), Result<Commit>(Commit::kUnknown));
  auto opened = second->Open({});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kPermanent) << opened.error();
  EXPECT_THAT(opened.error().message, HasSubstr("another instance"));
  EXPECT_EQ(Publish(*first, 10, 5), Result<Commit>(Commit::kDone)) << "it was not fenced again";
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(0, 15));
}

#ifdef NEWSWIRE_FAIL_POINTS
TEST_F(KafkaOutputTest, HidesWhatAKilledProcessLeftOpen) {
  const std::vector<std::string> command = {TEST_PUBLISHER, "kafka", kafka_->brokers(), prefix_,
                                            archive_,       "40",    "exactly_once"};
  ASSERT_EQ(RunProgram(command, {"NEWSWIRE_FAIL_POINT=publish.kafka.flushed:2"}).signal, SIGKILL);
  // One batch is committed, the next is on the broker but open.
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(1, 19));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n", "read_uncommitted"), Values(1, 19) + Values(21, 19));
  auto output = Make(options_);
  ExpectPosition(*output, CheckpointAfter(20, archive_));
  EXPECT_EQ(Publish(*output, 20, 1), Result<Commit>(Commit::kDone));
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), Values(1, 20));
}

TEST_F(KafkaOutputTest, PublishesEachEventOnceWhereverTheProcessIsKilled) {
  constexpr uint64_t kCaptures = 100;  // five batches
  const std::vector<std::string> command = {TEST_PUBLISHER, "kafka",  kafka_->brokers(),
                                            prefix_,        archive_, std::to_string(kCaptures),
                                            "exactly_once"};
  int kills = 0;
  for (const char* point :
       {"publish.kafka.begun", "publish.kafka.events_queued", "publish.kafka.flushed:2",
        "publish.kafka.flushed:1", "publish.kafka.committed:1", "publish.kafka.committed:2"}) {
    const Ended ended = RunProgram(command, {std::string("NEWSWIRE_FAIL_POINT=") + point});
    ASSERT_TRUE(ended.signal == SIGKILL || ended.code == 0) << point << " " << ended.code;
    kills += ended.signal == SIGKILL ? 1 : 0;
  }
  EXPECT_GE(kills, 5);
  ASSERT_EQ(RunProgram(command).code, 0);
  std::string expected;
  std::string other;
  for (uint64_t n = 0; n < kCaptures; ++n) {
    (n % 20 == 0 ? other : expected) += TestEvent(n).value + "\n";
  }
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"), expected);
  EXPECT_EQ(kafka_->Kcat(prefix_ + ".other", "%s\n"), other);
}

TEST_F(KafkaOutputTest, LosesNothingAtLeastOnceWhereverTheProcessIsKilled) {
  const std::vector<std::string> command = {TEST_PUBLISHER, "kafka", kafka_->brokers(), prefix_,
                                            archive_,       "60",    "at_least_once"};
  for (const char* point : {"publish.kafka.events_delivered:2", "publish.kafka.committed:1"}) {
    ASSERT_EQ(RunProgram(command, {std::string("NEWSWIRE_FAIL_POINT=") + point}).signal, SIGKILL)
        << point;
  }
  ASSERT_EQ(RunProgram(command).code, 0);
  // The batch whose position was not written comes again, in order, and nothing else.
  EXPECT_EQ(kafka_->Kcat(topic_, "%s\n"),
            Values(1, 19) + Values(21, 19) + Values(21, 19) + Values(41, 19));
}
#endif

TEST_F(KafkaOutputTest, WaitsForABrokerThatIsAwayAndPublishesOnce) {
  std::string why_not;
  const auto kafka = LocalKafka::Start(why_not);
  ASSERT_NE(kafka, nullptr) << why_not;
  auto output = Make(Options(*kafka));
  ExpectPosition(*output, std::nullopt);
  ASSERT_EQ(Publish(*output, 0, 10), Result<Commit>(Commit::kDone));
  ASSERT_EQ(kafka->Script({"kill9", "1"}).code, 0);
  auto waiting = std::async(std::launch::async, [&] { return Publish(*output, 10, 10); });
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(2)), std::future_status::timeout)
      << "nothing can be committed without a broker";
  ASSERT_EQ(kafka->Script({"up", "1"}).code, 0);
  Result<Commit> outcome = waiting.get();
  ASSERT_TRUE(outcome) << outcome.error();
  uint64_t next = 20;
  if (*outcome == Commit::kUnknown) {
    Result<std::optional<Checkpoint>> opened;
    for (int attempt = 0; attempt < 5 && !(opened = output->Open({})); ++attempt) {
      ASSERT_EQ(opened.error().kind, ErrorKind::kTransient) << opened.error();
    }
    ASSERT_TRUE(opened && *opened);
    next = CaptureNumber((*opened)->position);
  }
  if (next < 20) {
    ASSERT_EQ(Publish(*output, next, 20 - next), Result<Commit>(Commit::kDone));
  }
  EXPECT_EQ(kafka->Kcat(topic_, "%s\n"), Values(0, 20));
}

TEST_F(KafkaOutputTest, StopsWithinSecondsWhileTheBrokerIsAway) {
  std::string why_not;
  const auto kafka = LocalKafka::Start(why_not);
  ASSERT_NE(kafka, nullptr) << why_not;
  auto output = Make(Options(*kafka));
  ExpectPosition(*output, std::nullopt);
  ASSERT_EQ(Publish(*output, 0, 10), Result<Commit>(Commit::kDone));
  ASSERT_EQ(kafka->Script({"stall", "1"}).code, 0);
  std::stop_source stop;
  auto waiting =
      std::async(std::launch::async, [&] { return Publish(*output, 10, 10, stop.get_token()); });
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(1)), std::future_status::timeout);
  stop.request_stop();
  ASSERT_EQ(waiting.wait_for(std::chrono::seconds(8)), std::future_status::ready);
  const Result<Commit> outcome = waiting.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kCancelled);
  std::stop_source opening;
  auto open = std::async(std::launch::async, [&] { return output->Open(opening.get_token()); });
  opening.request_stop();
  ASSERT_EQ(open.wait_for(std::chrono::seconds(8)), std::future_status::ready);
  EXPECT_EQ(open.get().error().kind, ErrorKind::kCancelled);
  ASSERT_EQ(kafka->Script({"resume", "1"}).code, 0);
  ExpectPosition(*output, CheckpointAfter(10, archive_));
}

TEST(KafkaOutput, SaysWhenNoBrokerAnswers) {
  KafkaOptions options;
  options.brokers = "127.0.0.1:1";
  auto output = MakeKafkaOutput(options, "a1", std::nullopt, SystemClock());
  std::stop_source stop;
  auto open = std::async(std::launch::async, [&] { return output->Open(stop.get_token()); });
  EXPECT_EQ(open.wait_for(std::chrono::seconds(1)), std::future_status::timeout);
  stop.request_stop();
  EXPECT_EQ(open.get().error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace newswire::publish
