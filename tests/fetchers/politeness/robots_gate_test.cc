// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/robots_gate.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace newswire::politeness {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Verdict = RobotsGate::Verdict;

constexpr uint64_t kNoJitter = 100;
const std::string kOrigin = "https://a.example";
const Error kDown{ErrorKind::kTransient, "HTTP 500"};

class RobotsGateTest : public ::testing::Test {
 protected:
  Verdict Ask(std::string_view url) { return gate_.Ask(*Url::Parse(url)); }
  void Store(std::string_view robots) {
    gate_.BeginFetch(kOrigin);
    gate_.Store(kOrigin, formats::Robots::Parse(robots));
  }
  void Fail() {
    gate_.BeginFetch(kOrigin);
    gate_.StoreUnreachable(kOrigin, kDown, kNoJitter);
  }

  test::FakeClock clock_;
  RobotsGate gate_{clock_, "newswire/1.0 (+mailto:test@example.org)"};
};

TEST_F(RobotsGateTest, AsksOncePerOrigin) {
  EXPECT_EQ(Ask("https://a.example/x"), Verdict::kUnknown);
  gate_.BeginFetch(kOrigin);
  EXPECT_EQ(Ask("https://a.example/y"), Verdict::kFetching);
  EXPECT_EQ(Ask("http://a.example/x"), Verdict::kUnknown);
  EXPECT_EQ(Ask("https://a.example:8443/x"), Verdict::kUnknown);
  gate_.Store(kOrigin, formats::Robots::Parse("user-agent: newswire\ndisallow: /x\n"));
  EXPECT_EQ(Ask("https://a.example/x?q"), Verdict::kDenied);
  EXPECT_EQ(Ask("https://a.example/y"), Verdict::kAllowed);
}

TEST_F(RobotsGateTest, AFileHoldsForADay) {
  Store("");
  clock_.Advance(hours(24) - milliseconds(1));
  EXPECT_EQ(Ask("https://a.example/"), Verdict::kAllowed);
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(Ask("https://a.example/"), Verdict::kUnknown);
}

TEST_F(RobotsGateTest, UnreachableIsDisallowedUntilTheNextTry) {
  Fail();
  EXPECT_EQ(Ask("https://a.example/"), Verdict::kUnreachable);
  EXPECT_EQ(gate_.WhyUnreachable(kOrigin), kDown);
  EXPECT_EQ(gate_.RetryIn(kOrigin), minutes(1));
  clock_.Advance(minutes(1));
  EXPECT_EQ(Ask("https://a.example/"), Verdict::kUnknown);
  Fail();
  EXPECT_EQ(gate_.RetryIn(kOrigin), minutes(2));
  Store("");
  EXPECT_EQ(Ask("https://a.example/"), Verdict::kAllowed);
}

TEST_F(RobotsGateTest, TheLastGoodFileOutlivesAnOutageOfADay) {
  Store("user-agent: *\ndisallow: /x\n");
  clock_.Advance(hours(24));
  SteadyTime end = clock_.Steady() + hours(24);
  while (clock_.Steady() < end) {
    ASSERT_EQ(Ask("https://a.example/y"), Verdict::kUnknown);
    Fail();
    EXPECT_EQ(Ask("https://a.example/y"), Verdict::kAllowed);
    EXPECT_EQ(Ask("https://a.example/x"), Verdict::kDenied);
    clock_.Advance(gate_.RetryIn(kOrigin));
  }
  Fail();
  EXPECT_EQ(Ask("https://a.example/y"), Verdict::kUnreachable);
}

TEST_F(RobotsGateTest, CrawlDelayIsBounded) {
  EXPECT_EQ(gate_.CrawlDelay(kOrigin), milliseconds(0));
  Store("user-agent: *\ncrawl-delay: 2.5\n");
  EXPECT_EQ(gate_.CrawlDelay(kOrigin), milliseconds(2500));
  Store("user-agent: *\ncrawl-delay: 86400\n");
  EXPECT_EQ(gate_.CrawlDelay(kOrigin), seconds(60));
  Store("user-agent: *\ncrawl-delay: 1e300\n");
  EXPECT_EQ(gate_.CrawlDelay(kOrigin), seconds(60));
}

TEST_F(RobotsGateTest, KeepsABoundedNumberOfOrigins) {
  for (int i = 0; i < 50'000; ++i) {
    const std::string origin = "https://" + std::to_string(i) + ".example";
    gate_.BeginFetch(origin);
    gate_.Store(origin, formats::Robots::AllowAll());
  }
  EXPECT_LE(gate_.size(), 20'000U);
  EXPECT_EQ(Ask("https://49999.example/"), Verdict::kAllowed);
}

}  // namespace
}  // namespace newswire::politeness
