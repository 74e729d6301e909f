// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/catch_up.h"

#include <gtest/gtest.h>

#include "tests/daemon/archive/archive_fixture.h"

namespace newswire::frontier {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr UtcMillis kFetched{hours(24 * 365 * 50)};
constexpr UtcMillis kNow = kFetched + hours(2);
const std::string kUrl = "https://a.example/1.html";

class CatchUpTest : public testing::Test {
 protected:
  CatchUpTest() {
    auto archive = archive::Archive::Open(archive::MakeOptions(folder_.path() / "archive"),
                                          archive::MakeInfo(), SystemClock());
    EXPECT_TRUE(archive) << archive.error();
    archive_ = std::move(*archive);
    Reopen();
    source_.id = "s";
    source_.recheck = {hours(1), hours(24)};
  }

  void Reopen() {
    frontier_.reset();
    auto opened = Frontier::Open(folder_.path() / "frontier.db");
    ASSERT_TRUE(opened) << opened.error();
    frontier_ = std::move(*opened);
  }

  static Capture Page(int http_status, const std::string& title) {
    Capture capture;
    capture.url = kUrl;
    capture.fetched_at = kFetched;
    capture.http_status = http_status;
    capture.protocol = "HTTP/1.1";
    capture.headers = {{"ETag", "\"v\""}};
    capture.body = "the page";
    capture.metadata = {.source = "s", .link = kUrl, .entry = {.title = title}};
    return capture;
  }

  void Append(int http_status, const std::string& title) {
    const auto address = archive::AppendAndWait(*archive_, Page(http_status, title));
    ASSERT_TRUE(address) << address.error();
  }

  void CatchUp() {
    const auto done =
        frontier::CatchUp(*frontier_, *archive_, std::vector{source_}, kNow, std::stop_token());
    ASSERT_TRUE(done) << done.error();
    Reopen();  // it is durable
    const auto recorded = frontier_->recorded();
    ASSERT_TRUE(recorded && *recorded);
    EXPECT_EQ(**recorded, archive_->durable_end());
  }

  std::optional<LinkRow> Link() {
    auto row = frontier_->FindLink("s", kUrl);
    EXPECT_TRUE(row) << row.error();
    return row ? *row : std::nullopt;
  }

  // A frontier that recorded all there is.
  void Settle() {
    frontier_->NoteRecorded(archive_->durable_end());
    ASSERT_TRUE(frontier_->StoreSource({.id = "s", .contacted = true}));
    ASSERT_TRUE(frontier_->Commit());
    Reopen();
  }

  // The link is known and due, with this entry.
  void Know(const std::string& title) {
    LinkRow known{.source = "s", .url = kUrl, .entry = {.title = title}, .due = kFetched};
    ASSERT_TRUE(frontier_->StoreLink(known));
    ASSERT_TRUE(frontier_->Commit());
  }

  archive::TemporaryFolder folder_;
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<Frontier> frontier_;
  Source source_;
};

TEST_F(CatchUpTest, AFrontierThatKnowsNothingTakesTheWholeArchive) {
  Append(200, "old");
  Append(200, "new");
  CatchUp();
  const auto row = Link();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, LinkState::kFetched);
  EXPECT_EQ(row->entry.title, "new");
  EXPECT_EQ(row->etag, "\"v\"");
  EXPECT_EQ(row->due, kFetched + hours(1)) << "the re-check that was missed";
}

TEST_F(CatchUpTest, TakesOnlyWhatLiesBehindWhatIsRecorded) {
  Append(200, "recorded, and then forgotten");
  Settle();
  CatchUp();
  EXPECT_FALSE(Link());
  Append(200, "not recorded");
  CatchUp();
  ASSERT_TRUE(Link());
  EXPECT_EQ(Link()->entry.title, "not recorded");
}

TEST_F(CatchUpTest, AnEntryHeardOfSinceTheCaptureStaysAndIsAskedForAtOnce) {
  Settle();
  Know("heard since");
  Append(200, "as it was asked for");
  source_.recheck = {};
  CatchUp();
  const auto row = Link();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, LinkState::kFetched);
  EXPECT_EQ(row->entry.title, "heard since");
  EXPECT_EQ(row->due, kNow);
}

TEST_F(CatchUpTest, APostWhoseEntryIsTheSameIsDueAtItsRecheckOrNever) {
  Settle();
  Know("t");
  Append(200, "t");
  source_.recheck = {hours(3)};
  CatchUp();
  EXPECT_EQ(Link()->due, kFetched + hours(3));
  Append(200, "t");
  source_.recheck = {};
  CatchUp();
  EXPECT_EQ(Link()->due, std::nullopt);
}

TEST_F(CatchUpTest, AFailureIsAskedForAgainAtOnce) {
  Append(404, "t");
  CatchUp();
  const auto row = Link();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, LinkState::kFailed);
  EXPECT_EQ(row->first_404, kFetched);
  EXPECT_EQ(row->due, kNow);
}

TEST_F(CatchUpTest, WhatWasImportedIsNotAskedForAgain) {
  Capture imported = Page(200, "t");
  imported.refers_to = RefersTo{.record_id = "urn:uuid:0b0d1b1c-0000-4000-8000-000000000001"};
  ASSERT_TRUE(archive::AppendAndWait(*archive_, imported));
  CatchUp();
  EXPECT_FALSE(Link());
}

TEST_F(CatchUpTest, AFrontierOfAnEarlierVersionIsTakenAsItIs) {
  ASSERT_TRUE(frontier_->StoreSource({.id = "s", .contacted = true}));
  ASSERT_TRUE(frontier_->Commit());
  Reopen();
  Append(200, "t");
  CatchUp();
  EXPECT_FALSE(Link());
}

TEST_F(CatchUpTest, AnArchiveThatEndsEarlierIsFollowedFromItsEnd) {
  Settle();
  frontier_->NoteRecorded(Position(1000, 0));
  ASSERT_TRUE(frontier_->Commit());
  CatchUp();
  Append(200, "t");
  CatchUp();
  EXPECT_TRUE(Link());
}

TEST_F(CatchUpTest, AStopLeavesItToTheNextCall) {
  Append(200, "t");
  std::stop_source stop;
  stop.request_stop();
  const auto stopped =
      frontier::CatchUp(*frontier_, *archive_, std::vector{source_}, kNow, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(*frontier_->recorded(), std::nullopt);
  CatchUp();
  EXPECT_TRUE(Link());
}

}  // namespace
}  // namespace newswire::frontier
