// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "transforms/model/timestamp.h"

namespace newswire::politeness {

// Failure memory of one host or source: durable (the frontier stores it).
struct Failures {
  uint32_t in_a_row = 0;
  std::optional<UtcMillis> first;  // of this row
  std::optional<UtcMillis> last;

  bool operator==(const Failures&) const = default;
};

// A row of failures is forgiven, whatever its length, when the last one is older than this.
inline constexpr std::chrono::hours kFailuresForgiven{27};

// Seconds or an HTTP date (RFC 9110 section 10.2.3); at most 24 h, a date that has passed is 0;
// nullopt when unreadable.
std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view value, UtcMillis now);

// How long to wait after one more failure, which is added to `failures`: 60 s doubling to 24 h,
// +-10 % jitter drawn from `random` (any 64 bits). The row is forgiven when no failure came for 30
// minutes after the last wait had passed; after 7 days of failure the wait is a day.
std::chrono::milliseconds NextBackoff(Failures& failures, UtcMillis now, uint64_t random);
// The same as the end of a block that stood until `blocked_until`. While it stands it does not
// change: what was asked before the block began and fails later is the same failure.
UtcMillis NextBlock(Failures& failures, UtcMillis blocked_until, UtcMillis now, uint64_t random);

// +-10 %.
std::chrono::milliseconds WithJitter(std::chrono::milliseconds interval, uint64_t random);

}  // namespace newswire::politeness
