// SPDX-License-Identifier: Apache-2.0
#include "fetchers/sources/rhythm.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "transforms/text/dates.h"
#include "transforms/text/utf8.h"

namespace newswire::sources {
namespace {

constexpr size_t kNewest = 11;  // ten gaps
constexpr std::chrono::hours kUnknownRhythm{1};

}  // namespace

std::chrono::milliseconds AdaptiveInterval(std::span<const UtcMillis> dates, UtcMillis now,
                                           std::optional<std::chrono::seconds> wished) {
  using std::chrono::milliseconds;
  std::vector<UtcMillis> newest(dates.begin(), dates.end());
  std::erase_if(newest, [&](UtcMillis date) { return date > now; });
  std::ranges::sort(newest, std::ranges::greater());
  newest.resize(std::min(newest.size(), kNewest));
  milliseconds interval = kUnknownRhythm;
  if (newest.size() >= 2) {
    std::vector<milliseconds> gaps;
    for (size_t i = 1; i < newest.size(); ++i) {
      gaps.push_back(newest[i - 1] - newest[i]);
    }
    std::ranges::nth_element(gaps, gaps.begin() + static_cast<ptrdiff_t>(gaps.size() / 2));
    interval = std::max(gaps[gaps.size() / 2], now - newest.front()) / 2;
  }
  if (wished) {
    interval = std::max<milliseconds>(interval, *wished);
  }
  return std::clamp<milliseconds>(interval, kShortestAdaptive, kLongestAdaptive);
}

std::optional<std::chrono::seconds> FreshFor(const Capture& answer) {
  if (const auto control = FindHeader(answer.headers, "Cache-Control")) {
    const std::string lower = text::ToLowerAscii(*control);
    constexpr std::string_view kMaxAge = "max-age=";
    if (const size_t at = lower.find(kMaxAge); at != std::string::npos) {
      const char* begin = lower.data() + at + kMaxAge.size();
      int64_t seconds = 0;
      const auto [end, error] = std::from_chars(begin, lower.data() + lower.size(), seconds);
      if (error == std::errc{} && end != begin && seconds >= 0) {
        return std::chrono::seconds(seconds);
      }
    }
    if (lower.find("no-cache") != std::string::npos ||
        lower.find("no-store") != std::string::npos) {
      return std::nullopt;
    }
  }
  if (const auto expires = FindHeader(answer.headers, "Expires")) {
    const auto until = text::ParseDate(*expires);
    if (until && until->instant > answer.fetched_at) {
      return std::chrono::duration_cast<std::chrono::seconds>(until->instant - answer.fetched_at);
    }
  }
  return std::nullopt;
}

}  // namespace newswire::sources
