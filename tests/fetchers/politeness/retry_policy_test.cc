// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/retry_policy.h"

#include <gtest/gtest.h>

namespace newswire::politeness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr UtcMillis kNow{milliseconds{1'767'323'045'000}};  // 2026-01-02T03:04:05Z
constexpr uint64_t kNoJitter = 100;                         // the middle of WithJitter's 201 steps

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("120", kNow), seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 7\t", kNow), seconds(7));
}

TEST(RetryAfter, IsAtMostADay) {
  EXPECT_EQ(ParseRetryAfter("86400", kNow), hours(24));
  EXPECT_EQ(ParseRetryAfter("86401", kNow), hours(24));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999999", kNow), hours(24));
  EXPECT_EQ(ParseRetryAfter("Fri, 01 Jan 2027 00:00:00 GMT", kNow), hours(24));
}

TEST(RetryAfter, ReadsTheThreeFormsOfHttpDates) {
  EXPECT_EQ(ParseRetryAfter("Fri, 02 Jan 2026 03:05:05 GMT", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("Friday, 02-Jan-26 03:05:05 GMT", kNow), seconds(60));
  EXPECT_EQ(ParseRetryAfter("Fri Jan  2 03:05:05 2026", kNow), seconds(60));
}

TEST(RetryAfter, ADateThatHasPassedIsNow) {
  EXPECT_EQ(ParseRetryAfter("Thu, 01 Jan 2026 00:00:00 GMT", kNow), seconds(0));
}

TEST(RetryAfter, GarbageIsNothing) {
  for (const std::string_view value : {"", " ", "-1", "1.5", "1e3", "soon", "12 minutes", "0x10"}) {
    EXPECT_EQ(ParseRetryAfter(value, kNow), std::nullopt) << value;
  }
}

TEST(Backoff, DoublesFromAMinuteToADay) {
  Failures failures;
  UtcMillis now = kNow;
  milliseconds expected = minutes(1);
  for (int i = 0; i < 14; ++i) {
    const milliseconds wait = NextBackoff(failures, now, kNoJitter);
    EXPECT_EQ(wait, expected) << i;
    now += wait;
    expected = std::min<milliseconds>(expected * 2, hours(24));
  }
  EXPECT_EQ(failures.in_a_row, 14U);
  EXPECT_EQ(failures.first, kNow);
}

TEST(Backoff, IsForgivenAfterThirtyQuietMinutes) {
  Failures failures;
  NextBackoff(failures, kNow, kNoJitter);
  const milliseconds second = NextBackoff(failures, kNow + minutes(1), kNoJitter);
  EXPECT_EQ(second, minutes(2));
  Failures noisy = failures;
  EXPECT_EQ(NextBackoff(noisy, kNow + minutes(1) + second + minutes(30), kNoJitter), minutes(4));
  EXPECT_EQ(noisy.in_a_row, 3U);
  Failures quiet = failures;
  EXPECT_EQ(NextBackoff(quiet, kNow + minutes(1) + second + minutes(31), kNoJitter), minutes(1));
  EXPECT_EQ(quiet.in_a_row, 1U);
}

TEST(Backoff, WaitingIsNoQuiet) {
  Failures failures{.in_a_row = 11, .first = kNow - hours(40), .last = kNow};
  EXPECT_EQ(NextBackoff(failures, kNow + hours(18), kNoJitter), hours(24));
  EXPECT_EQ(failures.in_a_row, 12U);
}

TEST(Backoff, AfterSevenDaysOfFailureItIsADay) {
  Failures failures{.in_a_row = 3, .first = kNow - std::chrono::days(7), .last = kNow};
  EXPECT_EQ(NextBackoff(failures, kNow + minutes(5), kNoJitter), hours(24));
  failures = {.in_a_row = UINT32_MAX, .first = kNow - std::chrono::years(9), .last = kNow};
  EXPECT_EQ(NextBackoff(failures, kNow + hours(24), kNoJitter), hours(24));
}

TEST(Jitter, StaysWithinATenth) {
  milliseconds least = hours(1);
  milliseconds most{0};
  for (uint64_t random = 0; random < 1000; ++random) {
    const milliseconds wait = WithJitter(minutes(10), random * 0x9e3779b97f4a7c15U);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, minutes(9));
  EXPECT_LT(least, minutes(9) + seconds(10));
  EXPECT_LE(most, minutes(11));
  EXPECT_GT(most, minutes(11) - seconds(10));
  EXPECT_EQ(WithJitter(milliseconds(0), 7), milliseconds(0));
}

}  // namespace
}  // namespace newswire::politeness
