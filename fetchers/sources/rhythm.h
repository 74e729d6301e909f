// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "transforms/model/capture.h"
#include "transforms/model/timestamp.h"

namespace newswire::sources {

inline constexpr std::chrono::minutes kShortestAdaptive{5};
inline constexpr std::chrono::hours kLongestAdaptive{24};

// When to ask a source with `every: adaptive` again: half of the median gap between its newest
// posts (the gap since the newest counts when it is longer), not sooner than the publisher's ttl,
// Cache-Control max-age or Expires ask for, between 5 minutes and 24 hours. Without dated posts: an
// hour. Jitter is the caller's.
std::chrono::milliseconds AdaptiveInterval(std::span<const UtcMillis> dates, UtcMillis now,
                                           std::optional<std::chrono::seconds> wished);

// What Cache-Control (max-age) or Expires of an answer wish, RFC 9111 section 5.2.2.1 and 5.3.
std::optional<std::chrono::seconds> FreshFor(const Capture& answer);

}  // namespace newswire::sources
