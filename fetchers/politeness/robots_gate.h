// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fetchers/clock.h"
#include "fetchers/politeness/retry_policy.h"
#include "transforms/formats/robots.h"
#include "transforms/model/error.h"
#include "transforms/model/url.h"

namespace newswire::politeness {

// What the robots.txt files of many origins say to one agent (RFC 9309). Fetches nothing itself: it
// says when a file must be fetched and is told what came. Single-threaded; the clock outlives it.
//
// A file holds for 24 hours (section 2.4). While it is unreachable it is asked for again after a
// backoff; the last good one holds for 24 more hours, then everything is disallowed for now
// (2.3.1.4). At most 20,000 origins are kept; the ones whose time is over go first.
class RobotsGate {
 public:
  enum class Verdict {
    kAllowed,
    kDenied,
    kUnreachable,  // disallowed for now; see RetryIn
    kUnknown,      // fetch the file: BeginFetch, then Store or StoreUnreachable
    kFetching,     // wait for that
  };

  RobotsGate(const Clock& clock, std::string user_agent);

  Verdict Ask(const Url& url) const;
  void BeginFetch(const std::string& origin);
  void Store(const std::string& origin, const formats::Robots& robots);
  void StoreUnreachable(const std::string& origin, Error why, uint64_t random);
  // Of kUnreachable.
  Error WhyUnreachable(const std::string& origin) const;
  // After StoreUnreachable: when the file is asked for again.
  std::chrono::seconds RetryIn(const std::string& origin) const;
  // Of what is known; at most 60 s, 0 when nothing is.
  std::chrono::milliseconds CrawlDelay(const std::string& origin) const;
  size_t size() const { return origins_.size(); }

 private:
  struct Entry {
    bool fetching = false;
    std::optional<formats::Robots> robots;  // the last good one
    SteadyTime stored_at;                   // of `robots`
    SteadyTime fresh_until;                 // then it is asked for again
    Failures failures;
    std::optional<Error> unreachable;  // why, at the last try
  };

  void MakeRoom();

  const Clock& clock_;
  const std::string user_agent_;
  std::unordered_map<std::string, Entry> origins_;
};

}  // namespace newswire::politeness
