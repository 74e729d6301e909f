// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/publish/test_events.h"
#include "tests/daemon/publish/test_process.h"

namespace newswire::publish {
namespace {

using testing::HasSubstr;

std::string ReadAll(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Lines(uint64_t first, uint64_t count) {
  std::string text;
  for (uint64_t n = first; n < first + count; ++n) {
    text += TestEvent(n).value + "\n";
  }
  return text;
}

class FilesOutputTest : public testing::Test {
 protected:
  std::unique_ptr<Output> Make(std::string archive = "a1") {
    return MakeFilesOutput(dir_, "news.{category}", std::move(archive), SystemClock());
  }
  Result<Commit> Publish(Output& output, uint64_t first, uint64_t count) {
    const auto events = TestEvents(first, count);
    return output.Publish({.events = events, .checkpoint = CheckpointAfter(first + count, "a1")},
                          {});
  }
  TemporaryFolder folder_;
  const std::filesystem::path dir_ = folder_.path() / "topics";
  const std::filesystem::path topic_ = dir_ / "news.emnews.jsonl";
};

TEST_F(FilesOutputTest, KeepsEventsAndPosition) {
  auto output = Make();
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(std::nullopt));
  EXPECT_EQ(Publish(*output, 0, 3), Result<Commit>(Commit::kDone));
  EXPECT_EQ(Publish(*output, 3, 2), Result<Commit>(Commit::kDone));
  EXPECT_EQ(ReadAll(topic_), Lines(0, 5));
  EXPECT_EQ(Make()->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(5, "a1")));
}

TEST_F(FilesOutputTest, WritesNothingForATombstone) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  ASSERT_EQ(Publish(*output, 0, 1), Result<Commit>(Commit::kDone));
  const std::vector<Event> events = {MakeTombstone("s:1", "", "emnews", {}, {}),
                                     MakeTombstone("s:2", "", "never-met", {}, {})};
  EXPECT_EQ(output->Publish({.events = events, .checkpoint = CheckpointAfter(2, "a1")}, {}),
            Result<Commit>(Commit::kDone));
  EXPECT_EQ(ReadAll(topic_), Lines(0, 1));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "news.never-met.jsonl"));
  EXPECT_EQ(Make()->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(2, "a1")));
}

TEST_F(FilesOutputTest, CommitsThePositionAlone) {
  auto output = Make();
  ASSERT_TRUE(output->Open({}));
  EXPECT_EQ(output->Publish({.events = {}, .checkpoint = CheckpointAfter(9, "a1")}, {}),
            Result<Commit>(Commit::kDone));
  EXPECT_EQ(Make()->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(9, "a1")));
}

TEST_F(FilesOutputTest, CutsBackWhatTheManifestDoesNotCover) {
  {
    auto output = Make();
    ASSERT_TRUE(output->Open({}));
    ASSERT_TRUE(Publish(*output, 0, 3));
  }
  std::ofstream(topic_, std::ios::app) << "{\"torn";
  std::ofstream(dir_ / "news.new.jsonl") << "{}\n";
  std::ofstream(dir_ / "notes.jsonl") << "somebody's own\n";
  auto output = Make();
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(3, "a1")));
  EXPECT_EQ(ReadAll(topic_), Lines(0, 3));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "news.new.jsonl"));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "notes.jsonl"));
  EXPECT_EQ(Publish(*output, 3, 1), Result<Commit>(Commit::kDone));
  EXPECT_EQ(ReadAll(topic_), Lines(0, 4));
}

TEST_F(FilesOutputTest, BeginsATopicAnewThatSomebodyRemoved) {
  {
    auto output = Make();
    ASSERT_TRUE(output->Open({}));
    ASSERT_TRUE(Publish(*output, 0, 3));
  }
  std::filesystem::remove(topic_);
  auto output = Make();
  EXPECT_EQ(output->Open({}), Result<std::optional<Checkpoint>>(CheckpointAfter(3, "a1")));
  ASSERT_TRUE(Publish(*output, 3, 2));
  EXPECT_EQ(ReadAll(topic_), Lines(3, 2));
  EXPECT_TRUE(Make()->Open({}));
}

TEST_F(FilesOutputTest, RefusesAFileShorterThanCommitted) {
  {
    auto output = Make();
    ASSERT_TRUE(output->Open({}));
    ASSERT_TRUE(Publish(*output, 0, 3));
  }
  std::filesystem::resize_file(topic_, 5);
  auto opened = Make()->Open({});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
  EXPECT_THAT(opened.error().message, HasSubstr("news.emnews.jsonl"));
}

TEST_F(FilesOutputTest, RefusesADamagedManifestAndAnotherArchive) {
  {
    auto output = Make();
    ASSERT_TRUE(output->Open({}));
    ASSERT_TRUE(Publish(*output, 0, 3));
  }
  auto other = Make("b2")->Open({});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kConfig);
  std::ofstream(dir_ / "manifest.json") << "{\"v\":1";
  auto damaged = Make()->Open({});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::kCorruption);
  EXPECT_EQ(ReadAll(topic_), Lines(0, 3)) << "nothing may be cut by a manifest that is not whole";
}

#ifdef NEWSWIRE_FAIL_POINTS
TEST_F(FilesOutputTest, KeepsEachEventOnceWhereverTheProcessIsKilled) {
  constexpr uint64_t kCaptures = 100;
  for (const char* place :
       {"publish.files.appended", "publish.files.synced", "publish.files.committed"}) {
    for (int count = 1; count <= 4; ++count) {
      TemporaryFolder folder;
      const std::string dir = (folder.path() / "topics").string();
      const std::vector<std::string> command = {TEST_PUBLISHER, "files", dir,
                                                "news",         "a1",    std::to_string(kCaptures)};
      const std::string point = std::string(place) + ":" + std::to_string(count);
      const Ended killed = RunProgram(command, {"NEWSWIRE_FAIL_POINT=" + point});
      ASSERT_EQ(killed.signal, SIGKILL) << point;
      ASSERT_EQ(RunProgram(command).code, 0) << point;
      std::string expected;
      std::string other;
      for (uint64_t n = 0; n < kCaptures; ++n) {
        (n % 20 == 0 ? other : expected) += TestEvent(n).value + "\n";
      }
      EXPECT_EQ(ReadAll(folder.path() / "topics" / "news.emnews.jsonl"), expected) << point;
      EXPECT_EQ(ReadAll(folder.path() / "topics" / "news.other.jsonl"), other) << point;
    }
  }
}
#endif

}  // namespace
}  // namespace newswire::publish
