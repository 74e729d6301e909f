// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "fetchers/polite_fetcher.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

namespace newswire {

// A fetcher on a clock that moves only when nothing is in flight: straight to the next start.
class PoliteFetcherTest : public ::testing::Test {
 protected:
  struct Block {
    std::string domain;
    UtcMillis until;
  };

  void SetUp() override {
    spdlog::set_level(spdlog::level::off);
    server_.Default([this](const test::ServerRequest& request) {
      return test::ServerAnswer{.body = "at " + std::to_string(Passed().count()) + " " +
                                        request.target};
    });
    Restart();
  }

  // A new fetcher with an empty budget, as after a restart of the daemon.
  void Restart() {
    fetcher_.reset();
    budget_ = std::make_unique<politeness::HostBudget>(
        clock_, [this](std::string_view domain, const politeness::HostMemory& memory,
                       std::string_view why) {
          if (!why.empty()) {
            blocks_.push_back({std::string(domain), memory.blocked_until.value()});
          }
        });
    fetcher_ = std::make_unique<PoliteFetcher>(
        *engine_, *budget_, clock_, "newswire/1.0 (+mailto:test@example.org)",
        [this](const std::string& url, const transports::HttpResponse& response) {
          robots_.emplace_back(url, response.status);
        });
  }

  std::chrono::milliseconds Passed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Steady() - begin_);
  }

  // What the operator lists: no robots.txt.
  FetchRequest Listed(std::string url) const {
    return {.url = std::move(url), .discovered = false, .rules = rules_};
  }
  FetchRequest Discovered(std::string url) const {
    return {.url = std::move(url), .discovered = true, .rules = rules_};
  }

  // Starts it; the outcome will stand at the returned place.
  std::shared_ptr<std::optional<FetchOutcome>> Start(FetchRequest request) {
    auto place = std::make_shared<std::optional<FetchOutcome>>();
    fetcher_->Fetch(std::move(request), [place](FetchOutcome outcome) {
      EXPECT_FALSE(place->has_value()) << "done was called twice";
      EXPECT_NE(outcome.response.has_value(), outcome.error.has_value());
      *place = std::move(outcome);
    });
    return place;
  }

  // Until nothing waits and nothing is in flight; false when that does not come.
  bool Run() {
    return test::PollUntil(*engine_, [this] {
      const std::optional<SteadyTime> next = fetcher_->Pump();
      if (fetcher_->in_flight() > 0) {
        return false;
      }
      if (next) {
        clock_.Advance(std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.Steady()));
      }
      return fetcher_->waiting() == 0 && !next;
    });
  }

  FetchOutcome Get(FetchRequest request) {
    const auto place = Start(std::move(request));
    EXPECT_TRUE(Run());
    return place->value_or(FetchOutcome{.error = Error{ErrorKind::kCancelled, "no outcome"}});
  }

  test::FakeClock clock_;
  const SteadyTime begin_ = clock_.Steady();
  politeness::HostRules rules_{.delay = std::chrono::seconds(1), .parallel = 1};
  std::vector<Block> blocks_;
  std::vector<std::pair<std::string, int>> robots_;
  test::HttpServer server_;
  std::unique_ptr<transports::HttpEngine> engine_ =
      test::MakeEngine(test::LoopbackOptions(), clock_);
  std::unique_ptr<politeness::HostBudget> budget_;
  std::unique_ptr<PoliteFetcher> fetcher_;
};

}  // namespace newswire
