// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

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
//   is not to blame; with retry_after only: robots.txt is unreachable, so everything is disallowed
//   for now (kPermanent: its address is refused); else what the engine says, a redirect loop or
//   more than five redirects;
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

// The capture that an answer of `url` is. `known` is what discovery knew; its exchange becomes the
// response's.
Capture CaptureOf(std::string url, transports::HttpResponse response, CaptureMetadata known);

}  // namespace newswire
