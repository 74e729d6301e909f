// SPDX-License-Identifier: Apache-2.0
// The same positions give the same bytes: live, replayed on any number of threads, with and without
// the state, elsewhere from the segments alone; and another pipeline alone publishes nothing.
// NEWSWIRE_TEST_SEED repeats a run, NEWSWIRE_TEST_CAPTURES makes it larger.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/commands/exit_codes.h"
#include "daemon/commands/replay.h"
#include "tests/daemon/relay/generated_news.h"
#include "tests/daemon/relay/scripted.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

namespace fs = std::filesystem;
using relay::GeneratedNews;
using ::testing::HasSubstr;

constexpr size_t kCaptures = 2000;  // some 1,800 posts in 4,000 documents
constexpr uint64_t kSegmentBytes = 200'000;

uint32_t Setting(const char* name, uint32_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : static_cast<uint32_t>(std::strtoul(given, nullptr, 10));
}

// The pipelines of another version of the program: the same steps under another name.
relay::MakeRunner NextVersion() {
  return [](const Source& source) -> Result<relay::Runner> {
    auto runner = relay::PipelineRunners()(source);
    if (!runner) {
      return runner;
    }
    return [run = std::move(*runner)](const Capture& capture) {
      Transformed transformed = run(capture);
      const auto rename = [](std::string& pipeline) { pipeline = "99.0.0" + pipeline; };
      rename(transformed.pipeline);
      for (Post& post : transformed.posts) {
        rename(post.pipeline);
      }
      for (DeadLetter& letter : transformed.dead_letters) {
        rename(letter.pipeline);
      }
      return transformed;
    };
  };
}

class Determinism : public ::testing::Test {
 protected:
  Determinism()
      : seed_(Setting("NEWSWIRE_TEST_SEED", std::random_device()())),
        news_(seed_),
        world_(kSegmentBytes) {
    std::cout << "NEWSWIRE_TEST_SEED=" << seed_ << '\n';
    world_.CloseArchive();
    world_.OpenArchive(GeneratedNews::Info(1));
    config_.data_dir = world_.dir();
    config_.archive.dir = world_.dir() / "archive";
    config_.output = publish::OutputKind::kFiles;
    config_.kafka.max_topics = GeneratedNews::kMaxTopics;
    config_.sources = GeneratedNews::Sources(2);
  }

  relay::RelayOptions Options(int threads) const {
    relay::RelayOptions options = world_.Options(threads);
    options.make_runner = runners_;
    options.kafka.commit_events = 100;
    return options;
  }

  // The relay follows while the captures are archived, as it does in the daemon; it is stopped and
  // started again whenever it has caught up.
  void RunLive(const std::vector<Capture>& captures) { RunLive(captures, Options(2)); }
  void RunLive(const std::vector<Capture>& captures, const relay::RelayOptions& options,
               const std::function<relay::Mishap()>& mishap = {}) {
    relay::ScriptedOutput output(truth_, mishap);
    std::atomic<bool> done = false;
    std::jthread intake([&] {
      world_.Append(captures);
      done = true;
    });
    for (bool last = false; !last;) {
      last = done;
      const Status status = world_.Settle(output, options);
      ASSERT_TRUE(status) << status.error();
    }
  }

  // A history with a reload in its middle; where the reload was.
  void RunHistory() {
    const size_t captures = Setting("NEWSWIRE_TEST_CAPTURES", kCaptures);
    RunLive(news_.Next(captures / 2));
    middle_ = world_.archive().durable_end();
    published_before_middle_ = Values().size();
    world_.archive().SetWarcInfo(GeneratedNews::Info(2));
    RunLive(news_.Next(captures - captures / 2));
    ASSERT_GT(Values().size(), captures / 3);
  }

  std::vector<std::string> Values() const {
    std::vector<std::string> values;
    for (const std::string& value : truth_.values) {
      if (!value.starts_with("dead-letter ")) {
        values.push_back(value.substr(value.find(' ') + 1));
      }
    }
    return values;
  }

  std::vector<std::string> Dry(const ReplayRequest& request) {
    std::ostringstream out, err;
    std::stop_source stop;
    ReplayRequest dry = request;
    dry.dry_run = true;
    dry.make_runner = runners_;
    EXPECT_EQ(Replay(dry, config_, SystemClock(), out, err, false, stop.get_token()), kExitOk)
        << err.str();
    std::vector<std::string> values;
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) {
      values.push_back(line);
    }
    return values;
  }

  static void ExpectSame(const std::vector<std::string>& got,
                         const std::vector<std::string>& wanted, const char* what) {
    ASSERT_EQ(got.size(), wanted.size()) << what;
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i], wanted[i]) << what << ", event " << i;
    }
  }

  uint64_t ArchiveBytes() const {
    uint64_t sum = 0;
    for (const archive::Segment& segment : *archive::ListSegments(config_.archive.dir)) {
      sum += segment.size;
    }
    return sum;
  }

  // The segments and nothing else, in a folder of their own.
  fs::path CopyOfSegments() {
    const fs::path elsewhere = world_.dir() / "elsewhere";
    fs::remove_all(elsewhere);
    fs::create_directory(elsewhere);
    for (const auto& entry : fs::directory_iterator(config_.archive.dir)) {
      if (entry.path().extension() == ".gz") {
        fs::copy(entry.path(), elsewhere);
      }
    }
    return elsewhere;
  }

  const uint32_t seed_;
  GeneratedNews news_;
  relay::RelayWorld world_;
  relay::Truth truth_;
  relay::MakeRunner runners_ = relay::PipelineRunners();
  config::Config config_;
  Position middle_;
  size_t published_before_middle_ = 0;
};

TEST_F(Determinism, EveryWayToReadAnArchiveGivesTheSameBytes) {
  RunHistory();
  const std::vector<std::string> live = Values();

  // It is a history that has everything.
  std::map<std::string, size_t> types, topics;
  for (const std::string& value : truth_.values) {
    ++topics[value.substr(0, value.find(' '))];
    for (const char* type : {"published", "revised", "removed"}) {
      types[type] += value.find(R"("type":"post.)" + std::string(type)) != std::string::npos;
    }
  }
  EXPECT_GT(types["published"], 100U);
  EXPECT_GT(types["revised"], 50U);
  EXPECT_GT(types["removed"], 10U);
  EXPECT_EQ(topics.size(), GeneratedNews::kMaxTopics + 2) << "with other and dead-letter";
  EXPECT_GT(topics["other"], 10U);
  EXPECT_GT(topics["dead-letter"], 3U);

  ReplayRequest archived{.as_archived = true};
  archived.threads = 1;
  ExpectSame(Dry(archived), live, "replay on one thread");
  archived.threads = 5;
  ExpectSame(Dry(archived), live, "replay on five threads");

  // From the middle: the second half of the live run, with the daemon's state and without it.
  const std::vector<std::string> second(
      live.begin() + static_cast<ptrdiff_t>(published_before_middle_), live.end());
  ReplayRequest from_middle = archived;
  from_middle.position = middle_;
  ExpectSame(Dry(from_middle), second, "from the middle, with the state");
  fs::rename(world_.dir() / "state", world_.dir() / "state-kept");
  ExpectSame(Dry(from_middle), second, "from the middle, without the state");
  ExpectSame(Dry(archived), live, "without the state");

  // The daemon itself, without its state: nothing new for what it has published, and the same bytes
  // for an output that is empty.
  const size_t published = truth_.values.size();
  RunLive({});
  EXPECT_EQ(truth_.values.size(), published) << "after the state was deleted";
  EXPECT_GT(world_.folded, 0U);
  EXPECT_EQ(world_.Expected(Options(1)), truth_.values) << "an empty output, one thread";

  // Elsewhere, from the segments alone: as an archive, and as a list of files.
  const fs::path elsewhere = CopyOfSegments();
  const fs::path own = std::exchange(config_.archive.dir, "/nonexistent");
  const fs::path data = std::exchange(config_.data_dir, world_.dir() / "nothing");
  ReplayRequest copy = archived;
  copy.from = {elsewhere};
  ExpectSame(Dry(copy), live, "a copy of the segments");
  copy.from.clear();
  for (const auto& entry : fs::directory_iterator(elsewhere)) {
    copy.from.push_back(entry.path());
  }
  std::ranges::sort(copy.from);
  ASSERT_GT(copy.from.size(), 3U);
  ExpectSame(Dry(copy), live, "the segments as files");
  config_.archive.dir = own;
  config_.data_dir = data;

  // Under today's configuration other bytes, and the same wherever they are made.
  ReplayRequest today{.threads = 1};
  const std::vector<std::string> under_today = Dry(today);
  EXPECT_NE(under_today, live);
  today.threads = 5;
  ExpectSame(Dry(today), under_today, "today's configuration on five threads");
  today.from = {elsewhere};
  ExpectSame(Dry(today), under_today, "today's configuration elsewhere");
}

// Half of the segments are retired: what is left gives the bytes that the live run gave there.
TEST_F(Determinism, WhatRetentionLeavesGivesTheSameBytes) {
  RunHistory();
  const std::vector<std::string> live = Values();
  relay::RelayOptions retiring = Options(2);
  const uint64_t half = ArchiveBytes() / 2;
  retiring.retention.size = half;
  relay::ScriptedOutput output(truth_);
  const auto nothing_left_to_retire = [&] {
    const uint32_t oldest = archive::ListSegments(config_.archive.dir)->front().serial;
    return std::ranges::none_of(world_.archive().controls()->all(), [&](const auto& control) {
      return control.kind == archive::ControlKind::kSnapshot && control.base.serial() > oldest;
    });
  };
  const Status retired = world_.Settle(
      output, retiring, [&] { return ArchiveBytes() <= half && nothing_left_to_retire(); });
  ASSERT_TRUE(retired) << retired.error();
  EXPECT_EQ(Values(), live) << "retiring publishes nothing";

  ReplayRequest archived{.as_archived = true};
  archived.threads = 1;
  const std::vector<std::string> left = Dry(archived);
  ASSERT_GT(left.size(), live.size() / 10);
  ASSERT_LT(left.size(), live.size());
  ExpectSame(left, {live.end() - static_cast<ptrdiff_t>(left.size()), live.end()}, "one thread");
  archived.threads = 5;
  ExpectSame(Dry(archived), left, "five threads");
  fs::remove_all(world_.dir() / "state");
  ExpectSame(Dry(archived), left, "without the state");

  // The daemon, its state rebuilt from the snapshot, and what it then archives.
  RunLive({});
  EXPECT_EQ(Values(), live) << "after the state was deleted";
  world_.archive().SetWarcInfo(GeneratedNews::Info(3));
  RunLive(news_.Next(200));
  const std::vector<std::string> now = Values();
  ASSERT_GT(now.size(), live.size());
  const std::vector<std::string> wanted(
      now.end() - static_cast<ptrdiff_t>(left.size() + now.size() - live.size()), now.end());
  ExpectSame(Dry(archived), wanted, "with what came since");

  const fs::path elsewhere = CopyOfSegments();
  config_.archive.dir = "/nonexistent";
  config_.data_dir = world_.dir() / "nothing";
  archived.from = {elsewhere};
  ExpectSame(Dry(archived), wanted, "a copy of the segments");
}

// Segments are retired while the configuration changes again and again: a revision across a change
// needs the capture before it, which was there when the live run made it and is gone for a replay.
// Some commits are aborted: the live run makes the same revision twice, and the capture may go in
// between.
TEST_F(Determinism, RetentionAllAlongLeavesWhatGivesTheSameBytes) {
  const size_t captures = Setting("NEWSWIRE_TEST_CAPTURES", kCaptures);
  RunLive(news_.Next(captures / 2));
  relay::RelayOptions retiring = Options(2);
  retiring.retention.size = ArchiveBytes() * 2 / 3;
  ReplayRequest archived{.as_archived = true};
  uint64_t read_again = 0;
  std::mt19937 random(seed_);
  for (const int version : {2, 3, 1, 2, 3}) {
    SCOPED_TRACE(version);
    world_.archive().SetWarcInfo(GeneratedNews::Info(version));
    RunLive(news_.Next(captures / 8), retiring, [&random] {
      return random() % 8 == 0 ? relay::Mishap::kAborted : relay::Mishap::kNone;
    });
    const std::vector<std::string> live = Values();
    const std::vector<std::string> left = Dry(archived);
    ASSERT_GT(left.size(), live.size() / 30);
    ASSERT_LE(left.size(), live.size());
    ExpectSame(left, {live.end() - static_cast<ptrdiff_t>(left.size()), live.end()}, "with state");
    fs::rename(world_.dir() / "state", world_.dir() / "state-kept");
    ExpectSame(Dry(archived), left, "without it");
    if (version == 3) {
      fs::remove_all(world_.dir() / "state-kept");  // the live run goes on from the snapshot
    } else {
      fs::rename(world_.dir() / "state-kept", world_.dir() / "state");
    }
    for (const archive::Control& control : world_.archive().controls()->all()) {
      const auto body = text::JsonDocument::Parse(control.body);
      ASSERT_TRUE(body) << body.error();
      read_again += static_cast<uint64_t>(body->root()["rereads"].integer().value_or(0));
    }
  }
  EXPECT_GT(archive::ListSegments(config_.archive.dir)->front().serial, 3U);
  EXPECT_GT(read_again, 0U);
  const auto unknown = [](const std::string& value) {
    return value.find(R"("changed":["unknown"])") != std::string::npos;
  };
  EXPECT_GT(std::ranges::count_if(Values(), unknown), 0) << "of captures that were gone";
}

TEST_F(Determinism, AReplayBesideRetentionGivesTheSameBytes) {
  const size_t captures = Setting("NEWSWIRE_TEST_CAPTURES", kCaptures);
  RunLive(news_.Next(captures / 2));
  relay::RelayOptions retiring = Options(2);
  retiring.retention.size = ArchiveBytes() / 2;
  std::vector<std::vector<std::string>> replayed;
  {
    std::jthread replays([&](const std::stop_token& stop) {
      std::mt19937 random(seed_);
      do {
        replayed.push_back(Dry({.as_archived = true}));
        // Nothing is retired while a replay runs: a snapshot begins in between.
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 400));
      } while (!stop.stop_requested());
    });
    for (const int version : {2, 3, 1, 2, 3, 1}) {
      world_.archive().SetWarcInfo(GeneratedNews::Info(version));
      RunLive(news_.Next(captures / 10), retiring);
    }
  }
  relay::ScriptedOutput output(truth_);
  const Status retired = world_.Settle(output, retiring, [&] {
    return archive::ListSegments(config_.archive.dir)->front().serial > 1;
  });
  ASSERT_TRUE(retired) << retired.error();
  replayed.push_back(Dry({.as_archived = true}));
  const std::vector<std::string> live = Values();
  for (const std::vector<std::string>& got : replayed) {
    ASSERT_FALSE(got.empty());
    const auto first = std::ranges::find(live, got.front());
    ASSERT_NE(first, live.end());
    ASSERT_GE(static_cast<size_t>(live.end() - first), got.size());
    ExpectSame(got, {first, first + static_cast<ptrdiff_t>(got.size())}, "beside the live run");
  }
}

TEST_F(Determinism, PublishesIntoOtherTopicsWhatTheLiveRunPublished) {
  RunHistory();
  std::map<std::string, std::vector<std::string>> wanted;
  for (const std::string& value : truth_.values) {
    const size_t space = value.find(' ');
    wanted["again." + value.substr(0, space) + ".jsonl"].push_back(value.substr(space + 1));
  }
  std::ostringstream out, err;
  std::stop_source stop;
  ReplayRequest request{.to = "again.", .as_archived = true};
  ASSERT_EQ(Replay(request, config_, SystemClock(), out, err, false, stop.get_token()), kExitOk)
      << err.str();
  for (const auto& [topic, values] : wanted) {
    std::vector<std::string> got;
    std::istringstream lines(archive::ReadAll(world_.dir() / "replay" / topic));
    for (std::string line; std::getline(lines, line);) {
      got.push_back(line);
    }
    ExpectSame(got, values, topic.c_str());
  }
}

TEST_F(Determinism, AnUpgradeAlonePublishesNothingAndTheNextEditIsOneRevision) {
  RunLive(news_.Next(Setting("NEWSWIRE_TEST_CAPTURES", kCaptures) / 3));
  const auto expect_one = [&](const Capture& edit, const char* changed, const char* what) {
    const size_t before = truth_.values.size();
    RunLive({edit});
    ASSERT_EQ(truth_.values.size(), before + 1) << what;
    EXPECT_THAT(truth_.values.back(), HasSubstr(R"("type":"post.revised")")) << what;
    EXPECT_THAT(truth_.values.back(), HasSubstr(R"("changed":[")" + std::string(changed) + R"("])"))
        << what;
  };
  const auto expect_nothing = [&](const std::vector<Capture>& captures, const char* what) {
    const size_t before = Values().size();
    RunLive(captures);
    ASSERT_EQ(Values().size(), before) << what << ": " << Values().back();
  };
  RunLive(news_.Rechecks());  // what a challenge page or a removal stands before is settled
  expect_nothing(news_.Rechecks(), "no upgrade");

  // Other options: zone, table, language.
  for (const int version : {2, 3}) {
    world_.CloseArchive();
    world_.OpenArchive(GeneratedNews::Info(version));
    expect_nothing({}, "the upgraded daemon starts");
    expect_one(news_.Edit(false), "text", "an edit straight after the upgrade");
    expect_nothing(news_.Rechecks(), "re-checks after the upgrade");
    expect_nothing(news_.Rechecks(), "and again");
    expect_one(news_.Edit(true), "title", "an edit after the re-checks");
  }

  // Another version of the program.
  runners_ = NextVersion();
  expect_nothing({}, "the next version starts");
  expect_one(news_.Edit(false), "text", "an edit straight after the new version");
  expect_nothing(news_.Rechecks(), "re-checks under the new version");
  expect_one(news_.Edit(true), "title", "an edit under the new version");

  // The state is lost with the upgrade: folded again under the new version, still nothing.
  fs::remove_all(world_.dir() / "state");
  expect_nothing({}, "the new version without a state");
  expect_nothing(news_.Rechecks(), "re-checks without the old state");
  expect_one(news_.Edit(false), "text", "an edit without the old state");
}

}  // namespace
}  // namespace newswire::commands
