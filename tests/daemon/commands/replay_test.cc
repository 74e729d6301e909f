// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/commands/exit_codes.h"
#include "tests/daemon/relay/scripted.h"

namespace newswire::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReplayTest : public ::testing::Test {
 protected:
  // A live run over a history; its event values in order.
  void RunLive(const std::vector<Capture>& history) {
    world_.Append(history);
    relay::Truth truth;
    relay::ScriptedOutput output(truth);
    const Status status = world_.Settle(output);
    ASSERT_TRUE(status) << status.error();
    for (const std::string& value : truth.values) {
      if (!value.starts_with("dead-letter ")) {
        live_.push_back(value.substr(value.find(' ') + 1));
      }
    }
    config_.data_dir = world_.dir();
    config_.archive.dir = world_.dir() / "archive";
    config_.output = publish::OutputKind::kFiles;
    config_.kafka.commit_interval = std::chrono::milliseconds(1);
    config_.kafka.max_topics = 3;
    config_.sources = relay::ScriptedInfo().sources;
    request_.make_runner = relay::ScriptedRunners();
  }

  int Run() {
    std::ostringstream out, err;
    const int code =
        Replay(request_, config_, SystemClock(), out, err, terminal_, stop_.get_token());
    err_ = err.str();
    printed_.clear();
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) {
      printed_.push_back(line);
    }
    return code;
  }

  std::vector<std::string> Published() const {
    std::vector<std::string> values;
    for (const auto& entry : fs::directory_iterator(world_.dir() / "replay")) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".jsonl") || name.find("dead-letter") != std::string::npos) {
        continue;
      }
      std::istringstream lines(archive::ReadAll(entry.path()));
      for (std::string line; std::getline(lines, line);) {
        values.push_back(line);
      }
    }
    std::ranges::sort(values);
    return values;
  }
  static std::vector<std::string> Sorted(std::vector<std::string> values) {
    std::ranges::sort(values);
    return values;
  }

  relay::RelayWorld world_;
  std::vector<std::string> live_;
  config::Config config_;
  ReplayRequest request_;
  std::stop_source stop_;
  bool terminal_ = false;
  std::vector<std::string> printed_;
  std::string err_;
};

TEST_F(ReplayTest, ADryRunPrintsTheBytesOfTheLiveRunOnAnyNumberOfThreads) {
  RunLive(relay::ScriptedHistory(1, 150));
  ASSERT_GT(live_.size(), 40U);
  request_.dry_run = true;
  for (const int threads : {1, 5}) {
    request_.threads = threads;
    EXPECT_EQ(Run(), kExitOk) << err_;
    EXPECT_EQ(printed_, live_);
  }
}

TEST_F(ReplayTest, NothingButTheSegmentsIsNeeded) {
  RunLive(relay::ScriptedHistory(2, 100));
  const fs::path elsewhere = world_.dir() / "elsewhere";
  fs::create_directory(elsewhere);
  request_.dry_run = true;
  const auto segments = archive::ListSegments(config_.archive.dir);
  ASSERT_TRUE(segments);
  ASSERT_GT(segments->size(), 1U);
  std::vector<fs::path> files;
  for (const archive::Segment& segment : *segments) {
    fs::copy(segment.path, elsewhere);
    files.push_back(elsewhere / segment.path.filename());
  }
  config_.archive.dir = "/nonexistent";
  request_.from = {elsewhere};
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_);
  request_.from = files;
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_);
}

TEST_F(ReplayTest, FromTheMiddleNumbersRevisionsAsTheLiveRunDid) {
  const std::vector<Capture> history = relay::ScriptedHistory(3, 120);
  RunLive({history.begin(), history.begin() + 70});
  const Position middle = world_.archive().durable_end();
  const size_t before = live_.size();
  live_.clear();
  relay::Truth truth;
  world_.CloseArchive();
  world_.OpenArchive();
  // The rest, by the same state.
  request_.position = middle;
  request_.dry_run = true;
  fs::remove(config_.archive.dir / "hint.json");
  world_.Append({history.begin() + 70, history.end()});
  for (const std::string& value : world_.Expected()) {
    if (!value.starts_with("dead-letter ")) {
      live_.push_back(value.substr(value.find(' ') + 1));
    }
  }
  live_.erase(live_.begin(), live_.begin() + static_cast<ptrdiff_t>(before));
  ASSERT_FALSE(live_.empty());
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_) << "with the daemon's state";
  fs::remove_all(world_.dir() / "state");
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_) << "without it";
}

TEST_F(ReplayTest, FiltersChooseWhatIsPrintedNotWhatIsFolded) {
  RunLive({relay::ScriptedPage({.id = "s:1", .category = "a"}, 1),
           relay::ScriptedPage({.id = "s:2", .category = "b"}, 2),
           relay::ScriptedPage({.id = "s:1", .text = "New", .category = "a"}, 100),
           relay::ScriptedRemoval("s:1", 200)});
  ASSERT_EQ(live_.size(), 4U);
  request_.dry_run = true;
  request_.filter.category = "a";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, (std::vector<std::string>{live_[0], live_[2], live_[3]}));
  request_.filter = {};
  request_.filter.by = ReplayFilter::By::kFetched;
  request_.filter.since = UtcMillis(std::chrono::milliseconds(1'700'000'100'000));
  request_.filter.until = UtcMillis(std::chrono::milliseconds(1'700'000'200'000));
  EXPECT_EQ(Run(), kExitOk) << err_;
  ASSERT_EQ(printed_, (std::vector<std::string>{live_[2]}));
  EXPECT_THAT(printed_[0], HasSubstr(R"("revision":2)"));
  request_.filter = {.source = "another", .category = {}, .since = {}, .until = {}};
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_THAT(printed_, IsEmpty());
}

TEST_F(ReplayTest, PublishesIntoTopicsOfAnotherPrefix) {
  RunLive(relay::ScriptedHistory(4, 100));
  request_.to = "again.";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(Published(), Sorted(live_));
  for (const auto& entry : fs::directory_iterator(world_.dir() / "replay")) {
    if (entry.path().extension() == ".jsonl") {
      EXPECT_THAT(entry.path().filename().string(), ::testing::StartsWith("again."));
    }
  }
  EXPECT_THAT(err_, HasSubstr("events of 100 captures"));
}

TEST_F(ReplayTest, ResumesExactlyWhereItWasStopped) {
  RunLive(relay::ScriptedHistory(5, 200));
  request_.to = "again.";
  config_.kafka.commit_events = 5;
  // Stopped while the transforms are at work, three times.
  for (const int after : {20, 60, 60}) {
    std::atomic<int> left = after;
    stop_ = std::stop_source();
    request_.make_runner = [&](const Source& source) -> Result<relay::Runner> {
      auto runner = relay::ScriptedRunners()(source);
      return [&, runner](const Capture& capture) {
        if (--left == 0) {
          stop_.request_stop();
        }
        return (*runner)(capture);
      };
    };
    EXPECT_EQ(Run(), kExitFailed);
    EXPECT_THAT(err_, HasSubstr("--resume"));
    if (request_.resume) {  // without what it kept it goes on all the same
      fs::remove_all(world_.dir() / "state" / "replays");
    }
    request_.resume = true;
  }
  stop_ = std::stop_source();
  request_.make_runner = relay::ScriptedRunners();
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(Published(), Sorted(live_));
}

// Raising or lowering the cap affects unseen slugs only: the live topics keep their posts.
TEST_F(ReplayTest, IntoTheLiveTopicsGoesWhatWentThereAndElsewhereTodaysCapDecides) {
  std::vector<Capture> history;
  for (uint32_t i = 0; i < 40; ++i) {
    history.push_back(relay::ScriptedPage({.id = "s:" + std::to_string(i),
                                           .text = "text " + std::to_string(i),
                                           .category = "c" + std::to_string(i * 7 % 5)},
                                          i));
  }
  RunLive(history);
  const Position middle = world_.archive().durable_end();
  config_.kafka.max_topics = 1;
  const auto topics = [&](const std::string& prefix) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(world_.dir() / "replay")) {
      const std::string name = entry.path().stem().string();
      if (entry.path().extension() == ".jsonl" && name.starts_with(prefix)) {
        names.push_back(name);
      }
    }
    std::ranges::sort(names);
    return names;
  };
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(Published(), Sorted(live_));
  EXPECT_EQ(topics("news."),
            (std::vector<std::string>{"news.c0", "news.c2", "news.c4", "news.other"}));
  request_.to = "again.";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(topics("again."), (std::vector<std::string>{"again.c0", "again.other"}));
  // From the middle into the live topics: those that the live run had given by then.
  fs::remove_all(world_.dir() / "replay");
  world_.Append({relay::ScriptedPage({.id = "s:100", .text = "new", .category = "c4"}, 100)});
  request_.to.reset();
  request_.position = middle;
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(topics("news."), std::vector<std::string>{"news.c4"});
}

TEST_F(ReplayTest, CompactedLiveTopicsRefuseWhatCouldLeaveAnOlderRevisionLast) {
  RunLive(relay::ScriptedHistory(9, 20));
  config_.output = publish::OutputKind::kKafka;
  config_.kafka.topic_config = {{"cleanup.policy", "compact,delete"}};
  const std::vector<std::function<void(ReplayFilter&)>> filters = {
      [](ReplayFilter& f) { f.until = UtcMillis(); },
      [](ReplayFilter& f) { f.category = "a"; },
      [](ReplayFilter& f) { f.url = "*"; },
      [](ReplayFilter& f) { f.since = UtcMillis(); },
  };
  for (const auto& filter : filters) {
    request_ = {};
    filter(request_.filter);
    EXPECT_EQ(Run(), kExitUsage) << err_;
    EXPECT_THAT(err_, HasSubstr("compacted"));
  }
}

// While a replay repeats old revisions the daemon may publish a newer one: it must come again.
TEST_F(ReplayTest, IntoTheLiveTopicsItRunsUpToWhereTheArchiveHasGrown) {
  RunLive({relay::ScriptedPage({.id = "s:1", .text = "first"}, 1),
           relay::ScriptedPage({.id = "s:2", .text = "other"}, 2)});
  const Capture later = relay::ScriptedPage({.id = "s:1", .text = "second"}, 3);
  std::atomic<bool> grown = false;
  request_.make_runner = [&](const Source& source) -> Result<relay::Runner> {
    auto runner = relay::ScriptedRunners()(source);
    return [&, runner](const Capture& capture) {
      if (!grown.exchange(true)) {
        world_.Append({later});
      }
      return (*runner)(capture);
    };
  };
  EXPECT_EQ(Run(), kExitOk) << err_;
  ASSERT_EQ(Published().size(), 3U) << err_;
  EXPECT_THAT(Published(), ::testing::Contains(HasSubstr(R"("text":"second")")));
}

TEST_F(ReplayTest, WhatARunningDaemonIsWritingIsNoDamage) {
  RunLive(relay::ScriptedHistory(10, 20));
  const auto segments = archive::ListSegments(config_.archive.dir);
  ASSERT_TRUE(segments);
  std::ofstream(segments->back().path, std::ios::binary | std::ios::app) << "half a record";
  request_.dry_run = true;
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_);
  EXPECT_THAT(err_, ::testing::Not(HasSubstr("damaged")));
  const fs::path copy = world_.dir() / "copy";
  fs::copy(config_.archive.dir, copy);
  request_.from = {copy};
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, live_);
  EXPECT_THAT(err_, HasSubstr("damaged"));
}

TEST_F(ReplayTest, AUrlPatternChoosesPosts) {
  RunLive({relay::ScriptedPage({.id = "s:1"}, 1), relay::ScriptedPage({.id = "s:22"}, 2),
           relay::ScriptedRemoval("s:1", 3)});
  ASSERT_EQ(live_.size(), 3U);
  request_.dry_run = true;
  request_.filter.url = "https://a.example/s:[0-9]";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, (std::vector<std::string>{live_[0], live_[2]}));
  request_.filter.url = "*:22";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(printed_, std::vector<std::string>{live_[1]});
  request_.filter.url = "s:22";
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_THAT(printed_, IsEmpty()) << "the whole URL must match";
}

TEST_F(ReplayTest, WithoutResumeItBeginsAgain) {
  RunLive(relay::ScriptedHistory(6, 50));
  request_.to = "again.";
  EXPECT_EQ(Run(), kExitOk) << err_;
  request_.resume = true;
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(Published(), Sorted(live_)) << "a finished replay has nothing to resume";
  request_.resume = false;
  EXPECT_EQ(Run(), kExitOk) << err_;
  std::vector<std::string> twice = live_;
  twice.insert(twice.end(), live_.begin(), live_.end());
  EXPECT_EQ(Published(), Sorted(twice));
}

TEST_F(ReplayTest, AChangedListOfFilesIsNotResumed) {
  RunLive(relay::ScriptedHistory(7, 100));
  const auto segments = archive::ListSegments(config_.archive.dir);
  ASSERT_TRUE(segments && segments->size() > 2);
  request_.to = "again.";
  request_.from = {(*segments)[0].path, (*segments)[1].path};
  EXPECT_EQ(Run(), kExitOk) << err_;
  request_.from.push_back((*segments)[2].path);
  request_.resume = true;
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(err_, ::testing::AnyOf(HasSubstr("no replay of this input"), HasSubstr("archive")));
}

TEST_F(ReplayTest, PagesOfOtherWritersNeedASource) {
  RunLive({});
  const fs::path foreign = world_.dir() / "foreign.warc";
  const std::string body = R"({"id":"s:9","title":"T","text":"X","category":"a"})";
  const std::string http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body;
  archive::WriteAll(foreign,
                    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: "
                    "<urn:uuid:11111111-2222-4333-8444-555555555555>\r\n"
                    "WARC-Date: 2020-01-01T00:00:00Z\r\n"
                    "WARC-Target-URI: https://a.example/9\r\n"
                    "Content-Type: application/http;msgtype=response\r\nContent-Length: " +
                        std::to_string(http.size()) + "\r\n\r\n" + http + "\r\n\r\n");
  request_.from = {foreign};
  request_.dry_run = true;
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(err_, HasSubstr("--source"));
  request_.filter.source = "nobody";
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(err_, HasSubstr("nobody"));
  request_.filter.source = "s";
  EXPECT_EQ(Run(), kExitOk) << err_;
  ASSERT_EQ(printed_.size(), 1U) << err_;
  EXPECT_THAT(printed_[0], HasSubstr("s:9"));
}

TEST_F(ReplayTest, ReadsFoldersOfMarkdownPosts) {
  RunLive({});
  const fs::path posts = world_.dir() / "_posts";
  fs::create_directory(posts);
  for (const char* id : {"1", "2"}) {
    archive::WriteAll(posts / ("2022-04-19-" + std::string(id) + ".md"),
                      R"({"id":"s:)" + std::string(id) + R"(","title":"T","text":"X )" +
                          std::string(id) + R"(","category":"a"})");
  }
  request_.make_runner = [](const Source& source) -> Result<relay::Runner> {
    auto runner = relay::ScriptedRunners()(source);
    return [runner](Capture capture) {
      EXPECT_EQ(capture.kind, CaptureKind::kResource);
      EXPECT_EQ(capture.metadata.body, BodyKind::kFile);
      capture.http_status = 200;
      return (*runner)(capture);
    };
  };
  request_.from = {posts};
  request_.dry_run = true;
  request_.filter.source = "s";
  EXPECT_EQ(Run(), kExitOk) << err_;
  ASSERT_EQ(printed_.size(), 2U) << err_;
  EXPECT_THAT(printed_[0], HasSubstr("2022-04-19-1.md"));
  const std::vector<std::string> first = printed_;
  request_.from = {posts / "2022-04-19-2.md"};
  EXPECT_EQ(Run(), kExitOk) << err_;
  ASSERT_EQ(printed_.size(), 1U);
  request_.from = {posts};
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_EQ(printed_, first) << "nothing of today's clock is in an event";
}

TEST_F(ReplayTest, ASourceOfTodaysConfigurationReplacesTheArchivedOneUnlessAsArchived) {
  RunLive({relay::ScriptedPage({.id = "s:1"}, 1)});
  request_.dry_run = true;
  config_.sources[0].timezone = "Asia/Shanghai";
  std::string zone;
  request_.make_runner = [&](const Source& source) {
    zone = source.timezone;
    return relay::ScriptedRunners()(source);
  };
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(zone, "Asia/Shanghai");
  request_.as_archived = true;
  EXPECT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(zone, "UTC");
}

TEST_F(ReplayTest, RefusesWhatContradictsItself) {
  RunLive({});
  struct Case {
    const char* name;
    std::function<void(ReplayRequest&)> change;
  };
  const std::vector<Case> cases = {
      {"position with from",
       [&](auto& r) {
         r.position = Position(1, 0);
         r.from = {"/tmp"};
       }},
      {"dry run with to",
       [](auto& r) {
         r.dry_run = true;
         r.to = "x.";
       }},
      {"dry run with resume", [](auto& r) { r.dry_run = r.resume = true; }},
      {"resume with position",
       [](auto& r) {
         r.resume = true;
         r.position = Position(1, 0);
       }},
      {"rate of zero", [](auto& r) { r.rate = 0; }},
      {"from without to", [&](auto& r) { r.from = {world_.dir() / "archive"}; }},
      {"prefix that is none", [](auto& r) { r.to = ""; }},
  };
  for (const Case& refused : cases) {
    request_ = {};
    refused.change(request_);
    EXPECT_EQ(Run(), kExitUsage) << refused.name << ": " << err_;
  }
  request_ = {};
  request_.dry_run = true;
  request_.from = {world_.dir() / "nothing.txt"};
  EXPECT_EQ(Run(), kExitFailed) << err_;
}

TEST_F(ReplayTest, DrawsABarOnATerminalOnly) {
  RunLive(relay::ScriptedHistory(8, 30));
  request_.dry_run = true;
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_EQ(err_.find('\r'), std::string::npos) << err_;
  EXPECT_THAT(err_, HasSubstr("dead letters"));
}

}  // namespace
}  // namespace newswire::commands
