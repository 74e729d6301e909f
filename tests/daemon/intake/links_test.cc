// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/links.h"

#include <gtest/gtest.h>

namespace newswire::intake {
namespace {

using frontier::LinkRow;
using frontier::LinkState;
using std::chrono::hours;

constexpr UtcMillis kNow{hours(24 * 365 * 50)};

Source JekyllSource() { return {.id = "s", .kind = SourceKind::kJekyll}; }

LinkContext MainWay(const Source& source, bool first = false) {
  return {.source = source,
          .main_way = true,
          .first_contact = first,
          .publish_after = std::nullopt,
          .now = kNow};
}

sources::FoundLink Found(std::string title = "A title") {
  return {.url = "https://site.example/2022/04/19/a.html",
          .entry = {.id = "a", .title = std::move(title)},
          .dated = kNow - hours(2),
          .date_is_publication = true};
}

TEST(MergeLink, NewLinkIsDueAtOnceWithItsEntry) {
  const Source source = JekyllSource();
  const auto row = Merge(MainWay(source), Found(), std::nullopt);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->due, kNow);
  EXPECT_EQ(row->entry.title, "A title");
  EXPECT_EQ(row->body, BodyKind::kPage);
}

TEST(MergeLink, KnownLinkWithTheSameEntryIsLeftAlone) {
  const Source source = JekyllSource();
  auto row = Merge(MainWay(source), Found(), std::nullopt);
  row->due.reset();
  EXPECT_FALSE(Merge(MainWay(source), Found(), row));
}

TEST(MergeLink, ChangedEntryMakesItDueAgain) {
  const Source source = JekyllSource();
  auto row = Merge(MainWay(source), Found(), std::nullopt);
  row->due.reset();
  row->state = LinkState::kFetched;
  row->first_fetched = kNow - hours(1);
  row = Merge(MainWay(source), Found("Another title"), row);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->due, kNow);
  EXPECT_EQ(row->entry.title, "Another title");
}

TEST(MergeLink, PostFirstFetchedWithoutAnEntryKeepsWhatItHad) {
  const Source source = JekyllSource();
  LinkRow row{.id = 1, .source = "s", .url = Found().url, .state = LinkState::kFetched};
  row.first_fetched = kNow - hours(1);
  EXPECT_FALSE(Merge(MainWay(source), Found(), row));
}

TEST(MergeLink, FeedBodiedPostsAreListedNotFetched) {
  Source source{.id = "s", .kind = SourceKind::kFeed, .body = BodyKind::kFeed};
  const auto row = Merge(MainWay(source), Found(), std::nullopt);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, LinkState::kListed);
  EXPECT_FALSE(row->due);
}

TEST(MergeLink, FeedBodiedPostIsListedAgainWhenItComesBack) {
  Source source{.id = "s", .kind = SourceKind::kFeed, .body = BodyKind::kFeed};
  auto row = Merge(MainWay(source), Found(), std::nullopt);
  ASSERT_TRUE(row);
  row->state = frontier::LinkState::kGone;
  row = Merge(MainWay(source), Found(), row);
  ASSERT_TRUE(row) << "its next removal would not be seen";
  EXPECT_EQ(row->state, frontier::LinkState::kListed);
}

TEST(MergeLink, OtherWaysOfAFeedBodiedSourceAreFetchedAsPages) {
  Source source{.id = "s", .kind = SourceKind::kJekyll, .body = BodyKind::kFeed};
  LinkContext context = MainWay(source);
  context.main_way = false;
  const auto row = Merge(context, Found(), std::nullopt);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->body, BodyKind::kPage);
  EXPECT_EQ(row->due, kNow);
  EXPECT_TRUE(row->entry.empty());
}

TEST(MergeLink, WhatIsOlderThanTheFirstContactPublishesIsOnlyKnown) {
  const Source source = JekyllSource();
  LinkContext context = MainWay(source, true);
  context.main_way = false;
  context.publish_after = kNow;
  auto found = Found();
  found.dated = kNow - hours(24 * 30);
  auto row = Merge(context, found, std::nullopt);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, LinkState::kListed);
  EXPECT_FALSE(row->due);
  // It changed later: now it is news.
  context.first_contact = false;
  found.dated = kNow;
  row = Merge(context, found, row);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->due, kNow);
  EXPECT_FALSE(row->publish_after);
}

TEST(MergeLink, DoubtfulAgeIsFetchedAndLeftToTheSequencer) {
  const Source source = JekyllSource();
  LinkContext context = MainWay(source, true);
  context.main_way = false;
  context.publish_after = kNow;
  auto found = Found();
  found.dated = kNow - hours(3);  // of the same day, perhaps in another zone
  const auto row = Merge(context, found, std::nullopt);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->due, kNow);
  EXPECT_EQ(row->publish_after, kNow);
}

TEST(CutOff, FollowsTheBackfill) {
  Source source = JekyllSource();
  const std::vector<sources::FoundLink> shown{Found()};
  EXPECT_EQ(CutOff(source, shown, kNow), kNow - hours(2)) << "what the feed shows";
  EXPECT_EQ(CutOff(source, {}, kNow), kNow) << "an empty feed shows nothing";
  source.backfill = {.kind = Backfill::Kind::kNone};
  EXPECT_EQ(CutOff(source, shown, kNow), kNow);
  source.backfill = {.kind = Backfill::Kind::kAge, .age = std::chrono::hours(48)};
  EXPECT_EQ(CutOff(source, shown, kNow), kNow - hours(48));
  source.backfill = {.kind = Backfill::Kind::kAll};
  EXPECT_EQ(CutOff(source, shown, kNow), std::nullopt);
}

}  // namespace
}  // namespace newswire::intake
