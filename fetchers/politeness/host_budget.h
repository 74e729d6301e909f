// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fetchers/clock.h"
#include "fetchers/politeness/retry_policy.h"

namespace newswire::politeness {

// eTLD+1 by the Public Suffix List (libpsl); an IP address or a host without one is its own domain;
// a port is part of it only for IP addresses and localhost (so that test servers do not share a
// budget).
std::string RegistrableDomain(std::string_view host, uint16_t port);

struct HostRules {
  std::chrono::milliseconds delay{
      1000};  // between the end of one request and the start of the next
  int parallel = 1;
};

// What a restart must know of a domain, so that it asks nothing earlier than this process would.
struct HostMemory {
  std::optional<UtcMillis> blocked_until;
  Failures failures;     // how long the next block will be
  bool failing = false;  // several of its URLs failed in a row: the next failure blocks at once

  bool operator==(const HostMemory&) const = default;
};

// How much may be asked of each registrable domain: so many requests in flight, a delay between
// them, nothing while it is blocked. Single-threaded; the clock outlives it. Blocks (Retry-After,
// backoff) are wall times; they and the failures behind them are told to `on_change`, so that the
// frontier can make them durable, and given back by Restore at start. Delays are steady times.
// Domains that are idle for an hour are forgotten.
class HostBudget {
 public:
  // `why`: of a block, for a person; empty when there is no new one.
  using OnChange =
      std::function<void(std::string_view domain, const HostMemory& memory, std::string_view why)>;

  HostBudget(const Clock& clock, OnChange on_change);

  // Takes a slot (nullopt), or says when to ask again; SteadyTime::max() when only a Release can
  // help. Nothing is taken then.
  std::optional<SteadyTime> Acquire(std::string_view domain, const HostRules& rules);
  // Gives the slot back. `crawl_delay` replaces the domain's last one; the longer of it and
  // HostRules::delay counts.
  void Release(std::string_view domain, std::chrono::milliseconds crawl_delay);

  // Nothing starts before `until`; never shortens a block.
  void Block(std::string_view domain, UtcMillis until, std::string_view why);
  // At start, what `on_change` was told; it is not told again.
  void Restore(std::string_view domain, const HostMemory& memory);
  // At start, after a process that may have asked any domain a moment ago: the first request to
  // each waits its delay.
  void AssumeAllAsked();
  std::optional<UtcMillis> BlockedUntil(std::string_view domain) const;

  // The domain said to wait (429, 503): blocks it for `retry_after`, or else for the next backoff.
  // Gives the wait.
  std::chrono::milliseconds Penalize(std::string_view domain,
                                     std::optional<std::chrono::seconds> retry_after,
                                     std::string_view why, uint64_t random);
  // A URL of the domain failed (5xx, time-out, no connection). One that fails alone is its source's
  // business; from the third different one in a row on, each failure blocks the domain for the next
  // backoff, but for those that come while it is blocked already. True: it is.
  bool ReportFailure(std::string_view domain, std::string_view url, uint64_t random);
  // Ends the row.
  void ReportSuccess(std::string_view domain);

 private:
  struct State {
    int in_flight = 0;
    std::optional<SteadyTime> last_end;
    std::chrono::milliseconds crawl_delay{0};
    HostMemory memory;
    std::vector<std::string> failed_urls;  // different ones of this row, fewer than kFailingUrls
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  State& At(std::string_view domain);
  State* Find(std::string_view domain);
  // Whether the block is now longer than it was.
  static bool Extend(HostMemory& memory, UtcMillis now, UtcMillis until);
  void Tell(std::string_view domain, const HostMemory& memory, std::string_view why) const;
  void ForgetIdle();

  const Clock& clock_;
  OnChange on_change_;
  std::optional<SteadyTime> assumed_end_;  // of a domain's last request, when none is known
  std::unordered_map<std::string, State, Hash, std::equal_to<>> domains_;
  size_t forget_at_;  // the number of domains at which idle ones are looked for
};

}  // namespace newswire::politeness
