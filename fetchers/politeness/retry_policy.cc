// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/retry_policy.h"

#include <algorithm>
#include <charconv>

#include "transforms/text/dates.h"

namespace newswire::politeness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestRetryAfter = std::chrono::hours(24);
constexpr milliseconds kFirstBackoff = std::chrono::seconds(60);
constexpr milliseconds kLongestBackoff = std::chrono::hours(24);
constexpr milliseconds kQuiet = std::chrono::minutes(30);
constexpr milliseconds kDailyAfter = std::chrono::days(7);
constexpr uint32_t kMaxDoublings = 20;  // beyond kLongestBackoff, far below an overflow
constexpr int kJitterPerMille = 100;

// Of kFailuresForgiven: the longest back-off with its jitter (10 %), and the quiet time.
static_assert(kFailuresForgiven >= kLongestBackoff + kLongestBackoff / 10 + kQuiet);

milliseconds BackoffAfter(uint32_t failures) {
  const uint32_t doublings = std::min(failures > 0 ? failures - 1 : 0, kMaxDoublings);
  return std::min(kFirstBackoff * (int64_t{1} << doublings), kLongestBackoff);
}

// The longest that WithJitter makes of it.
milliseconds LongestOf(milliseconds wait) { return wait + wait * kJitterPerMille / 1000; }

}  // namespace

std::optional<seconds> ParseRetryAfter(std::string_view value, UtcMillis now) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
    value.remove_prefix(1);
  }
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) {
    value.remove_suffix(1);
  }
  if (value.empty()) {
    return std::nullopt;
  }
  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc::result_out_of_range) {
      return kLongestRetryAfter;
    }
    return std::min(seconds(std::min(number, kLongestRetryAfter.count())), kLongestRetryAfter);
  }
  // A number that is none (-1, 1.5, 1e3) is no date either, whatever a lenient reader makes of it.
  if (std::ranges::none_of(value, [](char c) { return c == ':'; })) {
    return std::nullopt;
  }
  const std::optional<Timestamp> date = text::ParseDate(value);
  if (!date) {
    return std::nullopt;
  }
  const auto wait = std::chrono::ceil<seconds>(date->instant - now);
  return std::clamp(wait, seconds(0), kLongestRetryAfter);
}

milliseconds NextBackoff(Failures& failures, UtcMillis now, uint64_t random) {
  if (failures.last &&
      now - *failures.last >= LongestOf(BackoffAfter(failures.in_a_row)) + kQuiet) {
    failures = {};
  }
  if (!failures.first) {
    failures.first = now;
  }
  failures.last = now;
  failures.in_a_row = std::min(failures.in_a_row, UINT32_MAX - 1) + 1;
  if (now - *failures.first >= kDailyAfter) {
    return WithJitter(kLongestBackoff, random);
  }
  return WithJitter(BackoffAfter(failures.in_a_row), random);
}

UtcMillis NextBlock(Failures& failures, UtcMillis blocked_until, UtcMillis now, uint64_t random) {
  return blocked_until > now ? blocked_until : now + NextBackoff(failures, now, random);
}

milliseconds WithJitter(milliseconds interval, uint64_t random) {
  const auto per_mille = static_cast<int64_t>(random % (2 * kJitterPerMille + 1)) - kJitterPerMille;
  return interval + milliseconds(interval.count() / 1000 * per_mille +
                                 interval.count() % 1000 * per_mille / 1000);
}

}  // namespace newswire::politeness
