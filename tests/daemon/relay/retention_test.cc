// SPDX-License-Identifier: Apache-2.0
// Segments that were retired: what follows from them is still known, whatever else is lost, and
// whenever the process is killed.
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/archive/hold.h"
#include "daemon/publish/output.h"
#include "tests/daemon/relay/scripted.h"
#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr size_t kBefore = 240;  // captures that the archive has when half of it is retired
constexpr size_t kAfter = 120;

uint64_t BytesOf(const fs::path& archive) {
  uint64_t bytes = 0;
  const auto segments = archive::ListSegments(archive);
  EXPECT_TRUE(segments) << segments.error();
  for (const archive::Segment& segment : segments.value_or(std::vector<archive::Segment>())) {
    bytes += segment.size;
  }
  return bytes;
}

uint32_t OldestOf(const fs::path& archive) {
  const auto segments = archive::ListSegments(archive);
  EXPECT_TRUE(segments && !segments->empty());
  return segments && !segments->empty() ? segments->front().serial : 0;
}

// What of an event does not depend on where its capture lies and what its record is called.
std::string Told(const std::string& value) {
  const auto event = text::JsonDocument::Parse(value);
  EXPECT_TRUE(event) << value;
  if (!event) {
    return {};
  }
  std::string told;
  for (const char* key : {"id", "type", "revision", "changed", "title", "text", "reason"}) {
    told += event->root()[key].exists() ? event->root()[key].Dump() + " " : "- ";
  }
  return told;
}

std::vector<std::string> Told(const std::vector<std::string>& values) {
  std::vector<std::string> told;
  for (const std::string& value : values) {
    const size_t topic = value.find(' ') + 1;  // "<topic> <value>"
    told.push_back(value.substr(0, topic) + Told(value.substr(topic)));
  }
  return told;
}

// The same captures in an archive of which nothing is retired.
std::vector<std::string> Undisturbed(const std::vector<Capture>& history) {
  RelayWorld world;
  world.Append(history);
  return Told(world.Expected());
}

std::vector<Capture> First(const std::vector<Capture>& history) {
  return {history.begin(), history.begin() + kBefore};
}
std::vector<Capture> Rest(const std::vector<Capture>& history) {
  return {history.begin() + kBefore, history.end()};
}

// Keeps less than half of what the archive holds now.
RelayOptions HalfOf(const RelayWorld& world) {
  RelayOptions options = world.Options();
  options.retention.size = BytesOf(options.archive_dir) / 2;
  return options;
}

// Publishes all, then retires until the archive is as small as the options say.
void PublishAndRetire(RelayWorld& world, publish::Output& output) {
  const RelayOptions options = HalfOf(world);
  const Status status = world.Settle(output, options, [&] {
    return OldestOf(options.archive_dir) > 1 &&
           BytesOf(options.archive_dir) <= *options.retention.size;
  });
  ASSERT_TRUE(status) << status.error();
}

TEST(RelayRetention, ALostStateRepeatsNothingAndNumbersTheNextRevisionRight) {
  const std::vector<Capture> history = ScriptedHistory(21, kBefore + kAfter);
  const std::vector<std::string> wanted = Undisturbed(history);
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    RelayWorld world;
    world.Append(First(history));
    Truth truth;
    ScriptedOutput output(truth);
    PublishAndRetire(world, output);
    const uint32_t oldest = OldestOf(world.dir() / "archive");
    EXPECT_GT(oldest, 5U);
    const size_t published = truth.values.size();

    fs::remove_all(world.dir() / "state");
    if (reopened) {
      world.CloseArchive();
      world.OpenArchive();
    }
    ASSERT_TRUE(world.Settle(output));
    EXPECT_EQ(truth.values.size(), published) << "nothing new was archived";
    world.Append(Rest(history));
    ASSERT_TRUE(world.Settle(output));
    EXPECT_EQ(Told(truth.values), wanted);
  }
}

TEST(RelayRetention, WhatIsLeftGivesTheSameBytesFromNothingButTheSegments) {
  RelayWorld world;
  world.Append(ScriptedHistory(22, kBefore));
  Truth truth;
  ScriptedOutput output(truth);
  PublishAndRetire(world, output);
  const std::vector<std::string> again = world.Expected();
  ASSERT_GT(again.size(), 10U);
  ASSERT_LT(again.size(), truth.values.size());
  const std::vector<std::string> tail(truth.values.end() - static_cast<ptrdiff_t>(again.size()),
                                      truth.values.end());
  EXPECT_EQ(again, tail);
}

TEST(RelayRetention, GoesOnWhileTheArchiveGrowsAndKeepsToItsSize) {
  RelayWorld world;
  const std::vector<Capture> history = ScriptedHistory(23, 400);
  Truth truth;
  ScriptedOutput output(truth);
  RelayOptions options = world.Options();
  options.retention.size = 80'000;
  for (size_t begin = 0; begin < history.size(); begin += 80) {
    world.Append({history.begin() + static_cast<ptrdiff_t>(begin),
                  history.begin() + static_cast<ptrdiff_t>(begin + 80)});
    const Status status = world.Settle(
        output, options, [&] { return BytesOf(options.archive_dir) <= *options.retention.size; });
    ASSERT_TRUE(status) << status.error();
    if (begin % 160 == 0) {
      fs::remove_all(world.dir() / "state");
    }
  }
  EXPECT_GT(OldestOf(options.archive_dir), 20U);
  EXPECT_EQ(Told(truth.values), Undisturbed(history));
}

// Captures that are large beside the rows of a snapshot: some 4 KB each in the archive.
std::vector<Capture> Heavy(std::vector<Capture> history) {
  std::mt19937 random(1);
  for (Capture& capture : history) {
    std::string padding;
    while (padding.size() < 6000) {
      padding += "0123456789abcdef"[random() % 16];
    }
    capture.headers.push_back({"X-Padding", padding});
  }
  return history;
}

TEST(RelayRetention, NeverTakesWhatIsNotCommittedOrHeld) {
  RelayWorld world;
  world.Append(Heavy(ScriptedHistory(24, kBefore)));
  Truth truth;
  RelayOptions options = HalfOf(world);
  *options.retention.size /= 2;
  {
    // The output's third commit never succeeds: what lies behind the second stays.
    int commits = 0;
    ScriptedOutput stuck(truth,
                         [&] { return ++commits > 2 ? Mishap::kDiedBefore : Mishap::kNone; });
    EXPECT_FALSE(world.Settle(stuck, options));
    ASSERT_TRUE(truth.checkpoint);
    EXPECT_LE(OldestOf(options.archive_dir), truth.checkpoint->last_capture.serial());
  }
  // Held is what lies behind the first 300 KB of what no snapshot covers yet: enough to be worth
  // another one, too little for the size.
  constexpr uint64_t kFreeBytes = 300'000;
  uint32_t covered = 0;
  for (const archive::Control& control : world.archive().controls()->all()) {
    covered = std::max(covered, control.base.serial());
  }
  uint32_t held = 0;
  uint64_t bytes = 0;
  const auto segments = archive::ListSegments(options.archive_dir);
  ASSERT_TRUE(segments) << segments.error();
  for (const archive::Segment& segment : *segments) {
    if (segment.serial >= covered && bytes < kFreeBytes) {
      held = segment.serial + 1;
      bytes += segment.size;
    }
  }
  ScriptedOutput output(truth);
  {
    const auto hold = archive::Hold::Take(options.archive_dir, held);
    ASSERT_TRUE(hold) << hold.error();
    const Status status =
        world.Settle(output, options, [&] { return OldestOf(options.archive_dir) >= held; });
    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(OldestOf(options.archive_dir), held);
  }
  const Status status = world.Settle(
      output, options, [&] { return BytesOf(options.archive_dir) <= *options.retention.size; });
  ASSERT_TRUE(status) << status.error();
}

TEST(RelayRetention, UnderAnotherPipelineACaptureThatIsGoneIsComparedByItsBytes) {
  RelayWorld world;
  world.Append({ScriptedPage({.id = "s:same", .text = "one text"}, 1),
                ScriptedPage({.id = "s:edited", .text = "another text"}, 2)});
  world.Append(ScriptedHistory(25, kBefore));
  Truth truth;
  ScriptedOutput output(truth);
  PublishAndRetire(world, output);
  const size_t published = truth.values.size();
  world.Append({ScriptedPage({.id = "s:same", .text = "one text"}, 901),
                ScriptedPage({.id = "s:edited", .text = "edited text"}, 902)});
  RelayOptions options = world.Options();
  options.make_runner = ScriptedRunners("2.0.0+bbbbbbbb");
  const Status status = world.Settle(output, options);
  ASSERT_TRUE(status) << status.error();
  ASSERT_EQ(truth.values.size(), published + 1) << "the same bytes are no change";
  EXPECT_THAT(truth.values.back(), HasSubstr("s:edited"));
  EXPECT_THAT(truth.values.back(), HasSubstr(R"("revision":2)"));
  EXPECT_THAT(truth.values.back(), HasSubstr(R"("changed":["unknown"])"));
}

#ifdef NEWSWIRE_FAIL_POINTS

Status SettleIntoFiles(RelayWorld& world, const RelayOptions& options,
                       const std::function<bool()>& until = {}) {
  const auto output = publish::MakeFilesOutput(world.dir() / "topics", "news.{category}",
                                               world.archive().uuid(), SystemClock());
  return world.Settle(*output, options, until);
}

std::vector<std::string> ToldInFiles(const fs::path& topics) {
  std::vector<std::string> told;
  for (const auto& entry : fs::directory_iterator(topics)) {
    if (entry.path().extension() != ".jsonl") {
      continue;
    }
    const std::string topic = entry.path().stem().string().substr(sizeof("news.") - 1) + " ";
    std::string lines = archive::ReadAll(entry.path());
    while (!lines.empty()) {
      const size_t end = lines.find('\n');
      told.push_back(topic + Told(lines.substr(0, end)));
      lines.erase(0, end + 1);
    }
  }
  return told;
}

std::vector<std::string> ByTopic(std::vector<std::string> told) {
  std::ranges::stable_sort(told, {},
                           [](const std::string& one) { return one.substr(0, one.find(' ')); });
  return told;
}

TEST(RelayRetention, KilledAnywhereItIsFinishedByTheNextStart) {
  const std::vector<Capture> history = ScriptedHistory(26, kBefore + kAfter);
  const std::vector<std::string> wanted = ByTopic(Undisturbed(history));
  for (const std::string point :
       {"relay.retention.begun", "relay.snapshot.before_part", "relay.snapshot.before_end",
        "relay.retention.snapshot_done", "archive.retire.before_delete:3",
        "archive.retire.between_deletes:1", "archive.retire.between_deletes:4",
        "archive.retire.deleted:2", "relay.retention.pruning"}) {
    SCOPED_TRACE(point);
    RelayWorld world(4096, "files");
    world.Append(First(history));
    const RelayOptions options = HalfOf(world);
    // What was begun is finished, and then more must go.
    RelayOptions tighter = options;
    tighter.retention.size = *options.retention.size * 3 / 4;
    const auto small = [&] { return BytesOf(options.archive_dir) <= *tighter.retention.size; };
    world.CloseArchive();
    const pid_t child = fork();
    if (child == 0) {
      setenv("NEWSWIRE_FAIL_POINT", point.c_str(), 1);
      world.OpenArchive();
      (void)SettleIntoFiles(world, options, [] { return false; });
      _exit(0);
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    ASSERT_TRUE(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    // The state is lost too, in every second case.
    if (point.size() % 2 == 0) {
      fs::remove_all(world.dir() / "state");
    }
    world.OpenArchive();
    Status status = SettleIntoFiles(world, tighter, small);
    ASSERT_TRUE(status) << status.error();
    fs::remove_all(world.dir() / "state");
    world.Append(Rest(history));
    status = SettleIntoFiles(world, world.Options());
    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(ByTopic(ToldInFiles(world.dir() / "topics")), wanted);
  }
}

TEST(RelayRetention, KilledWhileASnapshotIsLoadedItIsLoadedAgain) {
  const std::vector<Capture> history = ScriptedHistory(27, kBefore);
  RelayWorld world(4096, "files");
  world.Append(history);
  const RelayOptions options = HalfOf(world);
  ASSERT_TRUE(SettleIntoFiles(world, options, [&] { return OldestOf(options.archive_dir) > 1; }));
  const std::vector<std::string> before = ToldInFiles(world.dir() / "topics");
  fs::remove_all(world.dir() / "state");
  world.CloseArchive();
  const pid_t child = fork();
  if (child == 0) {
    setenv("NEWSWIRE_FAIL_POINT", "relay.restore.before_commit", 1);
    world.OpenArchive();
    (void)SettleIntoFiles(world, world.Options());
    _exit(0);
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  ASSERT_TRUE(WIFSIGNALED(how));
  world.OpenArchive();
  ASSERT_TRUE(SettleIntoFiles(world, world.Options()));
  EXPECT_EQ(ToldInFiles(world.dir() / "topics"), before);
}

#endif

}  // namespace
}  // namespace newswire::relay
