// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/tail.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/publish/test_events.h"
#include "tests/daemon/publish/test_process.h"

namespace newswire::commands {
namespace {

using publish::TopicRecord;
using testing::HasSubstr;
using testing::Not;

TEST(Tail, PrintsTimeTopicTypePublisherTitleAndFirstWords) {
  TopicRecord record;
  record.topic = "news.emnews";
  record.value = R"({"type":"post.revised","revision":3,"title":"工信部","publisher":"财联社",)"
                 R"("published_at":"2022-04-19T10:45:38+08:00","text":"第一段\n第二段"})";
  EXPECT_EQ(FormatRecord(record, false),
            "2022-04-19T10:45:38+08:00  news.emnews  post.revised r3  财联社\n"
            "    工信部\n"
            "    第一段 第二段\n");
  EXPECT_THAT(FormatRecord(record, true), HasSubstr("\x1b[1m工信部\x1b[0m"));
}

TEST(Tail, LetsNoControlCharacterThrough) {
  TopicRecord record;
  record.topic = "news.x";
  record.value = R"({"type":"post.published","title":"a\u001b[2Jb\u0007\u009bc","text":"x\r\ny"})";
  const std::string line = FormatRecord(record, false);
  EXPECT_THAT(line, HasSubstr("a [2Jb c"));
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  EXPECT_THAT(line, Not(HasSubstr("\r")));
}

TEST(Tail, PrintsWhatIsNoEvent) {
  TopicRecord record;
  record.topic = "news.x";
  record.key = "k";
  record.value = "\xff not JSON";
  EXPECT_THAT(FormatRecord(record, false), HasSubstr("news.x"));
  EXPECT_THAT(RecordToJson(record), HasSubstr("not JSON"));
}

class FilesTailTest : public testing::Test {
 protected:
  FilesTailTest() {
    options_.output = publish::OutputKind::kFiles;
    options_.data_dir = folder_.path();
    options_.from = publish::ReadFrom::kBeginning;
    options_.json = true;
  }
  void Publish(publish::Output& output, uint64_t first, uint64_t count) {
    const auto events = publish::TestEvents(first, count);
    ASSERT_TRUE(output.Publish(
        {.events = events, .checkpoint = publish::CheckpointAfter(first + count, "a1")}, {}));
  }
  publish::TemporaryFolder folder_;
  TailOptions options_;
};

TEST_F(FilesTailTest, StopsAtTheManifest) {
  auto output = publish::MakeFilesOutput(folder_.path() / "topics", "news.{category}", "a1");
  ASSERT_TRUE(output->Open({}));
  Publish(*output, 0, 3);
  {
    std::ofstream file(folder_.path() / "topics" / "news.emnews.jsonl", std::ios::app);
    file << "{\"uncommitted\":true}\n";
  }
  auto reader = publish::MakeFilesTopicReader(folder_.path() / "topics", {"news.*"},
                                              publish::ReadFrom::kBeginning);
  for (uint64_t n = 0; n < 3; ++n) {
    auto record = reader->Next({});
    ASSERT_TRUE(record && *record);
    EXPECT_EQ((*record)->value, publish::TestEvent(n).value);
  }
  auto more = reader->Next({});
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
}

TEST_F(FilesTailTest, FollowsFromTheEnd) {
  auto output = publish::MakeFilesOutput(folder_.path() / "topics", "news.{category}", "a1");
  ASSERT_TRUE(output->Open({}));
  Publish(*output, 0, 3);
  auto reader =
      publish::MakeFilesTopicReader(folder_.path() / "topics", {"news.*"}, publish::ReadFrom::kEnd);
  auto none = reader->Next({});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  Publish(*output, 3, 1);
  auto record = reader->Next({});
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->value, publish::TestEvent(3).value);
}

TEST_F(FilesTailTest, EndsAfterCount) {
  auto output = publish::MakeFilesOutput(folder_.path() / "topics", "news.{category}", "a1");
  ASSERT_TRUE(output->Open({}));
  Publish(*output, 0, 5);
  options_.count = 2;
  std::ostringstream out;
  ASSERT_TRUE(RunTail(options_, out, SystemClock(), {}));
  EXPECT_EQ(out.str(),
            "{\"topic\":\"news.emnews\",\"offset\":0,\"value\":" + publish::TestEvent(0).value +
                "}\n{\"topic\":\"news.emnews\",\"offset\":" +
                std::to_string(publish::TestEvent(0).value.size() + 1) +
                ",\"value\":" + publish::TestEvent(1).value + "}\n");
}

TEST(Tail, SaysThatNoBrokerRuns) {
  publish::TemporaryFolder folder;
  TailOptions options;
  options.output = publish::OutputKind::kEmbedded;
  options.data_dir = folder.path();
  std::ostringstream out;
  auto ended = RunTail(options, out, SystemClock(), {});
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("broker.json"));
}

}  // namespace
}  // namespace newswire::commands
