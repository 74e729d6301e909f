// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/sequencer.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/relay/history.h"
#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kNewPipeline = "1.0.1+bbbbbbbb";

class SequencerTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(1000); }

  void Open(uint32_t max_topics) {
    auto opened = Sequencer::Open({.max_topics = max_topics},
                                  [this](Position at) -> Result<std::optional<Transformed>> {
                                    rereads_.push_back(at);
                                    return reread_ ? reread_(at) : std::nullopt;
                                  });
    ASSERT_TRUE(opened) << opened.error();
    sequencer_ = std::move(*opened);
  }

  // "type rN topic [changed]" of each event.
  std::vector<std::string> Apply(const Transformed& capture) {
    auto events = sequencer_->Apply(capture);
    if (!events) {
      return {events.error().message};
    }
    std::vector<std::string> told;
    for (const Event& event : *events) {
      last_value_ = event.value;
      auto document = text::JsonDocument::Parse(event.value);
      EXPECT_TRUE(document) << event.value;
      std::string line(Name(event.type));
      if (auto revision = document->root()["revision"].integer()) {
        line += " r" + std::to_string(*revision);
      }
      line += " " + event.topic_slug;
      const text::JsonValue changed = document->root()["changed"];
      for (size_t i = 0; i < changed.size(); ++i) {
        line += (i == 0 ? " " : ",") + std::string(changed.at(i).string_or("?"));
      }
      told.push_back(line);
    }
    return told;
  }
  std::vector<std::string> See(const PostSpec& spec) { return Apply(history_.Page(spec)); }

  History history_;
  std::unique_ptr<Sequencer> sequencer_;
  std::function<std::optional<Transformed>(Position)> reread_;
  std::vector<Position> rereads_;
  std::string last_value_;
};

TEST_F(SequencerTest, PublishesAtFirstSightAndIsSilentWhenNothingChanged) {
  EXPECT_THAT(See({}), ElementsAre("post.published r1 news"));
  EXPECT_THAT(See({}), IsEmpty());
  EXPECT_THAT(See({.bytes = "another advertisement"}), IsEmpty());
  EXPECT_THAT(Apply(history_.Revisit(History::LinkOf("s:1"))), IsEmpty());
}

TEST_F(SequencerTest, NamesChangedFieldsInTheOrderOfTheDigest) {
  See({});
  EXPECT_THAT(See({.title = "Other", .text = "Other"}),
              ElementsAre("post.revised r2 news title,text"));
}

TEST_F(SequencerTest, CountsARevertAsARevision) {
  See({.text = "A"});
  EXPECT_THAT(See({.text = "B"}), ElementsAre("post.revised r2 news text"));
  EXPECT_THAT(See({.text = "A"}), ElementsAre("post.revised r3 news text"));
}

TEST_F(SequencerTest, NumbersTheDocumentsOfAFeedInOrder) {
  EXPECT_THAT(Apply(history_.Feed({{.id = "s:2"}, {.id = "s:1", .category = "sport"}})),
              ElementsAre("post.published r1 news", "post.published r1 sport"));
  EXPECT_THAT(
      Apply(history_.Feed(
          {{.id = "s:3"}, {.id = "s:2"}, {.id = "s:1", .title = "Other", .category = "sport"}})),
      ElementsAre("post.published r1 news", "post.revised r2 sport title"));
}

TEST_F(SequencerTest, KeepsTheBodyKindOfTheFirstCapture) {
  See({});
  EXPECT_THAT(Apply(history_.Feed({{.text = "the feed's shorter text"}})), IsEmpty());
  EXPECT_EQ(sequencer_->counters().ignored_bodies, 1U);
  EXPECT_THAT(See({.text = "Other"}), ElementsAre("post.revised r2 news text"));
}

TEST_F(SequencerTest, RemovesByLinkOnceWithANumberAndNoDigest) {
  See({});
  const std::string link = History::LinkOf("s:1");
  EXPECT_THAT(Apply(history_.Removed(link)), ElementsAre("post.removed r2 news removed"));
  EXPECT_EQ(last_value_.find("digest"), std::string::npos) << last_value_;
  EXPECT_THAT(Apply(history_.Removed(link)), IsEmpty());
}

TEST_F(SequencerTest, RemovesByTheIdThatTheLinkTellsWhenTheLinkIsNew) {
  See({});
  EXPECT_THAT(Apply(history_.Removed("https://a.example/moved", "s:1")),
              ElementsAre("post.removed r2 news removed"));
}

TEST_F(SequencerTest, IgnoresTheRemovalOfAnUnknownPost) {
  EXPECT_THAT(Apply(history_.Removed("https://a.example/none", "s:none")), IsEmpty());
  EXPECT_THAT(See({}), ElementsAre("post.published r1 news"));
}

TEST_F(SequencerTest, SaysThatAPostCameBackWhateverItsText) {
  See({});
  Apply(history_.Removed(History::LinkOf("s:1")));
  EXPECT_THAT(See({}), ElementsAre("post.revised r3 news removed"));
  Apply(history_.Removed(History::LinkOf("s:1")));
  EXPECT_THAT(See({.title = "Other", .category = "sport"}),
              ElementsAre("post.revised r5 news removed"));
  EXPECT_THAT(See({.title = "Other", .category = "sport"}), IsEmpty());
}

TEST_F(SequencerTest, FoldsOldPostsOfAFirstContactWithoutPublishing) {
  Transformed first = history_.Page({.published_at = 1'000});
  first.publish_after = UtcMillis(std::chrono::milliseconds(2'000));
  EXPECT_THAT(Apply(first), IsEmpty());
  EXPECT_EQ(sequencer_->counters().withheld, 1U);
  EXPECT_THAT(See({.published_at = 1'000}), IsEmpty());
  EXPECT_THAT(Apply(history_.Removed(History::LinkOf("s:1"))), IsEmpty());
  EXPECT_THAT(See({.text = "Other", .published_at = 1'000}), ElementsAre("post.published r1 news"));
  EXPECT_THAT(See({.text = "Third", .published_at = 1'000}),
              ElementsAre("post.revised r2 news text"));
}

TEST_F(SequencerTest, PublishesWhatAFirstContactDoesNotExclude) {
  for (const auto& [id, published_at] :
       {std::pair<std::string, std::optional<int64_t>>("s:exactly", 2'000),
        {"s:later", 2'001},
        {"s:undated", std::nullopt}}) {
    Transformed capture = history_.Page({.id = id, .published_at = published_at});
    capture.publish_after = UtcMillis(std::chrono::milliseconds(2'000));
    EXPECT_THAT(Apply(capture), ElementsAre("post.published r1 news")) << id;
  }
}

TEST_F(SequencerTest, GivesTopicsToTheFirstSlugsOnly) {
  Open(2);
  EXPECT_THAT(See({.id = "s:1", .category = "a"}), ElementsAre("post.published r1 a"));
  EXPECT_THAT(See({.id = "s:2", .category = "b"}), ElementsAre("post.published r1 b"));
  EXPECT_THAT(See({.id = "s:3", .category = "c"}), ElementsAre("post.published r1 other"));
  EXPECT_THAT(See({.id = "s:4", .category = "b"}), ElementsAre("post.published r1 b"));
  EXPECT_THAT(sequencer_->TopicSlugs(), ElementsAre("a", "b"));
}

TEST_F(SequencerTest, ARaisedCapReachesUnseenSlugsOnly) {
  Open(1);
  See({.id = "s:1", .category = "a"});
  See({.id = "s:2", .category = "b"});
  sequencer_->SetLimits(10, 900'000);
  EXPECT_THAT(See({.id = "s:3", .category = "b"}), ElementsAre("post.published r1 other"));
  EXPECT_THAT(See({.id = "s:4", .category = "c"}), ElementsAre("post.published r1 c"));
  EXPECT_THAT(sequencer_->TopicSlugs(), ElementsAre("a", "c"));
}

TEST_F(SequencerTest, APostKeepsItsFirstTopic) {
  See({.category = "a"});
  EXPECT_THAT(See({.category = "b"}), ElementsAre("post.revised r2 a category"));
  EXPECT_THAT(Apply(history_.Removed(History::LinkOf("s:1"))),
              ElementsAre("post.removed r3 a removed"));
}

TEST_F(SequencerTest, SlugsOfNoTopicOfTheirOwnTakeNoPlace) {
  Open(1);
  EXPECT_THAT(See({.id = "s:1", .category = ""}), ElementsAre("post.published r1 other"));
  EXPECT_THAT(See({.id = "s:2", .category = "dead-letter"}),
              ElementsAre("post.published r1 other"));
  EXPECT_THAT(See({.id = "s:3", .category = "a"}), ElementsAre("post.published r1 a"));
}

TEST_F(SequencerTest, AnUpgradeAloneMakesNoRevision) {
  const Transformed first = history_.Page({});
  Apply(first);
  reread_ = [&](Position at) -> std::optional<Transformed> {
    EXPECT_EQ(at, first.address.position);
    Transformed again = first;
    again.pipeline = kNewPipeline;
    again.posts = {Make({.pipeline = kNewPipeline})};
    return again;
  };
  EXPECT_THAT(See({.pipeline = kNewPipeline}), IsEmpty());
  EXPECT_EQ(rereads_.size(), 1U);
  // The row holds today's digests now.
  EXPECT_THAT(See({.text = "Other", .pipeline = kNewPipeline}),
              ElementsAre("post.revised r2 news text"));
  EXPECT_EQ(rereads_.size(), 1U);
}

TEST_F(SequencerTest, AnEditDuringAnUpgradeIsComparedUnderTodaysPipeline) {
  const Transformed first = history_.Page({});
  Apply(first);
  reread_ = [&](Position) -> std::optional<Transformed> {
    Transformed again = first;
    again.posts = {Make({.pipeline = kNewPipeline})};
    again.pipeline = kNewPipeline;
    return again;
  };
  EXPECT_THAT(See({.title = "Other", .pipeline = kNewPipeline}),
              ElementsAre("post.revised r2 news title"));
}

TEST_F(SequencerTest, RereadFindsTheDocumentByItsNumberWhenItsIdIsAnother) {
  const Transformed first = history_.Feed({{.id = "s:0"}, {.id = "s:1"}});
  Apply(first);
  reread_ = [&](Position) -> std::optional<Transformed> {
    Transformed again = first;
    again.pipeline = kNewPipeline;
    again.posts = {Make({.id = "s:x", .pipeline = kNewPipeline}),
                   Make({.id = "s:y", .pipeline = kNewPipeline})};
    again.posts[1].document = 1;
    return again;
  };
  EXPECT_THAT(Apply(history_.Feed({{.id = "s:1", .pipeline = kNewPipeline}})), IsEmpty());
}

TEST_F(SequencerTest, WithoutTheOldCaptureTheSameBytesAreNoRevision) {
  See({});
  EXPECT_THAT(See({.pipeline = kNewPipeline}), IsEmpty());
  EXPECT_THAT(See({.text = "Other", .pipeline = "1.0.2+cccccccc"}),
              ElementsAre("post.revised r2 news unknown"));
}

// A capture may be deleted between two times that the same stretch is sequenced.
TEST_F(SequencerTest, WhatWasReadAgainIsStillKnownWhenTheCaptureIsGone) {
  const Transformed first = history_.Page({});
  Apply(first);
  ASSERT_TRUE(sequencer_->Flush());
  reread_ = [&](Position) -> std::optional<Transformed> {
    Transformed again = first;
    again.posts = {Make({.pipeline = kNewPipeline})};
    again.pipeline = kNewPipeline;
    return again;
  };
  const Transformed edit = history_.Page({.title = "Other", .pipeline = kNewPipeline});
  EXPECT_THAT(Apply(edit), ElementsAre("post.revised r2 news title"));
  ASSERT_TRUE(sequencer_->Flush());
  ASSERT_TRUE(sequencer_->RewindTo(edit.address.position));
  reread_ = {};
  EXPECT_THAT(Apply(edit), ElementsAre("post.revised r2 news title"));
  EXPECT_EQ(rereads_.size(), 1U);
}

TEST_F(SequencerTest, ARetiredCaptureIsNotReadThoughItIsThere) {
  Position from;
  auto opened = Sequencer::Open(
      {.retired = [&](Position capture, Position at) { return capture < at && at >= from; }},
      [this](Position at) { return reread_(at); });
  ASSERT_TRUE(opened) << opened.error();
  sequencer_ = std::move(*opened);
  const Transformed first = history_.Feed({{.id = "s:1"}, {.id = "s:2"}});
  Apply(first);
  reread_ = [&](Position) -> std::optional<Transformed> {
    Transformed again = first;
    again.posts = {Make({.id = "s:1", .pipeline = kNewPipeline}),
                   Make({.id = "s:2", .pipeline = kNewPipeline})};
    again.pipeline = kNewPipeline;
    return again;
  };
  const PostSpec edit{.id = "s:1", .title = "Other", .pipeline = kNewPipeline};
  const Transformed before = history_.Feed({edit});
  PostSpec later = edit;
  later.id = "s:2";
  const Transformed behind = history_.Feed({later});
  from = behind.address.position;
  EXPECT_THAT(Apply(before), ElementsAre("post.revised r2 news title"));
  EXPECT_THAT(Apply(behind), ElementsAre("post.revised r2 news unknown"));
}

TEST_F(SequencerTest, AFailedRereadIsAFailureNotAnEvent) {
  auto failing = Sequencer::Open({}, [](Position) -> Result<std::optional<Transformed>> {
    return Fail(ErrorKind::kTransient, "too many open files");
  });
  ASSERT_TRUE(failing);
  sequencer_ = std::move(*failing);
  See({});
  EXPECT_THAT(See({.pipeline = kNewPipeline}), ElementsAre("too many open files"));
}

TEST_F(SequencerTest, IgnoresARecheckWithTheTextOfTwoOtherPosts) {
  for (const char* id : {"s:1", "s:2", "s:3", "s:4"}) {
    See({.id = id, .text = std::string("text of ") + id});
  }
  const std::string challenge = "Please prove that you are human";
  EXPECT_THAT(See({.id = "s:1", .text = challenge}), ElementsAre("post.revised r2 news text"));
  EXPECT_THAT(See({.id = "s:2", .text = challenge}), ElementsAre("post.revised r2 news text"));
  EXPECT_THAT(See({.id = "s:3", .text = challenge}), IsEmpty());
  EXPECT_THAT(See({.id = "s:4", .text = challenge}), IsEmpty());
  EXPECT_EQ(sequencer_->counters().ignored_rechecks, 2U);
  EXPECT_THAT(See({.id = "s:3", .text = "text of s:3"}), IsEmpty());
  // New posts and other sources are not re-checks of this one.
  EXPECT_THAT(See({.id = "s:5", .text = challenge}), ElementsAre("post.published r1 news"));
}

TEST_F(SequencerTest, CountsOnlyTextsThatOthersHaveNow) {
  for (const char* id : {"s:1", "s:2"}) {
    See({.id = id, .text = "same"});
    See({.id = id, .text = std::string("own of ") + id});
  }
  See({.id = "s:3", .text = "own"});
  EXPECT_THAT(See({.id = "s:3", .text = "same"}), ElementsAre("post.revised r2 news text"));
}

TEST_F(SequencerTest, TextsOfAnotherSourceDoNotCount) {
  See({.id = "other:1", .text = "same"});
  See({.id = "other:2", .text = "same"});
  See({.id = "s:1"});
  EXPECT_THAT(See({.id = "s:1", .text = "same"}), ElementsAre("post.revised r2 news text"));
}

TEST_F(SequencerTest, APostWhoseTextStaysMayShareItWithOthers) {
  for (const char* id : {"s:1", "s:2", "s:3"}) {
    See({.id = id, .text = "same"});
  }
  EXPECT_THAT(See({.id = "s:3", .title = "Other", .text = "same"}),
              ElementsAre("post.revised r2 news title"));
}

TEST_F(SequencerTest, SendsDeadLettersInDocumentOrder) {
  EXPECT_THAT(Apply(history_.Broken("https://a.example/x")),
              ElementsAre(::testing::StartsWith(std::string(Name(EventType::kDeadLetter)))));
  Transformed feed = history_.Feed({{.id = "s:1"}, {.id = "s:2"}});
  feed.posts[1].document = 2;
  DeadLetter letter = history_.Broken("https://a.example/y").dead_letters[0];
  letter.document = 1;
  feed.dead_letters.push_back(letter);
  const auto events = sequencer_->Apply(feed);
  ASSERT_TRUE(events) << events.error();
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ((*events)[1].type, EventType::kDeadLetter);
  EXPECT_EQ((*events)[1].topic_slug, "dead-letter");
}

TEST_F(SequencerTest, RefusesACaptureItHasSeen) {
  const Transformed capture = history_.Page({});
  Apply(capture);
  const auto again = sequencer_->Apply(capture);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kPermanent) << again.error();
}

TEST_F(SequencerTest, PositionsAreThoseOfTheArchive) {
  const Transformed capture = history_.Page({});
  Apply(capture);
  EXPECT_EQ(sequencer_->position(), capture.address.end);
  EXPECT_EQ(sequencer_->folded(), Position());
  ASSERT_TRUE(sequencer_->Flush());
  EXPECT_EQ(sequencer_->folded(), capture.address.end);
}

TEST_F(SequencerTest, AnEntryThatWasForgottenIsNoChange) {
  Apply(history_.Page({.id = "s:1", .category = "from the feed"}));
  Transformed forgotten = history_.Page({.id = "s:1", .category = "of the page"});
  forgotten.without_entry = true;
  EXPECT_TRUE(Apply(forgotten).empty());
  EXPECT_EQ(sequencer_->counters().forgotten_entries, 1U);
  // What the page says otherwise is one, and so is another address.
  Transformed edited = history_.Page({.id = "s:1", .text = "New", .category = "of the page"});
  edited.without_entry = true;
  EXPECT_EQ(Apply(edited).size(), 1U);
  Transformed moved = history_.Page(
      {.id = "s:1", .text = "New", .category = "elsewhere", .url = "https://a.example/b/1.html"});
  moved.without_entry = true;
  EXPECT_EQ(Apply(moved).size(), 1U);
}

}  // namespace
}  // namespace newswire::relay
