// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/verdict.h"

#include <gtest/gtest.h>

namespace newswire::intake {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr UtcMillis kNow{hours(24 * 365 * 50)};
constexpr std::string_view kPayload = "sha1:PAYLOAD";
constexpr std::string_view kEntry = "entry";

class VerdictTest : public testing::Test {
 protected:
  VerdictTest() {
    link_.source = "s";
    link_.url = "https://site.example/post";
  }

  void WasFetched() {
    link_.state = frontier::LinkState::kFetched;
    link_.first_fetched = kNow - hours(5);
    link_.payload_digest = kPayload;
    link_.entry_digest = kEntry;
  }

  Verdict Answer(int status) {
    outcome_.response = transports::HttpResponse{.status = status};
    return JudgeIt();
  }

  Verdict JudgeIt() {
    return Judge({.link = link_,
                  .outcome = outcome_,
                  .rules = rules_,
                  .payload_digest = payload_,
                  .entry_digest = entry_,
                  .others_answer = others_answer_,
                  .now = kNow});
  }

  frontier::LinkRow link_;
  FetchOutcome outcome_;
  RemovalRules rules_;
  std::string payload_{kPayload}, entry_{kEntry};
  bool others_answer_ = true;
};

TEST_F(VerdictTest, FirstAnswerIsAResponse) {
  const Verdict verdict = Answer(200);
  EXPECT_TRUE(verdict.archive);
  EXPECT_EQ(verdict.kind, CaptureKind::kResponse);
  EXPECT_FALSE(verdict.retry_in);
}

TEST_F(VerdictTest, NotModifiedIsARevisit) {
  WasFetched();
  const Verdict verdict = Answer(304);
  EXPECT_TRUE(verdict.archive);
  EXPECT_EQ(verdict.kind, CaptureKind::kRevisit);
}

TEST_F(VerdictTest, EqualPayloadIsARevisitOnlyWithTheSameEntry) {
  WasFetched();
  EXPECT_EQ(Answer(200).kind, CaptureKind::kRevisit);
  entry_ = "another";
  EXPECT_EQ(Answer(200).kind, CaptureKind::kResponse);
}

TEST_F(VerdictTest, EqualPayloadAfterAnotherAnswerIsNoRevisit) {
  WasFetched();
  link_.state = frontier::LinkState::kFailed;
  EXPECT_EQ(Answer(200).kind, CaptureKind::kResponse);
}

TEST_F(VerdictTest, GoneOnceIsARemoval) {
  WasFetched();
  const Verdict verdict = Answer(410);
  ASSERT_TRUE(verdict.removal);
  EXPECT_EQ(verdict.removal->how, "http_410");
  EXPECT_TRUE(verdict.archive);
}

TEST_F(VerdictTest, NotFoundIsARemovalOnlyTheSecondTimeAnHourLater) {
  WasFetched();
  Verdict verdict = Answer(404);
  EXPECT_FALSE(verdict.removal);
  EXPECT_GE(verdict.retry_in, hours(1));
  link_.state = frontier::LinkState::kFailed;
  link_.first_404 = kNow - minutes(59);
  EXPECT_FALSE(Answer(404).removal);
  link_.first_404 = kNow - hours(1);
  verdict = Answer(404);
  ASSERT_TRUE(verdict.removal);
  EXPECT_EQ(verdict.removal->how, "http_404");
}

TEST_F(VerdictTest, NotFoundIsNoRemovalWhileNoOtherPageAnswers) {
  WasFetched();
  link_.state = frontier::LinkState::kFailed;
  link_.first_404 = kNow - hours(3);
  others_answer_ = false;
  const Verdict verdict = Answer(404);
  EXPECT_FALSE(verdict.removal);
  EXPECT_TRUE(verdict.retry_in);
}

TEST_F(VerdictTest, WhatWasNeverThereIsTriedEverMoreSeldomThenLeft) {
  std::chrono::milliseconds last{0};
  for (link_.attempts = 0; link_.attempts < 4; ++link_.attempts) {
    const Verdict verdict = Answer(404);
    EXPECT_FALSE(verdict.removal);
    ASSERT_TRUE(verdict.retry_in) << link_.attempts;
    EXPECT_GT(*verdict.retry_in, last);
    last = *verdict.retry_in;
  }
  EXPECT_TRUE(Answer(404).give_up);
}

TEST_F(VerdictTest, ServerErrorsAndTimeOutsAreTheSourcesTrouble) {
  for (const int status : {500, 502, 503, 504, 408}) {
    const Verdict verdict = Answer(status);
    EXPECT_TRUE(verdict.source_failed) << status;
    EXPECT_FALSE(verdict.archive) << status;
    EXPECT_FALSE(verdict.give_up) << status;
  }
  outcome_.response.reset();
  outcome_.error = Error{ErrorKind::kTransient, "timed out"};
  EXPECT_TRUE(JudgeIt().source_failed);
}

TEST_F(VerdictTest, TooManyRequestsBlocksTheHostForAsLongAsItSays) {
  outcome_.retry_after = seconds(120);
  const Verdict verdict = Answer(429);
  EXPECT_TRUE(verdict.host_blocked);
  EXPECT_EQ(verdict.retry_in, seconds(120));
}

TEST_F(VerdictTest, CutAnswersAreTriedAgainBeforeTheyAreKept) {
  outcome_.response = transports::HttpResponse{.status = 200, .truncated = "disconnect"};
  EXPECT_FALSE(JudgeIt().archive);
  link_.attempts = 3;
  EXPECT_TRUE(JudgeIt().archive);
  link_.attempts = 0;
  outcome_.response->truncated = "length";
  EXPECT_TRUE(JudgeIt().archive) << "a longer answer will not come";
}

TEST_F(VerdictTest, DeniedByRobotsIsAskedAgainADayLater) {
  outcome_.robots_denied = true;
  outcome_.error = Error{ErrorKind::kPermanent, "robots.txt"};
  const Verdict verdict = JudgeIt();
  EXPECT_FALSE(verdict.archive);
  EXPECT_EQ(verdict.retry_in, hours(24));
}

TEST(NextRecheck, IsTheFirstThatLiesAhead) {
  const Source source{.recheck = {minutes(10), hours(1), hours(6)}};
  frontier::LinkRow link;
  EXPECT_EQ(NextRecheck(source, link, kNow), std::nullopt) << "never fetched";
  link.first_fetched = kNow - minutes(5);
  EXPECT_EQ(NextRecheck(source, link, kNow), kNow + minutes(5));
  link.first_fetched = kNow - minutes(30);
  EXPECT_EQ(NextRecheck(source, link, kNow), kNow + minutes(30));
  link.first_fetched = kNow - hours(7);
  EXPECT_EQ(NextRecheck(source, link, kNow), std::nullopt);
}

TEST(NextRecheck, CountsFromWhenItWasDue) {
  const Source source{.recheck = {minutes(10), hours(1), hours(6)}};
  frontier::LinkRow link;
  link.first_fetched = kNow - minutes(12);
  link.due = kNow - minutes(2);  // asked a little late
  EXPECT_EQ(NextRecheck(source, link, kNow), kNow + minutes(48));
  EXPECT_EQ(link.first_fetched, kNow - minutes(12));
  link.first_fetched = kNow - hours(6);
  link.due = kNow;
  EXPECT_EQ(NextRecheck(source, link, kNow), std::nullopt) << "it was the last one";
}

TEST(NextRecheck, WhatWasMissedMovesAlong) {
  const Source source{.recheck = {minutes(10), hours(1), hours(6)}};
  frontier::LinkRow link;
  link.first_fetched = kNow - hours(24 * 40);  // the machine slept, or its clock is wrong
  link.due = *link.first_fetched + minutes(10);
  const auto next = NextRecheck(source, link, kNow);
  EXPECT_EQ(next, kNow + minutes(50));
  EXPECT_EQ(link.first_fetched, kNow - minutes(10));
  link.due = next;
  EXPECT_EQ(NextRecheck(source, link, *next), *next + hours(5)) << "and then as ever";
}

}  // namespace
}  // namespace newswire::intake
