// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fetchers/clock.h"
#include "fetchers/fetch.h"
#include "fetchers/politeness/host_budget.h"
#include "fetchers/transports/http_engine.h"

namespace newswire {

// Fetches politely: robots.txt (fetched when needed, cached 24 h, unreachable = disallowed for
// now), one request in flight and a delay per registrable domain, first come first served in each
// of them; at most 5 redirects with each hop checked again for scheme, loop, robots.txt (of
// discovered URLs) and the budget of its own domain, validators on the first hop only; Retry-After
// and backoff of whole domains (see HostBudget). https that redirects to http is followed; the
// exchange's redirects show it.
//
// Used from the engine's thread only; the engine, the clock and the budget outlive it. Never
// blocks. `done` is called once, from Pump, and may call Fetch; what is unfinished when the fetcher
// is destroyed is dropped without a call.
class PoliteFetcher {
 public:
  using Done = std::function<void(FetchOutcome)>;
  // robots.txt answers worth archiving (2xx and 4xx but 429; role robots); may be empty. Called
  // from HttpEngine::Poll.
  using OnRobots = std::function<void(const std::string& url, const transports::HttpResponse&)>;

  PoliteFetcher(transports::HttpEngine& engine, politeness::HostBudget& budget, const Clock& clock,
                std::string user_agent, OnRobots on_robots);
  ~PoliteFetcher();

  void Fetch(FetchRequest request, Done done);
  // Starts what has become allowed; gives the time of the next start that waits only for the clock.
  // To be called after Fetch and after HttpEngine::Poll. Costs the domains that are ready, not
  // those that wait.
  std::optional<SteadyTime> Pump();
  size_t waiting() const;    // not yet started, or between two hops
  size_t in_flight() const;  // robots.txt files included

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire
