// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/one_shot.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/core.h>

namespace newswire::commands {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{200};  // so that a stop is seen soon

}  // namespace

Result<std::unique_ptr<OneShotFetcher>> OneShotFetcher::Create(const config::Config::Http& http,
                                                               const Clock& clock) {
  auto engine = transports::HttpEngine::Create(http.engine, clock);
  if (!engine) {
    return std::unexpected(engine.error());
  }
  return std::unique_ptr<OneShotFetcher>(
      new OneShotFetcher(*std::move(engine), http.engine.user_agent, clock));
}

OneShotFetcher::OneShotFetcher(std::unique_ptr<transports::HttpEngine> engine,
                               const std::string& user_agent, const Clock& clock)
    : clock_(clock),
      engine_(std::move(engine)),
      budget_(clock, {}),
      fetcher_(*engine_, budget_, clock, user_agent, {}) {}

Status OneShotFetcher::GetAll(std::vector<FetchRequest> requests, const Done& done,
                              const std::stop_token& stop) {
  size_t open = requests.size();
  for (size_t i = 0; i < requests.size(); ++i) {
    fetcher_.Fetch(std::move(requests[i]), [&open, &done, i](FetchOutcome outcome) {
      --open;
      done(i, std::move(outcome));
    });
  }
  while (open > 0) {
    if (stop.stop_requested()) {
      return Fail(ErrorKind::kCancelled, "stopped");
    }
    const auto next = fetcher_.Pump();
    milliseconds wait = kLongestWait;
    if (next) {
      const auto until = std::chrono::ceil<milliseconds>(*next - clock_.Steady());
      wait = std::clamp(until, milliseconds(0), kLongestWait);
    }
    engine_->Poll(wait);
  }
  return {};
}

Result<FetchOutcome> OneShotFetcher::Get(FetchRequest request, const std::stop_token& stop) {
  FetchOutcome answer;
  std::vector<FetchRequest> requests;
  requests.push_back(std::move(request));
  const Status status = GetAll(
      std::move(requests), [&](size_t, FetchOutcome outcome) { answer = std::move(outcome); },
      stop);
  if (!status) {
    return std::unexpected(status.error());
  }
  return answer;
}

politeness::HostRules RulesFor(const Source& source, const config::Config::Http& http) {
  return {.delay = source.delay.value_or(http.delay), .parallel = source.parallel};
}

std::string Failure(const FetchOutcome& outcome) {
  if (outcome.error) {
    return outcome.error->message;
  }
  if (!outcome.response) {
    return "no answer";
  }
  return outcome.response->status == 200 ? "" : fmt::format("HTTP {}", outcome.response->status);
}

}  // namespace newswire::commands
