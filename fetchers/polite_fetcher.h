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

// How it ended. Exactly one of `response` (any final status) and `error`.
struct FetchOutcome {
  std::optional<transports::HttpResponse> response;
  std::optional<Error> error;  // kPermanent with robots_denied: robots.txt forbids it
  bool robots_denied = false;
  std::string final_url;                        // after redirects
  std::optional<std::string> permanent_target;  // 301/308 from the first hop on: remember it
  bool host_blocked = false;                    // 429, or 503 with Retry-After: the domain waits
  std::optional<std::chrono::seconds> retry_after;
};

// Fetches politely: robots.txt (fetched when needed, cached 24 h, unreachable = disallowed for
// now), one request in flight and a delay per registrable domain, at most 5 redirects with each hop
// checked again, Retry-After. Used from the engine's thread only; the engine, the clock and the
// budget outlive it. Never blocks.
class PoliteFetcher {
 public:
  using Done = std::function<void(FetchOutcome)>;
  // robots.txt answers worth archiving (role robots); may be empty.
  using OnRobots = std::function<void(const std::string& url, const transports::HttpResponse&)>;

  PoliteFetcher(transports::HttpEngine& engine, politeness::HostBudget& budget, const Clock& clock,
                std::string user_agent, OnRobots on_robots);
  ~PoliteFetcher();

  void Fetch(FetchRequest request, Done done);
  // Starts what has become allowed; gives the time of the next start that waits only for the clock.
  std::optional<SteadyTime> Pump();
  size_t waiting() const;  // not yet started
  size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire
