// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/frontier.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "daemon/frontier/answer.h"

namespace newswire::frontier {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr UtcMillis kNow{hours(24 * 365 * 50)};

class FrontierTest : public testing::Test {
 protected:
  FrontierTest() {
    std::string name = testing::TempDir() + "frontier-XXXXXX";
    dir_ = mkdtemp(name.data());
    Reopen();
  }
  ~FrontierTest() override {
    frontier_.reset();
    std::filesystem::remove_all(dir_);
  }

  // What a restart after a crash sees: only what was committed.
  void Reopen() {
    frontier_.reset();
    auto opened = Frontier::Open(dir_ / "frontier.db");
    ASSERT_TRUE(opened) << opened.error();
    frontier_ = std::move(*opened);
  }

  LinkRow Store(const std::string& url, std::optional<UtcMillis> due) {
    LinkRow row{.source = "s", .url = url, .due = due};
    const auto stored = frontier_->StoreLink(row);
    EXPECT_TRUE(stored) << stored.error();
    return row;
  }

  std::vector<std::string> Due(UtcMillis now) {
    auto due = frontier_->DueLinks("s", now, 100);
    EXPECT_TRUE(due) << due.error();
    std::vector<std::string> urls;
    for (const auto& link : *due) {
      urls.push_back(link.url);
    }
    return urls;
  }

  std::filesystem::path dir_;
  std::unique_ptr<Frontier> frontier_;
};

TEST_F(FrontierTest, WhatIsDueMovesWithAClockThatWasSetBack) {
  ASSERT_EQ(frontier_->FollowClock(kNow).value(), std::nullopt);
  frontier_->NoteTime(kNow);
  Store("https://a.example/1", kNow + minutes(5));
  ASSERT_TRUE(frontier_->Commit());
  Reopen();
  ASSERT_EQ(frontier_->FollowClock(kNow + hours(1)).value(), std::nullopt);
  EXPECT_EQ(Due(kNow + minutes(5)).size(), 1u) << "forwards nothing moves";
  const UtcMillis earlier = kNow - hours(24 * 40);
  ASSERT_EQ(frontier_->FollowClock(earlier).value(), hours(960));
  EXPECT_EQ(Due(earlier + minutes(4)).size(), 0u) << "no sooner than it was allowed";
  EXPECT_EQ(Due(earlier + minutes(5)).size(), 1u);
  Reopen();
  ASSERT_EQ(frontier_->FollowClock(earlier).value(), std::nullopt);
  EXPECT_EQ(Due(earlier + minutes(4)).size(), 0u) << "moved once";
}

TEST_F(FrontierTest, KeepsEveryFieldOfALink) {
  LinkRow row{.source = "s",
              .url = "https://site.example/a",
              .state = LinkState::kFailed,
              .entry = {.id = "guid", .title = "标题", .authors = {"x", "y"}, .categories = {"c"}},
              .body = BodyKind::kFeed,
              .due = kNow,
              .dated = kNow - hours(1),
              .publish_after = kNow - hours(2),
              .etag = "\"e\"",
              .last_modified = "Tue, 19 Apr 2022 13:06:03 GMT",
              .payload_digest = "sha1:X",
              .record_id = "urn:uuid:1",
              .target_uri = "https://site.example/b",
              .entry_digest = "d",
              .first_fetched = kNow - hours(3),
              .last_fetched = kNow - hours(2),
              .first_404 = kNow - minutes(5),
              .target = "https://site.example/c",
              .attempts = 3,
              .reason = "HTTP 404"};
  ASSERT_TRUE(frontier_->StoreLink(row));
  ASSERT_NE(row.id, 0);
  ASSERT_TRUE(frontier_->Commit());
  Reopen();
  const auto found = frontier_->FindLink("s", "https://SITE.example:443/a#fragment");
  ASSERT_TRUE(found) << found.error();
  ASSERT_TRUE(*found) << "links are compared in canonical form";
  const LinkRow& back = **found;
  EXPECT_EQ(back.id, row.id);
  EXPECT_EQ(back.state, row.state);
  EXPECT_EQ(back.entry, row.entry);
  EXPECT_EQ(back.body, row.body);
  EXPECT_EQ(back.due, row.due);
  EXPECT_EQ(back.dated, row.dated);
  EXPECT_EQ(back.publish_after, row.publish_after);
  EXPECT_EQ(back.etag, row.etag);
  EXPECT_EQ(back.last_modified, row.last_modified);
  EXPECT_EQ(back.payload_digest, row.payload_digest);
  EXPECT_EQ(back.record_id, row.record_id);
  EXPECT_EQ(back.target_uri, row.target_uri);
  EXPECT_EQ(back.entry_digest, row.entry_digest);
  EXPECT_EQ(back.first_fetched, row.first_fetched);
  EXPECT_EQ(back.last_fetched, row.last_fetched);
  EXPECT_EQ(back.first_404, row.first_404);
  EXPECT_EQ(back.target, row.target);
  EXPECT_EQ(back.attempts, row.attempts);
  EXPECT_EQ(back.reason, row.reason);
}

TEST_F(FrontierTest, KeepsSourcesWaysAndBlocks) {
  SourceRow source{.id = "s",
                   .contacted = true,
                   .publish_after = kNow,
                   .last_sitemap = kNow - hours(1),
                   .next_poll = kNow + minutes(1),
                   .blocked_until = kNow + minutes(2),
                   .failures = {.in_a_row = 2, .first = kNow - hours(2), .last = kNow - hours(1)},
                   .last_urls = {"https://site.example/a", "https://site.example/b"}};
  ASSERT_TRUE(frontier_->StoreSource(source));
  ASSERT_TRUE(frontier_->StoreWay({.source = "s",
                                   .url = "u",
                                   .etag = "e",
                                   .last_modified = "l",
                                   .digest = "d",
                                   .target = "t"}));
  const politeness::HostMemory host{
      .blocked_until = kNow + hours(1),
      .failures = {.in_a_row = 3, .first = kNow - hours(2), .last = kNow - minutes(1)},
      .failing = true};
  ASSERT_TRUE(frontier_->StoreHost("site.example", host));
  ASSERT_TRUE(frontier_->StoreHost("over.example", {.blocked_until = kNow - hours(1)}));
  ASSERT_TRUE(frontier_->StoreHost(
      "failed.example", {.blocked_until = kNow - hours(1),
                         .failures = {.in_a_row = 9, .first = kNow, .last = kNow - hours(20)}}));
  ASSERT_TRUE(frontier_->Commit());
  Reopen();
  const auto back = frontier_->LoadSource("s");
  ASSERT_TRUE(back) << back.error();
  EXPECT_TRUE(back->contacted);
  EXPECT_EQ(back->publish_after, source.publish_after);
  EXPECT_EQ(back->last_sitemap, source.last_sitemap);
  EXPECT_EQ(back->next_poll, source.next_poll);
  EXPECT_EQ(back->blocked_until, source.blocked_until);
  EXPECT_EQ(back->failures.in_a_row, 2u);
  EXPECT_EQ(back->failures.first, source.failures.first);
  EXPECT_EQ(back->last_urls, source.last_urls);
  const auto way = frontier_->LoadWay("s", "u");
  ASSERT_TRUE(way) << way.error();
  EXPECT_EQ(way->etag + way->last_modified + way->digest + way->target, "eldt");
  const auto hosts = frontier_->Hosts(kNow);
  ASSERT_TRUE(hosts) << hosts.error();
  ASSERT_EQ(hosts->size(), 2u) << "over.example is over";
  EXPECT_EQ(hosts->at(0).domain, "failed.example") << "its next block is a long one";
  EXPECT_EQ(hosts->at(0).memory.failures.in_a_row, 9u);
  EXPECT_EQ(hosts->at(1).domain, "site.example");
  EXPECT_EQ(hosts->at(1).memory, host);
}

TEST_F(FrontierTest, ForgetsWhatWasNotCommitted) {
  Store("https://site.example/a", kNow);
  ASSERT_TRUE(frontier_->Commit());
  Store("https://site.example/b", kNow);
  Reopen();
  EXPECT_EQ(Due(kNow), std::vector<std::string>{"https://site.example/a"});
}

TEST_F(FrontierTest, AfterAFailedWriteNothingIsDurableUntilItIsTakenBack) {
  Store("https://a.example/known", kNow);
  ASSERT_TRUE(frontier_->Commit());

  // A limit on the size of files acts as a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  struct rlimit tight = old;
  tight.rlim_cur = std::filesystem::file_size(dir_ / "frontier.db-wal");
  Store("https://a.example/lost", kNow);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto refused = frontier_->Commit();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTransient) << refused.error();

  // There is room again, but a validator must not become durable without its links.
  const WayRow way{.source = "s", .url = "https://a.example/feed", .etag = "\"1\""};
  EXPECT_FALSE(frontier_->StoreWay(way));
  EXPECT_FALSE(frontier_->Commit());
  frontier_->Rollback();
  EXPECT_EQ(frontier_->LoadWay("s", way.url)->etag, "");
  EXPECT_EQ(Due(kNow), std::vector<std::string>{"https://a.example/known"});

  Store("https://a.example/lost", kNow + minutes(1));
  ASSERT_TRUE(frontier_->StoreWay(way));
  ASSERT_TRUE(frontier_->Commit());
  Reopen();
  EXPECT_EQ(frontier_->LoadWay("s", way.url)->etag, "\"1\"");
  EXPECT_EQ(Due(kNow + minutes(1)).size(), 2u);
}

TEST_F(FrontierTest, GivesDueLinksEarliestFirstAndInOrderOfDiscovery) {
  Store("https://site.example/later", kNow + minutes(1));
  Store("https://site.example/second", kNow);
  Store("https://site.example/third", kNow);
  Store("https://site.example/first", kNow - minutes(1));
  Store("https://site.example/never", std::nullopt);
  EXPECT_EQ(Due(kNow),
            (std::vector<std::string>{"https://site.example/first", "https://site.example/second",
                                      "https://site.example/third"}));
  EXPECT_EQ(*frontier_->NextDueAfter("s", kNow), kNow + minutes(1));
  EXPECT_EQ(*frontier_->NextDueAfter("s", kNow + minutes(1)), std::nullopt);
}

TEST_F(FrontierTest, LeavesOutDueLinksThatAreSkippedAndGivesOthersInTheirPlace) {
  std::set<int64_t> skipped;
  for (int i = 0; i < 10; ++i) {
    const LinkRow row = Store("https://site.example/" + std::to_string(i), kNow);
    if (i % 2 == 0) {
      skipped.insert(row.id);
    }
  }
  const auto due =
      frontier_->DueLinks("s", kNow, 3, [&](int64_t id) { return skipped.contains(id); });
  ASSERT_TRUE(due) << due.error();
  std::vector<std::string> urls;
  for (const LinkRow& link : *due) {
    urls.push_back(link.url);
  }
  EXPECT_EQ(urls, (std::vector<std::string>{"https://site.example/1", "https://site.example/3",
                                            "https://site.example/5"}));
}

TEST_F(FrontierTest, FindsALinkByItsId) {
  Store("https://site.example/other", kNow);
  const LinkRow row = Store("https://site.example/a", kNow);
  const auto found = frontier_->FindLink(row.id);
  ASSERT_TRUE(found) << found.error();
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->url, "https://site.example/a");
  const auto none = frontier_->FindLink(row.id + 1);
  ASSERT_TRUE(none) << none.error();
  EXPECT_FALSE(*none);
}

TEST_F(FrontierTest, DamagedFileIsCorruptionNotACrash) {
  frontier_.reset();
  std::ofstream(dir_ / "frontier.db", std::ios::trunc) << std::string(8192, 'x');
  const auto opened = Frontier::Open(dir_ / "frontier.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorruption);
}

TEST(RecordAnswer, AnyAnswerButSuccessTakesTheValidatorsAway) {
  LinkRow row{.source = "s", .url = "https://site.example/a"};
  Capture capture;
  capture.http_status = 200;
  capture.fetched_at = kNow;
  capture.headers = {{"ETag", "\"e\""}, {"Last-Modified", "then"}};
  capture.payload_digest = "sha1:X";
  RecordAnswer(row, capture);
  EXPECT_EQ(row.state, LinkState::kFetched);
  EXPECT_EQ(row.etag, "\"e\"");
  EXPECT_EQ(row.first_fetched, kNow);
  capture.kind = CaptureKind::kRevisit;
  capture.http_status = 304;
  capture.headers = {};
  capture.fetched_at = kNow + hours(1);
  RecordAnswer(row, capture);
  EXPECT_EQ(row.etag, "\"e\"") << "a 304 without validators leaves the old ones";
  EXPECT_EQ(LastAnswer(row).date, kNow) << "a revisit repeats the 200, not the 304 after it";
  EXPECT_EQ(row.first_fetched, kNow);
  capture.kind = CaptureKind::kResponse;
  capture.http_status = 404;
  RecordAnswer(row, capture);
  EXPECT_EQ(row.state, LinkState::kFailed);
  EXPECT_EQ(row.etag, "");
  EXPECT_EQ(row.payload_digest, "");
  EXPECT_EQ(row.first_404, kNow + hours(1));
  capture.fetched_at = kNow + hours(2);
  RecordAnswer(row, capture);
  EXPECT_EQ(row.first_404, kNow + hours(1)) << "of the present row";
}

}  // namespace
}  // namespace newswire::frontier
