// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/commands/tail.h"
#include "daemon/publish/embedded_broker.h"
#include "daemon/publish/refill_window.h"
#include "tests/daemon/publish/test_events.h"
#include "tests/daemon/publish/test_process.h"

namespace newswire::publish {
namespace {

using testing::HasSubstr;

std::multiset<std::string> LinesOf(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.insert(line);
  }
  return lines;
}

std::multiset<std::string> Values(uint64_t count) {
  std::multiset<std::string> lines;
  for (uint64_t n = 0; n < count; ++n) {
    lines.insert(TestEvent(n).value);
  }
  return lines;
}

// Waits for what another process does.
bool Eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

bool Lives(pid_t pid) { return ::kill(pid, 0) == 0; }

class EmbeddedOutputTest : public testing::Test {
 protected:
  std::unique_ptr<Output> Make() {
    return MakeEmbeddedOutput({}, folder_.path(), "a1", std::nullopt, SystemClock(), TEST_BROKER);
  }
  BrokerFile File() {
    auto file = ReadBrokerFile(folder_.path());
    EXPECT_TRUE(file);
    return file.value_or(BrokerFile{});
  }
  Result<Commit> Publish(Output& output, uint64_t first, uint64_t count) {
    const auto events = TestEvents(first, count);
    auto outcome =
        output.Publish({.events = events, .checkpoint = CheckpointAfter(first + count, "a1")}, {});
    output.Idle();  // as the relay does when it has read everything
    return outcome;
  }
  TemporaryFolder folder_;
};

TEST_F(EmbeddedOutputTest, CanBeReadByAnyClient) {
  auto output = Make();
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(std::nullopt));
  ASSERT_TRUE(output->PrepareTopics(std::vector<std::string>{"emnews"}, {}));
  EXPECT_EQ(Publish(*output, 0, 30), Result<Commit>(Commit::kDone));
  EXPECT_EQ(LinesOf(KcatAt(File().brokers, "news.emnews", "%s\n")), Values(30));
  EXPECT_THAT(KcatAt(File().brokers, "news.emnews", "%h\n"), HasSubstr("ce_source="));
  // The same broker still knows how far it is.
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(30, "a1")));
}

TEST_F(EmbeddedOutputTest, RefillsWithTheNewestOnly) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  // One key, so one partition: 12 MB of events, of which 4 MiB may be sent.
  constexpr uint64_t kEvents = 30;
  for (uint64_t n = 0; n < kEvents; ++n) {
    std::vector<Event> events = TestEvents(n, 1);
    events[0].key = "finews:1";
    events[0].value = "\"" + std::to_string(n) + std::string(400'000, 'x') + "\"";
    ASSERT_EQ(output->Publish({.events = events, .checkpoint = CheckpointAfter(n + 1, "a1")}, {}),
              Result<Commit>(Commit::kDone));
  }
  output->Idle();
  const std::string read = KcatAt(File().brokers, "news.emnews", "%o %s\n");
  const auto lines = LinesOf(read);
  EXPECT_EQ(lines.size(), 10U);
  EXPECT_THAT(read, HasSubstr("0 \"20x"));
  EXPECT_THAT(read, HasSubstr("9 \"29x"));
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(kEvents, "a1")));
}

TEST(RefillWindow, KeepsTheNewestOfEachPartitionWithoutHoles) {
  RefillWindow window(100, 1000, 1);
  std::vector<Event> events;
  for (int n = 0; n < 6; ++n) {
    Event event;
    event.topic_slug = n == 5 ? "b" : "a";
    event.value = std::string(n == 2 ? 90 : 30, static_cast<char>('0' + n));
    events.push_back(event);
  }
  window.Add(events);
  std::string kept;
  for (const Event& event : window.Take()) {
    kept += event.value.substr(0, 1);
  }
  EXPECT_EQ(kept, "345");
  EXPECT_TRUE(window.Take().empty());
}

TEST_F(EmbeddedOutputTest, EndsTheBrokerThatItStarted) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  const pid_t pid = File().pid;
  output.reset();
  EXPECT_FALSE(Lives(pid));
  EXPECT_FALSE(ReadBrokerFile(folder_.path()));
}

TEST_F(EmbeddedOutputTest, UsesABrokerThatRunsAndLeavesItRunning) {
  EmbeddedBroker broker(folder_.path(), TEST_BROKER, SystemClock());
  auto file = broker.Ensure({});
  ASSERT_TRUE(file) << file.error();
  {
    auto output = Make();
    ASSERT_TRUE(output->Open({}));
    EXPECT_EQ(output->Identity(), file->instance);
    ASSERT_EQ(Publish(*output, 0, 3), Result<Commit>(Commit::kDone));
  }
  EXPECT_TRUE(broker.Running());
  EXPECT_EQ(Make()->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(3, "a1")));
}

TEST_F(EmbeddedOutputTest, BeginsAnewWhenTheBrokerIsLost) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  ASSERT_EQ(Publish(*output, 0, 3), Result<Commit>(Commit::kDone));
  const BrokerFile lost = File();
  ASSERT_EQ(::kill(lost.pid, SIGKILL), 0);
  EXPECT_EQ(Publish(*output, 3, 3), Result<Commit>(Commit::kUnknown));
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(std::nullopt));
  EXPECT_NE(output->Identity(), lost.instance);
  EXPECT_EQ(Publish(*output, 0, 6), Result<Commit>(Commit::kDone));
  EXPECT_EQ(LinesOf(KcatAt(File().brokers, "news.emnews", "%s\n")), Values(6));
}

TEST_F(EmbeddedOutputTest, IgnoresAFileThatABrokerLeftBehind) {
  ASSERT_TRUE(WriteBrokerFile(
      folder_.path(),
      {.brokers = "127.0.0.1:1", .cluster = "c", .instance = "old", .pid = ::getpid()}));
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  EXPECT_NE(output->Identity(), "old");
}

TEST_F(EmbeddedOutputTest, BrokerEndsWithItsParent) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    EmbeddedBroker broker(folder_.path(), TEST_BROKER, SystemClock());
    if (!broker.Ensure({})) {
      ::_exit(1);
    }
    ::pause();
    ::_exit(0);
  }
  ASSERT_TRUE(Eventually([&] { return ReadBrokerFile(folder_.path()).has_value(); }));
  ASSERT_EQ(::kill(parent, SIGKILL), 0);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(Eventually([&] { return !ReadBrokerFile(folder_.path()); }));
}

TEST_F(EmbeddedOutputTest, TailPrintsWhatWasPublished) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  ASSERT_EQ(Publish(*output, 0, 5), Result<Commit>(Commit::kDone));
  commands::TailOptions options;
  options.output = OutputKind::kEmbedded;
  options.data_dir = folder_.path();
  options.from = ReadFrom::kBeginning;
  options.count = 5;
  options.json = true;
  std::ostringstream out;
  ASSERT_TRUE(commands::RunTail(options, out, SystemClock(), {}));
  EXPECT_EQ(LinesOf(out.str()).size(), 5U);
  for (uint64_t n = 0; n < 5; ++n) {
    EXPECT_THAT(out.str(), HasSubstr("\"value\":" + TestEvent(n).value));
  }
}

}  // namespace
}  // namespace newswire::publish
