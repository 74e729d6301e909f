// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetchers/clock.h"
#include "fetchers/politeness/host_budget.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire {

// What discovery or the frontier wants brought.
struct FetchRequest {
  std::string url;
  bool discovered =
      true;  // found, not listed by the operator: robots.txt decides (RobotsPolicy::kDiscovered)
  std::string etag, last_modified;  // validators, byte for byte; empty: unconditional
  size_t max_body_bytes = size_t{5} << 20;
  RobotsPolicy robots = RobotsPolicy::kDiscovered;
  politeness::HostRules rules;
};

// How it ended. Exactly one of `response` (any final status; its exchange names the redirects) and
// `error`:
// - kPermanent with robots_denied: robots.txt forbids it; without: refused address, scheme or URL;
// - kTransient with host_blocked: not asked, the domain is blocked for more than 30 s; the source
// is
//   not to blame; with retry_after only: robots.txt is unreachable, so everything is disallowed for
//   now (kPermanent: its address is refused); else what the engine says, a redirect loop or more
//   than five redirects;
// - kCancelled: the engine is stopping.
struct FetchOutcome {
  std::optional<transports::HttpResponse> response;
  std::optional<Error> error;
  bool robots_denied = false;
  std::string final_url;                        // after redirects
  std::optional<std::string> permanent_target;  // where 301/308 alone led from the first hop on, if
                                                // a 2xx or 304 came from there: remember it
  bool host_blocked = false;                    // 429, or 503 with Retry-After: the domain waits
  std::optional<std::chrono::seconds> retry_after;
};

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
