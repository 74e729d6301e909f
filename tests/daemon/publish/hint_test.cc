// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/hint.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/publish/test_process.h"

namespace newswire::publish {
namespace {

using testing::HasSubstr;

constexpr Position kSome(2, 100);
constexpr Position kEnd(5, 9);

Hint KafkaHint(Position position, std::string identity = "cluster-a") {
  return Hint{.output = "kafka", .position = position, .identity = std::move(identity)};
}

StartState Start(std::optional<Hint> hint, std::optional<Position> committed) {
  StartState state{.hint = std::move(hint),
                   .checkpoint = std::nullopt,
                   .archive_created = false,
                   .archive_end = kEnd,
                   .output = "kafka",
                   .identity = "cluster-a",
                   .on_missing_position = OnMissingPosition::kStop};
  if (committed) {
    state.checkpoint = Checkpoint{.archive = "a", .position = *committed};
  }
  return state;
}

void ExpectStops(const StartState& state, const std::string& reason) {
  auto start = DecideStart(state);
  ASSERT_FALSE(start) << start->ToHex();
  EXPECT_EQ(start.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(start.error().message, HasSubstr(reason));
  EXPECT_THAT(start.error().message, HasSubstr("kafka.on_missing_position"));
  StartState other = state;
  other.on_missing_position = OnMissingPosition::kBeginning;
  EXPECT_EQ(DecideStart(other), Result<Position>(Position()));
  other.on_missing_position = OnMissingPosition::kEnd;
  EXPECT_EQ(DecideStart(other), Result<Position>(kEnd));
}

TEST(DecideStart, FollowsTheCheckpoint) {
  EXPECT_EQ(DecideStart(Start(KafkaHint(kSome), kSome)), Result<Position>(kSome));
  EXPECT_EQ(DecideStart(Start(KafkaHint(Position(), ""), kSome)), Result<Position>(kSome));
  EXPECT_EQ(DecideStart(Start(std::nullopt, kSome)), Result<Position>(kSome));
  // The hint is behind a commit after which the process died.
  EXPECT_EQ(DecideStart(Start(KafkaHint(Position(1, 1)), kSome)), Result<Position>(kSome));
  // Kafka was away for a time while files took the events: Kafka's own position is still true.
  EXPECT_EQ(DecideStart(Start(Hint{"files", kEnd, "/topics"}, kSome)), Result<Position>(kSome));
}

TEST(DecideStart, StopsWhenTheArchiveDoesNotFitTheCheckpoint) {
  StartState state = Start(KafkaHint(kSome), kSome);
  state.misfit = "the archive ends before it";
  ExpectStops(state, "the archive ends before it");
}

TEST(DecideStart, StartsAtTheBeginningWhenNothingWasPublished) {
  StartState created = Start(std::nullopt, std::nullopt);
  created.archive_created = true;
  EXPECT_EQ(DecideStart(created), Result<Position>(Position()));
  EXPECT_EQ(DecideStart(Start(KafkaHint(Position(), ""), std::nullopt)),
            Result<Position>(Position()));
}

TEST(DecideStart, StopsWhenThePositionIsMissing) {
  ExpectStops(Start(KafkaHint(kSome), std::nullopt), "cluster-a");
  ExpectStops(Start(Hint{"files", Position(), "/topics"}, std::nullopt), "files /topics");
  ExpectStops(Start(std::nullopt, std::nullopt), "no hint");
}

TEST(DecideStart, DoesNotTrustThePositionOfAnotherCluster) {
  ExpectStops(Start(KafkaHint(kSome, "cluster-b"), kSome), "cluster-b");
}

TEST(DecideStart, RefillsAnEmbeddedBrokerFromTheBeginning) {
  StartState state = Start(Hint{"embedded", kSome, "1"}, std::nullopt);
  state.output = "embedded";
  state.identity = "2";
  EXPECT_EQ(DecideStart(state), Result<Position>(Position()));
}

TEST(DecideStart, TakesFilesFromAnyFolder) {
  StartState state = Start(Hint{"files", kSome, "/old"}, kSome);
  state.output = "files";
  state.identity = "/new";
  EXPECT_EQ(DecideStart(state), Result<Position>(kSome));
}

TEST(Hint, ReadsBackWhatItWrote) {
  TemporaryFolder folder;
  const auto file = folder.path() / "hint.json";
  EXPECT_EQ(ReadHint(file), Result<std::optional<Hint>>(std::nullopt));
  ASSERT_TRUE(WriteHint(file, KafkaHint(kSome)));
  ASSERT_TRUE(WriteHint(file, KafkaHint(kEnd)));
  EXPECT_EQ(ReadHint(file), Result<std::optional<Hint>>(KafkaHint(kEnd)));
}

TEST(Hint, RefusesWhatIsNoHint) {
  TemporaryFolder folder;
  const auto file = folder.path() / "hint.json";
  for (const char* text : {"", "{", R"({"v":1})", R"({"v":9,"output":"kafka","position":"0"})"}) {
    std::ofstream(file) << text;
    auto hint = ReadHint(file);
    ASSERT_FALSE(hint) << text;
    EXPECT_EQ(hint.error().kind, ErrorKind::kCorruption);
  }
}

}  // namespace
}  // namespace newswire::publish
