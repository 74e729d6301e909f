// SPDX-License-Identifier: Apache-2.0
#include "fetchers/polite_fetcher.h"

#include <algorithm>
#include <atomic>

#include "tests/fetchers/polite_fetcher_fixture.h"

namespace newswire {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::HttpServer;
using test::ServerAnswer;
using test::ServerRequest;
using ::testing::HasSubstr;

TEST_F(PoliteFetcherTest, FetchesWhatTheOperatorListedWithoutRobots) {
  const FetchOutcome outcome = Get(Listed(server_.Url("/feed.xml#top")));
  ASSERT_TRUE(outcome.response.has_value()) << *outcome.error;
  EXPECT_EQ(outcome.response->status, 200);
  EXPECT_EQ(outcome.final_url, server_.Url("/feed.xml"));
  EXPECT_EQ(outcome.permanent_target, std::nullopt);
  EXPECT_FALSE(outcome.host_blocked);
  EXPECT_EQ(server_.Count("/robots.txt"), 0U);
}

TEST_F(PoliteFetcherTest, SendsValidators) {
  FetchRequest request = Listed(server_.Url("/"));
  request.etag = "\"v1\"";
  request.last_modified = "Thu, 01 Jan 2026 00:00:00 GMT";
  Get(request);
  EXPECT_EQ(server_.requests().at(0).Header("If-None-Match"), "\"v1\"");
  EXPECT_EQ(server_.requests().at(0).Header("If-Modified-Since"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST_F(PoliteFetcherTest, DoneIsNeverCalledFromFetch) {
  const auto bad = Start(Listed("mailto:me"));
  EXPECT_FALSE(bad->has_value());
  ASSERT_TRUE(Run());
  ASSERT_TRUE((*bad)->error.has_value());
  EXPECT_EQ((*bad)->error->kind, ErrorKind::kPermanent);
  EXPECT_EQ((*bad)->final_url, "mailto:me");
}

TEST_F(PoliteFetcherTest, OneAtATimeInOrderWithTheDelayBetween) {
  std::vector<std::shared_ptr<std::optional<FetchOutcome>>> outcomes;
  for (int i = 0; i < 4; ++i) {
    outcomes.push_back(Start(Listed(server_.Url("/" + std::to_string(i)))));
  }
  EXPECT_EQ(fetcher_->waiting(), 4U);
  ASSERT_TRUE(Run());
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE((*outcomes[i])->response.has_value());
    EXPECT_EQ((*outcomes[i])->response->body, fmt::format("at {} /{}", i * 1000, i));
  }
}

TEST_F(PoliteFetcherTest, NeverMoreInFlightThanParallelSays) {
  rules_ = {.delay = milliseconds(0), .parallel = 2};
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  server_.Default([&](const ServerRequest&) {
    most = std::max(most.load(), ++now);
    --now;
    return ServerAnswer{.before_header = milliseconds(1)};
  });
  for (int i = 0; i < 20; ++i) {
    Start(Listed(server_.Url("/" + std::to_string(i))));
  }
  fetcher_->Pump();
  EXPECT_EQ(fetcher_->in_flight(), 2U);
  EXPECT_EQ(fetcher_->waiting(), 18U);
  ASSERT_TRUE(Run());
  EXPECT_LE(most.load(), 2);
  EXPECT_EQ(server_.requests().size(), 20U);
}

TEST_F(PoliteFetcherTest, DomainsDoNotWaitForEachOther) {
  HttpServer other;
  other.Route("/slow", ServerAnswer{.before_header = hours(1)});
  const auto slow = Start(Listed(other.Url("/slow")));
  const auto behind = Start(Listed(other.Url("/behind")));
  std::vector<std::shared_ptr<std::optional<FetchOutcome>>> fast;
  rules_.delay = milliseconds(0);
  for (int i = 0; i < 5; ++i) {
    fast.push_back(Start(Listed(server_.Url("/"))));
  }
  ASSERT_TRUE(test::PollUntil(*engine_, [&] {
    fetcher_->Pump();
    return std::ranges::all_of(fast, [](const auto& place) { return place->has_value(); });
  }));
  EXPECT_FALSE(slow->has_value());
  EXPECT_FALSE(behind->has_value());
  EXPECT_EQ(fetcher_->in_flight(), 1U);
  EXPECT_EQ(fetcher_->waiting(), 1U);
}

TEST_F(PoliteFetcherTest, TooManyRequestsBlocksTheHost) {
  server_.Route("/busy", ServerAnswer{.status = 429, .headers = {{"Retry-After", "120"}}});
  const FetchOutcome outcome = Get(Listed(server_.Url("/busy")));
  ASSERT_TRUE(outcome.response.has_value());
  EXPECT_EQ(outcome.response->status, 429);
  EXPECT_TRUE(outcome.host_blocked);
  EXPECT_EQ(outcome.retry_after, seconds(120));
  ASSERT_EQ(blocks_.size(), 1U);
  EXPECT_EQ(blocks_[0].until, clock_.Wall() + seconds(120));
}

TEST_F(PoliteFetcherTest, TooManyRequestsWithoutRetryAfterBacksOff) {
  server_.Route("/busy", ServerAnswer{.status = 429});
  const FetchOutcome outcome = Get(Listed(server_.Url("/busy")));
  EXPECT_TRUE(outcome.host_blocked);
  EXPECT_GE(outcome.retry_after, seconds(54));
  EXPECT_LE(outcome.retry_after, seconds(66));
}

TEST_F(PoliteFetcherTest, UnavailableBlocksTheHostOnlyWithRetryAfter) {
  server_.Route("/plain", ServerAnswer{.status = 503});
  server_.Route("/busy", ServerAnswer{.status = 503, .headers = {{"retry-after", "90"}}});
  EXPECT_FALSE(Get(Listed(server_.Url("/plain"))).host_blocked);
  EXPECT_TRUE(blocks_.empty());
  EXPECT_TRUE(Get(Listed(server_.Url("/busy"))).host_blocked);
  EXPECT_EQ(blocks_.size(), 1U);
}

TEST_F(PoliteFetcherTest, WhatWouldWaitForLongIsHandedBackUnasked) {
  server_.Route("/busy", ServerAnswer{.status = 429, .headers = {{"Retry-After", "3600"}}});
  const auto busy = Start(Listed(server_.Url("/busy")));
  const auto behind = Start(Listed(server_.Url("/behind")));
  ASSERT_TRUE(Run());
  EXPECT_TRUE((*busy)->response.has_value());
  ASSERT_TRUE((*behind)->error.has_value());
  EXPECT_EQ((*behind)->error->kind, ErrorKind::kTransient);
  EXPECT_TRUE((*behind)->host_blocked);
  EXPECT_EQ((*behind)->retry_after, hours(1));
  EXPECT_EQ(server_.Count("/behind"), 0U);
  clock_.Advance(hours(1));
  EXPECT_TRUE(Get(Listed(server_.Url("/behind"))).response.has_value());
}

TEST_F(PoliteFetcherTest, AShortBlockIsWaitedFor) {
  server_.Route("/busy", ServerAnswer{.status = 429, .headers = {{"Retry-After", "20"}}});
  Start(Listed(server_.Url("/busy")));
  const auto behind = Start(Listed(server_.Url("/behind")));
  ASSERT_TRUE(Run());
  ASSERT_TRUE((*behind)->response.has_value());
  EXPECT_EQ((*behind)->response->body, "at 20000 /behind");
}

TEST_F(PoliteFetcherTest, ARestartKeepsBlocks) {
  server_.Route("/busy", ServerAnswer{.status = 429, .headers = {{"Retry-After", "3600"}}});
  Get(Listed(server_.Url("/busy")));
  ASSERT_EQ(blocks_.size(), 1U);
  Restart();
  budget_->Restore(blocks_[0].domain, {.blocked_until = blocks_[0].until});
  EXPECT_TRUE(Get(Listed(server_.Url("/x"))).host_blocked);
  EXPECT_EQ(server_.Count("/x"), 0U);
}

TEST_F(PoliteFetcherTest, AFailingUrlIsItsSourcesBusinessThreeAreTheHosts) {
  server_.Default([](const ServerRequest&) { return ServerAnswer{.status = 500}; });
  for (int i = 0; i < 5; ++i) {
    const FetchOutcome outcome = Get(Listed(server_.Url("/1")));
    EXPECT_EQ(outcome.response->status, 500);
    EXPECT_FALSE(outcome.host_blocked);
  }
  EXPECT_TRUE(blocks_.empty());
  Get(Listed(server_.Url("/2")));
  EXPECT_TRUE(blocks_.empty());
  Get(Listed(server_.Url("/3")));
  ASSERT_EQ(blocks_.size(), 1U);
  EXPECT_GE(blocks_[0].until - clock_.Wall(), seconds(54));
  EXPECT_TRUE(Get(Listed(server_.Url("/4"))).host_blocked);
  EXPECT_EQ(server_.Count("/4"), 0U);
}

TEST_F(PoliteFetcherTest, ConnectionsThatBreakCountAsFailures) {
  server_.Default([](const ServerRequest&) { return ServerAnswer{.raw = ""}; });
  for (const std::string_view path : {"/1", "/2", "/3"}) {
    const FetchOutcome outcome = Get(Listed(server_.Url(path)));
    ASSERT_TRUE(outcome.error.has_value());
    EXPECT_EQ(outcome.error->kind, ErrorKind::kTransient);
  }
  EXPECT_EQ(blocks_.size(), 1U);
}

TEST_F(PoliteFetcherTest, ARefusedAddressBlamesNobody) {
  for (int i = 0; i < 5; ++i) {
    const FetchOutcome outcome = Get(Listed("http://10.0.0.1/" + std::to_string(i)));
    ASSERT_TRUE(outcome.error.has_value());
    EXPECT_EQ(outcome.error->kind, ErrorKind::kPermanent);
    EXPECT_THAT(outcome.error->message, HasSubstr("10.0.0.1 is a private address"));
  }
  EXPECT_TRUE(blocks_.empty());
}

TEST_F(PoliteFetcherTest, ACompletionMayFetchAgain) {
  int left = 5;
  std::function<void(FetchOutcome)> again = [&](const FetchOutcome&) {
    if (--left > 0) {
      fetcher_->Fetch(Listed(server_.Url("/")), again);
    }
  };
  fetcher_->Fetch(Listed(server_.Url("/")), again);
  ASSERT_TRUE(Run());
  EXPECT_EQ(left, 0);
  EXPECT_EQ(Passed(), seconds(4));
}

TEST_F(PoliteFetcherTest, ThousandsOfDomainsWaitTogether) {
  // Names below .localhost are domains of their own, all of them this server's address.
  constexpr int kDomains = 2000;
  rules_.delay = minutes(10);
  int done = 0;
  for (int i = 0; i < kDomains; ++i) {
    const std::string host = "d" + std::to_string(i) + ".localhost";
    budget_->Restore(host + ":" + std::to_string(server_.port()),
                     {.blocked_until = clock_.Wall() + seconds(20)});
    for (int k = 0; k < 2; ++k) {
      fetcher_->Fetch(Listed(server_.Url("/", host)), [&](const FetchOutcome&) { ++done; });
    }
  }
  EXPECT_EQ(fetcher_->Pump(), clock_.Steady() + seconds(20));
  EXPECT_EQ(fetcher_->Pump(), clock_.Steady() + seconds(20));
  EXPECT_EQ(fetcher_->waiting(), size_t{2} * kDomains);
  EXPECT_EQ(done, 0);
}

TEST_F(PoliteFetcherTest, DestroyingItDropsWhatIsUnfinished) {
  server_.Route("/slow", ServerAnswer{.before_header = hours(1)});
  const auto slow = Start(Listed(server_.Url("/slow")));
  const auto behind = Start(Listed(server_.Url("/behind")));
  fetcher_->Pump();
  fetcher_.reset();
  engine_.reset();
  EXPECT_FALSE(slow->has_value());
  EXPECT_FALSE(behind->has_value());
}

}  // namespace
}  // namespace newswire
