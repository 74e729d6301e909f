// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/relay.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/publish/hint.h"
#include "daemon/relay/pending_batch.h"
#include "tests/daemon/relay/scripted.h"

namespace newswire::relay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Relay, PublishesWhatTheArchiveHoldsInItsOrder) {
  RelayWorld world;
  world.Append({ScriptedPage({.id = "s:1", .category = "a"}, 1),
                ScriptedPage({.id = "s:2", .category = "b"}, 2),
                ScriptedPage({.id = "s:1", .text = "New", .category = "a"}, 3),
                ScriptedRemoval("s:2", 4)});
  Truth truth;
  ScriptedOutput output(truth);
  const Status status = world.Settle(output);
  ASSERT_TRUE(status) << status.error();
  EXPECT_THAT(truth.values,
              ElementsAre(HasSubstr(R"("revision":1)"), StartsWith("b "),
                          HasSubstr(R"("changed":["text"])"), HasSubstr("post.removed")));
  ASSERT_TRUE(truth.checkpoint);
  EXPECT_EQ(truth.checkpoint->archive, world.archive().uuid());
  EXPECT_EQ(truth.checkpoint->position, world.archive().durable_end());
  EXPECT_EQ(truth.checkpoint->events, 4U);
}

TEST(Relay, AnyNumberOfThreadsPublishesTheSame) {
  RelayWorld world;
  world.Append(ScriptedHistory(1, 200));
  const std::vector<std::string> expected = world.Expected();
  EXPECT_GT(expected.size(), 50U);
  for (const int threads : {2, 7}) {
    Truth truth;
    ScriptedOutput output(truth);
    RelayOptions options = world.Options(threads);
    options.state_dir = world.dir() / ("state-" + std::to_string(threads));
    options.output_name = "embedded";
    ASSERT_TRUE(world.Settle(output, options));
    EXPECT_EQ(truth.values, expected) << threads << " threads";
  }
}

TEST(Relay, GoesOnWhereTheOutputSaysWhileTheArchiveGrows) {
  RelayWorld world;
  Truth truth;
  const std::vector<Capture> history = ScriptedHistory(2, 90);
  for (size_t begin = 0; begin < history.size(); begin += 30) {
    world.Append({history.begin() + static_cast<ptrdiff_t>(begin),
                  history.begin() + static_cast<ptrdiff_t>(begin + 30)});
    ScriptedOutput output(truth);
    ASSERT_TRUE(world.Settle(output));
    EXPECT_EQ(world.folded, 0U) << "the state was flushed with each commit";
  }
  EXPECT_EQ(truth.values, world.Expected());
}

// Exactly once is held by the output's transaction and the relay's rewinding together.
TEST(Relay, PublishesExactlyOnceWhateverBecomesOfItsCommits) {
  int all_lives = 0;
  for (const uint32_t seed : {1U, 2U, 3U, 4U}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RelayWorld world;
    world.Append(ScriptedHistory(seed, 150));
    const std::vector<std::string> expected = world.Expected();
    Truth truth;
    std::mt19937 random(seed);
    const auto mishap = [&] {
      const uint32_t dice = random() % 10;
      return dice < 4 ? static_cast<Mishap>(1 + dice) : Mishap::kNone;
    };
    int lives = 0;
    Status status = Fail(ErrorKind::kPermanent, "not begun");
    while (!status && ++lives < 200) {
      if (lives % 3 == 0) {  // the whole process, archive and all
        world.CloseArchive();
        world.OpenArchive();
      }
      ScriptedOutput output(truth, mishap);
      RelayOptions options = world.Options();
      options.kafka.commit_events = 1;
      status = world.Settle(output, options);
    }
    ASSERT_TRUE(status) << status.error();
    all_lives += lives;
    EXPECT_EQ(truth.values, expected);
  }
  EXPECT_GT(all_lives, 8) << "the processes hardly died: the test says little";
}

TEST(Relay, ALostStateIsFoldedAgainWithoutPublishing) {
  RelayWorld world;
  const std::vector<Capture> history = ScriptedHistory(5, 80);
  world.Append({history.begin(), history.begin() + 50});
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  std::filesystem::remove_all(world.dir() / "state");
  world.Append({history.begin() + 50, history.end()});
  ASSERT_TRUE(world.Settle(output));
  EXPECT_GT(world.folded, 40U);
  EXPECT_EQ(truth.values, world.Expected());
}

TEST(Relay, ADamagedStateIsRebuilt) {
  RelayWorld world;
  const std::vector<Capture> history = ScriptedHistory(6, 60);
  world.Append({history.begin(), history.begin() + 40});
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::remove(world.dir() / "state" / (std::string("sequencer.db") + suffix));
  }
  archive::WriteAll(world.dir() / "state" / "sequencer.db", std::string(20'000, 'x'));
  world.Append({history.begin() + 40, history.end()});
  const Status status = world.Settle(output);
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(world.rebuilds, 1U);
  EXPECT_EQ(truth.values, world.Expected());
}

TEST(Relay, RefusesAnArchiveThatDoesNotHoldWhatWasPublished) {
  RelayWorld world;
  world.Append(ScriptedHistory(7, 10));
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  const publish::Checkpoint good = *truth.checkpoint;

  truth.checkpoint->last_record = "urn:uuid:00000000-0000-0000-0000-000000000000";
  Status status = world.Settle(output);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(status.error().message, HasSubstr("does not hold record"));

  truth.checkpoint = good;
  truth.checkpoint->position = Position(9, 0);
  status = world.Settle(output);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(status.error().message, HasSubstr("the archive ends at"));
}

TEST(Relay, AnArchiveThatWasNotPublishedFromIsTheOperatorsDecision) {
  for (const bool older : {true, false}) {
    RelayWorld world;
    const std::vector<Capture> history = ScriptedHistory(7, 40);
    world.Append({history.begin(), history.begin() + 20});
    Truth truth;
    ScriptedOutput output(truth);
    ASSERT_TRUE(world.Settle(output));
    const Truth before = truth;
    const auto break_checkpoint = [&] {
      if (older) {
        truth.checkpoint->position = Position(9, 0);
      } else {
        truth.checkpoint->last_record = "urn:uuid:00000000-0000-0000-0000-000000000000";
      }
    };
    RelayOptions options = world.Options();

    break_checkpoint();
    truth.values.clear();
    options.kafka.on_missing_position = publish::OnMissingPosition::kEnd;
    Status status = world.Settle(output, options);
    ASSERT_TRUE(status) << status.error();
    EXPECT_TRUE(truth.values.empty());
    EXPECT_EQ(truth.checkpoint->position, world.archive().durable_end());
    ASSERT_TRUE(world.Settle(output)) << "the position is known from then on";

    break_checkpoint();
    options.kafka.on_missing_position = publish::OnMissingPosition::kBeginning;
    status = world.Settle(output, options);
    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(truth.values, before.values);
    ASSERT_TRUE(world.Settle(output));
    EXPECT_EQ(truth.values, before.values);
  }
}

TEST(Relay, AnOutputThatLostItsPositionIsTheOperatorsDecision) {
  RelayWorld world;
  const std::vector<Capture> history = ScriptedHistory(8, 40);
  world.Append({history.begin(), history.begin() + 20});
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  world.CloseArchive();
  world.OpenArchive();  // another start: the archive is no longer new
  const Truth before = truth;

  truth = {};
  Status status = world.Settle(output);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kConfig) << status.error();
  EXPECT_TRUE(truth.values.empty());

  RelayOptions options = world.Options();
  options.kafka.on_missing_position = publish::OnMissingPosition::kBeginning;
  status = world.Settle(output, options);
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(truth.values, before.values);

  truth = {};
  options.kafka.on_missing_position = publish::OnMissingPosition::kEnd;
  status = world.Settle(output, options);
  ASSERT_TRUE(status) << status.error();
  EXPECT_TRUE(truth.values.empty());
  ASSERT_TRUE(truth.checkpoint) << "where it started from must be known to the next start";
  world.Append({history.begin() + 20, history.end()});
  ASSERT_TRUE(world.Settle(output));
  std::vector<std::string> all = before.values;
  all.insert(all.end(), truth.values.begin(), truth.values.end());
  EXPECT_EQ(all, world.Expected());
}

TEST(Relay, ANewConfigurationGovernsOnlyWhatCameAfterIt) {
  RelayWorld world;
  world.Append({ScriptedPage({.id = "s:1"}, 1)});
  world.archive().SetWarcInfo(ScriptedInfo("another"));
  world.Append({ScriptedPage({.id = "s:2"}, 2)});
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  ASSERT_EQ(truth.values.size(), 2U);
  EXPECT_THAT(truth.values[0], HasSubstr("post.published"));
  EXPECT_THAT(truth.values[1], StartsWith("dead-letter "));
  EXPECT_THAT(truth.values[1], HasSubstr("does not know the source s"));
}

TEST(Relay, AnUpgradedPipelineAloneRevisesNothing) {
  RelayWorld world;
  world.Append({ScriptedPage({.id = "s:1"}, 1), ScriptedPage({.id = "s:2"}, 2)});
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  // The same pages again, one of them edited, under another build.
  world.Append({ScriptedPage({.id = "s:1"}, 3), ScriptedPage({.id = "s:2", .text = "New"}, 4)});
  RelayOptions options = world.Options();
  options.make_runner = ScriptedRunners("1.0.1+bbbbbbbb");
  ASSERT_TRUE(world.Settle(output, options));
  ASSERT_EQ(truth.values.size(), 3U);
  EXPECT_THAT(truth.values[2], HasSubstr(R"("changed":["text"])"));
}

TEST(Relay, GoesPastAControlRecordAndChecksItsPositionAtTheNextStart) {
  RelayWorld world;
  world.Append({ScriptedPage({.id = "s:1"}, 1)});
  const auto control = world.archive().AppendControlAndWait(archive::ControlKind::kRedaction,
                                                            R"({"posts":["s:9"]})");
  ASSERT_TRUE(control) << control.error();
  Truth truth;
  ScriptedOutput output(truth);
  ASSERT_TRUE(world.Settle(output));
  EXPECT_EQ(truth.values.size(), 1U);
  world.Append({ScriptedPage({.id = "s:2"}, 2)});
  ASSERT_TRUE(world.Settle(output));
  EXPECT_EQ(world.folded, 0U);
  EXPECT_EQ(truth.values, world.Expected());
  EXPECT_EQ(truth.values.size(), 2U);
}

TEST(Relay, CountsDamageAndReadsOnBehindIt) {
  RelayWorld world(1U << 20);
  world.Append(ScriptedHistory(9, 30));
  world.CloseArchive();
  const auto segments = archive::ListSegments(world.dir() / "archive");
  ASSERT_TRUE(segments && segments->size() == 1);
  std::string bytes = archive::ReadAll((*segments)[0].path);
  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 200; ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  }
  archive::WriteAll((*segments)[0].path, bytes);
  world.OpenArchive();
  Truth truth;
  ScriptedOutput output(truth);
  RelayOptions options = world.Options();
  options.kafka.on_missing_position = publish::OnMissingPosition::kBeginning;
  const Status status = world.Settle(output, options);
  ASSERT_TRUE(status) << status.error();
  EXPECT_GT(world.damage, 0U);
  EXPECT_GT(truth.values.size(), 5U);
}

TEST(Relay, CommitsThePositionWithoutEventsAtLeastAfterTheIdleBytes) {
  const SteadyTime now{};
  PendingBatch batch({}, {}, now);
  EXPECT_FALSE(batch.Due(now + std::chrono::hours(1))) << "nothing happened";
  ArchiveAddress capture;
  capture.position = Position(1, 0);
  capture.end = Position(1, 1000);
  batch.Add(capture, {}, now);
  EXPECT_FALSE(batch.Due(now + std::chrono::seconds(59)));
  EXPECT_TRUE(batch.Due(now + std::chrono::seconds(60)));
  capture.position = capture.end;
  capture.end = Position(1, (uint64_t{64} << 20) - 1);
  batch.Add(capture, {}, now);
  EXPECT_FALSE(batch.Due(now));
  capture.position = capture.end;
  capture.end = Position(1, uint64_t{64} << 20);
  batch.Add(capture, {}, now);
  EXPECT_TRUE(batch.Due(now));
  batch.Committed(now);
  EXPECT_FALSE(batch.Due(now + std::chrono::hours(1)));
  EXPECT_EQ(batch.committed().position, capture.end);
}

TEST(Relay, CommitsEventsAfterTheIntervalTheBytesOrTheCount) {
  const SteadyTime now{};
  const Cadence cadence{.interval = std::chrono::milliseconds(100), .bytes = 1000, .events = 3};
  ArchiveAddress capture;
  capture.end = Position(1, 10);
  Event event;
  event.value = std::string(100, 'x');
  {
    PendingBatch batch(cadence, {}, now);
    batch.Add(capture, {event}, now);
    batch.Add(capture, {event}, now + std::chrono::milliseconds(99));
    EXPECT_FALSE(batch.Due(now + std::chrono::milliseconds(99)));
    EXPECT_EQ(batch.UntilDue(now + std::chrono::milliseconds(99)), std::chrono::milliseconds(1));
    EXPECT_TRUE(batch.Due(now + std::chrono::milliseconds(100)));
  }
  {
    PendingBatch batch(cadence, {}, now);
    batch.Add(capture, std::vector<Event>(8, event), now);
    EXPECT_TRUE(batch.Due(now));
    EXPECT_EQ(batch.batch().events.size(), 8U) << "a capture's events stay together";
  }
  {
    PendingBatch batch(cadence, {}, now);
    event.value = std::string(1000, 'x');
    batch.Add(capture, {event}, now);
    EXPECT_TRUE(batch.Due(now));
  }
}

}  // namespace
}  // namespace newswire::relay
