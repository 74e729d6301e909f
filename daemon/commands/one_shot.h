// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "fetchers/clock.h"
#include "fetchers/polite_fetcher.h"
#include "fetchers/politeness/host_budget.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::commands {

// Fetches a few things politely for a command that stores nothing: the daemon's engine, address
// rules, robots.txt and delays, without its memory. One thread; the clock outlives it.
class OneShotFetcher {
 public:
  using Done = std::function<void(size_t index, FetchOutcome outcome)>;

  static Result<std::unique_ptr<OneShotFetcher>> Create(const config::Config::Http& http,
                                                        const Clock& clock);

  // All of them, at once where hosts differ; `done` is called as each ends. kCancelled on stop:
  // `done` is not called for what had not ended.
  Status GetAll(std::vector<FetchRequest> requests, const Done& done, const std::stop_token& stop);
  Result<FetchOutcome> Get(FetchRequest request, const std::stop_token& stop);

 private:
  OneShotFetcher(std::unique_ptr<transports::HttpEngine> engine, const std::string& user_agent,
                 const Clock& clock);

  const Clock& clock_;
  std::unique_ptr<transports::HttpEngine> engine_;
  politeness::HostBudget budget_;
  PoliteFetcher fetcher_;
};

// How a source's requests are spaced.
politeness::HostRules RulesFor(const Source& source, const config::Config::Http& http);

// Why an outcome is no 200: "HTTP 404", or the error; "" when it is one.
std::string Failure(const FetchOutcome& outcome);

}  // namespace newswire::commands
