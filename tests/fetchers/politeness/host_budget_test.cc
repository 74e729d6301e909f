// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/host_budget.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace newswire::politeness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kNoJitter = 100;
constexpr HostRules kRules{.delay = seconds(1), .parallel = 1};

TEST(RegistrableDomain, FollowsThePublicSuffixList) {
  EXPECT_EQ(RegistrableDomain("www.example.com", 443), "example.com");
  EXPECT_EQ(RegistrableDomain("example.com", 8443), "example.com");
  EXPECT_EQ(RegistrableDomain("a.b.example.co.uk", 443), "example.co.uk");
  EXPECT_EQ(RegistrableDomain("news.example.com.cn", 80), "example.com.cn");
  EXPECT_EQ(RegistrableDomain("a.github.io", 443), "a.github.io");
  EXPECT_EQ(RegistrableDomain("www.example.com.", 443), "example.com");
}

TEST(RegistrableDomain, AHostWithoutOneIsItsOwn) {
  EXPECT_EQ(RegistrableDomain("co.uk", 443), "co.uk");
  EXPECT_EQ(RegistrableDomain("intranet", 80), "intranet");
}

TEST(RegistrableDomain, AddressesAndLocalhostKeepTheirPort) {
  EXPECT_EQ(RegistrableDomain("127.0.0.1", 8080), "127.0.0.1:8080");
  EXPECT_EQ(RegistrableDomain("[::1]", 80), "[::1]:80");
  EXPECT_EQ(RegistrableDomain("localhost", 81), "localhost:81");
}

class HostBudgetTest : public ::testing::Test {
 protected:
  struct Told {
    std::string domain;
    HostMemory memory;
    std::string why;
  };
  HostBudget MakeBudget() {
    return {clock_,
            [this](std::string_view domain, const HostMemory& memory, std::string_view why) {
              told_.push_back({std::string(domain), memory, std::string(why)});
            }};
  }
  // What was told last is durable; the next process knows no more.
  HostBudget Restart() {
    HostBudget restarted = MakeBudget();
    if (!told_.empty()) {
      restarted.Restore(told_.back().domain, told_.back().memory);
    }
    return restarted;
  }
  bool Free(std::string_view domain, const HostRules& rules = kRules) {
    return !budget_.Acquire(domain, rules).has_value();
  }

  test::FakeClock clock_;
  std::vector<Told> told_;
  HostBudget budget_ = MakeBudget();
};

TEST_F(HostBudgetTest, OneRequestAtATimePerDomain) {
  EXPECT_TRUE(Free("a.example"));
  EXPECT_EQ(budget_.Acquire("a.example", kRules), SteadyTime::max());
  EXPECT_TRUE(Free("b.example"));
}

TEST_F(HostBudgetTest, TheDelayRunsFromTheEndOfARequest) {
  EXPECT_TRUE(Free("a.example"));
  clock_.Advance(seconds(10));
  budget_.Release("a.example", milliseconds(0));
  EXPECT_EQ(budget_.Acquire("a.example", kRules), clock_.Steady() + seconds(1));
  clock_.Advance(milliseconds(999));
  EXPECT_FALSE(Free("a.example"));
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(Free("a.example"));
}

TEST_F(HostBudgetTest, ASourceMaySetDelayAndParallel) {
  const HostRules rules{.delay = milliseconds(0), .parallel = 2};
  EXPECT_TRUE(Free("a.example", rules));
  EXPECT_TRUE(Free("a.example", rules));
  EXPECT_FALSE(Free("a.example", rules));
  budget_.Release("a.example", milliseconds(0));
  EXPECT_TRUE(Free("a.example", rules));
  EXPECT_FALSE(Free("a.example", {.delay = milliseconds(0), .parallel = 0}));
}

TEST_F(HostBudgetTest, TheLongerOfDelayAndCrawlDelayCounts) {
  EXPECT_TRUE(Free("a.example"));
  budget_.Release("a.example", seconds(7));
  EXPECT_EQ(budget_.Acquire("a.example", kRules), clock_.Steady() + seconds(7));
  EXPECT_EQ(budget_.Acquire("a.example", {.delay = seconds(9)}), clock_.Steady() + seconds(9));
}

TEST_F(HostBudgetTest, ABlockedDomainWaitsAndIsTold) {
  budget_.Block("a.example", clock_.Wall() + minutes(5), "HTTP 429");
  EXPECT_EQ(budget_.Acquire("a.example", kRules), clock_.Steady() + minutes(5));
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + minutes(5));
  EXPECT_TRUE(Free("b.example"));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].domain, "a.example");
  EXPECT_EQ(told_[0].memory.blocked_until, clock_.Wall() + minutes(5));
  EXPECT_EQ(told_[0].why, "HTTP 429");
  clock_.Advance(minutes(5));
  EXPECT_EQ(budget_.BlockedUntil("a.example"), std::nullopt);
  EXPECT_TRUE(Free("a.example"));
}

TEST_F(HostBudgetTest, ABlockIsNeverShortened) {
  budget_.Block("a.example", clock_.Wall() + minutes(5), "first");
  budget_.Block("a.example", clock_.Wall() + minutes(1), "second");
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + minutes(5));
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(HostBudgetTest, ARestartKeepsBlocks) {
  budget_.Penalize("a.example", std::nullopt, "HTTP 429", kNoJitter);
  ASSERT_EQ(told_.size(), 1U);
  clock_.Advance(seconds(10));
  HostBudget restarted = Restart();
  EXPECT_EQ(restarted.Acquire("a.example", kRules), clock_.Steady() + seconds(50));
  EXPECT_EQ(told_.size(), 1U);  // what was restored is not told again
}

TEST_F(HostBudgetTest, ARestartKeepsTheLengthOfTheNextBlock) {
  budget_.Penalize("a.example", std::nullopt, "HTTP 429", kNoJitter);
  clock_.Advance(minutes(1));
  budget_.Penalize("a.example", seconds(0), "HTTP 429", kNoJitter);  // no block, but a failure
  HostBudget restarted = Restart();
  EXPECT_EQ(restarted.Penalize("a.example", std::nullopt, "HTTP 429", kNoJitter), minutes(4));
}

TEST_F(HostBudgetTest, ARestartKeepsARowOfFailuresUntilASuccess) {
  for (const auto* url : {"http://a.example/1", "http://a.example/2", "http://a.example/3"}) {
    budget_.ReportFailure("a.example", url, kNoJitter);
  }
  clock_.Advance(minutes(1));
  HostBudget restarted = Restart();
  EXPECT_TRUE(restarted.ReportFailure("a.example", "http://a.example/1", kNoJitter));
  EXPECT_EQ(restarted.BlockedUntil("a.example"), clock_.Wall() + minutes(2));
  clock_.Advance(minutes(2));
  restarted.ReportSuccess("a.example");
  EXPECT_FALSE(Restart().ReportFailure("a.example", "http://a.example/1", kNoJitter));
}

TEST_F(HostBudgetTest, TheFirstRequestAfterARestartWaitsItsDelay) {
  budget_.AssumeAllAsked();
  EXPECT_EQ(budget_.Acquire("a.example", kRules), clock_.Steady() + seconds(1));
  EXPECT_EQ(budget_.Acquire("b.example", {.delay = seconds(9)}), clock_.Steady() + seconds(9));
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Free("a.example"));
  EXPECT_FALSE(Free("b.example", {.delay = seconds(9)}));
}

TEST_F(HostBudgetTest, ObeysRetryAfterElseBacksOff) {
  EXPECT_EQ(budget_.Penalize("a.example", seconds(90), "HTTP 503", kNoJitter), seconds(90));
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + seconds(90));
  EXPECT_EQ(budget_.Penalize("b.example", std::nullopt, "HTTP 429", kNoJitter), minutes(1));
  clock_.Advance(minutes(1));
  EXPECT_EQ(budget_.Penalize("b.example", std::nullopt, "HTTP 429", kNoJitter), minutes(2));
}

TEST_F(HostBudgetTest, OneFailingUrlBlocksNoHost) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(budget_.ReportFailure("a.example", "http://a.example/feed", kNoJitter));
  }
  EXPECT_TRUE(Free("a.example"));
  EXPECT_TRUE(told_.empty());
}

TEST_F(HostBudgetTest, ThreeDifferentFailingUrlsBlockTheHost) {
  EXPECT_FALSE(budget_.ReportFailure("a.example", "http://a.example/1", kNoJitter));
  EXPECT_FALSE(budget_.ReportFailure("a.example", "http://a.example/2", kNoJitter));
  EXPECT_FALSE(budget_.ReportFailure("a.example", "http://a.example/1", kNoJitter));
  EXPECT_FALSE(budget_.ReportFailure("b.example", "http://b.example/3", kNoJitter));
  EXPECT_TRUE(budget_.ReportFailure("a.example", "http://a.example/3", kNoJitter));
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + minutes(1));
  EXPECT_EQ(budget_.BlockedUntil("b.example"), std::nullopt);
  clock_.Advance(minutes(1));
  // The row goes on: whichever fails next blocks again, for longer.
  EXPECT_TRUE(budget_.ReportFailure("a.example", "http://a.example/1", kNoJitter));
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + minutes(2));
}

// Several requests were under way when the host failed: they tell the same.
TEST_F(HostBudgetTest, WhatFailsWhileTheHostIsBlockedMakesTheBlockNoLonger) {
  for (const char* url : {"/1", "/2", "/3", "/4", "/5", "/6"}) {
    budget_.ReportFailure("a.example", url, kNoJitter);
    budget_.Penalize("b.example", std::nullopt, "HTTP 503", kNoJitter);
  }
  EXPECT_EQ(budget_.BlockedUntil("a.example"), clock_.Wall() + minutes(1));
  EXPECT_EQ(budget_.BlockedUntil("b.example"), clock_.Wall() + minutes(1));
  budget_.Penalize("b.example", std::chrono::seconds(600), "HTTP 503", kNoJitter);
  EXPECT_EQ(budget_.BlockedUntil("b.example"), clock_.Wall() + minutes(10)) << "said by the host";
}

TEST_F(HostBudgetTest, ASuccessEndsTheRow) {
  budget_.ReportFailure("a.example", "http://a.example/1", kNoJitter);
  budget_.ReportFailure("a.example", "http://a.example/2", kNoJitter);
  budget_.ReportSuccess("a.example");
  EXPECT_FALSE(budget_.ReportFailure("a.example", "http://a.example/3", kNoJitter));
  EXPECT_TRUE(Free("a.example"));
}

TEST_F(HostBudgetTest, ForgettingIdleDomainsKeepsBlocksAndSlots) {
  budget_.Block("blocked.example", clock_.Wall() + hours(20), "HTTP 429");
  EXPECT_TRUE(Free("busy.example"));
  for (int i = 0; i < 5000; ++i) {
    const std::string domain = std::to_string(i) + ".example";
    EXPECT_TRUE(Free(domain));
    budget_.Release(domain, milliseconds(0));
    clock_.Advance(seconds(10));
  }
  EXPECT_TRUE(budget_.BlockedUntil("blocked.example").has_value());
  EXPECT_FALSE(Free("busy.example"));
  EXPECT_FALSE(Free("4999.example", {.delay = minutes(1)}));
}

}  // namespace
}  // namespace newswire::politeness
