// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/verdict.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace newswire::intake {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr int kOk = 200;
constexpr int kNotModified = 304;
constexpr int kNotFound = 404;
constexpr int kRequestTimeout = 408;
constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;
constexpr int kFirstServerError = 500;

// A link that never answered 200 is tried again after these; then its entry must change first.
constexpr std::array<milliseconds, 4> kMissingRetries{minutes(10), hours(1), hours(6), hours(24)};
// Cut answers are tried again so often before the cut bytes are kept as they are.
constexpr uint32_t kCutRetries = 3;
constexpr hours kDeniedRetry{24};

Verdict Retry(std::string reason, std::optional<milliseconds> after, uint32_t attempts) {
  Verdict verdict;
  verdict.reason = std::move(reason);
  if (after) {
    verdict.retry_in = after;
  } else if (attempts < kMissingRetries.size()) {
    verdict.retry_in = kMissingRetries[attempts];
  } else {
    verdict.give_up = true;
  }
  return verdict;
}

// So long that the jitter (10 %) does not make it too early.
milliseconds Beyond(milliseconds wait) { return wait + wait / 8; }

bool WasThere(const frontier::LinkRow& link) { return link.first_fetched.has_value(); }

Verdict JudgeMissing(const VerdictInput& input, int status) {
  const auto& link = input.link;
  Verdict verdict = Retry(fmt::format("HTTP {}", status), std::nullopt, link.attempts);
  verdict.archive = true;
  if (!WasThere(link) || link.state == frontier::LinkState::kGone) {
    return verdict;
  }
  verdict.give_up = false;
  verdict.retry_in.reset();
  if (status == kGone) {
    verdict.removal = Removal{.how = "http_410", .confirmed_at = input.now};
  } else if (!link.first_404) {
    verdict.retry_in = Beyond(input.rules.confirm_after);
  } else if (input.now - *link.first_404 < input.rules.confirm_after) {
    verdict.retry_in = Beyond(*link.first_404 + input.rules.confirm_after - input.now);
  } else if (!input.others_answer) {
    verdict.retry_in = Beyond(input.rules.confirm_after);
  } else {
    verdict.removal = Removal{.how = "http_404", .confirmed_at = input.now};
  }
  return verdict;
}

Verdict JudgeAnswer(const VerdictInput& input) {
  const auto& link = input.link;
  const auto& response = *input.outcome.response;
  const bool entry_same = link.entry_digest == input.entry_digest;
  Verdict verdict;
  if (response.status == kNotModified && link.state == frontier::LinkState::kFetched) {
    verdict.archive = true;
    verdict.kind = CaptureKind::kRevisit;
    return verdict;
  }
  if (response.status == kOk) {
    if (!response.truncated.empty() && response.truncated != "length" &&
        link.attempts < kCutRetries) {
      verdict = Retry(fmt::format("the answer was cut ({})", response.truncated), minutes(1), 0);
      return verdict;
    }
    verdict.archive = true;
    const bool same = response.truncated.empty() && link.state == frontier::LinkState::kFetched &&
                      entry_same && link.payload_digest == input.payload_digest;
    verdict.kind = same ? CaptureKind::kRevisit : CaptureKind::kResponse;
    return verdict;
  }
  if (response.status == kNotFound || response.status == kGone) {
    return JudgeMissing(input, response.status);
  }
  if (input.outcome.host_blocked || response.status == kTooManyRequests) {
    verdict = Retry(fmt::format("HTTP {}", response.status),
                    input.outcome.retry_after.value_or(minutes(1)), 0);
    verdict.host_blocked = true;
    return verdict;
  }
  if (response.status >= kFirstServerError || response.status == kRequestTimeout) {
    verdict = Retry(fmt::format("HTTP {}", response.status), minutes(1), 0);
    verdict.source_failed = true;
    return verdict;
  }
  verdict = Retry(fmt::format("HTTP {}", response.status), std::nullopt, link.attempts);
  verdict.archive = true;  // what the site said instead is kept
  return verdict;
}

}  // namespace

Verdict Judge(const VerdictInput& input) {
  if (input.outcome.response) {
    return JudgeAnswer(input);
  }
  if (input.outcome.robots_denied) {
    return Retry("robots.txt forbids it", kDeniedRetry, 0);
  }
  const Error& error = *input.outcome.error;
  if (error.kind == ErrorKind::kPermanent) {
    return Retry(error.message, kDeniedRetry, 0);
  }
  Verdict verdict = Retry(error.message, input.outcome.retry_after.value_or(minutes(1)), 0);
  // A domain that is left alone was not asked: the source is not to blame.
  verdict.host_blocked = input.outcome.host_blocked;
  verdict.source_failed = !verdict.host_blocked;
  return verdict;
}

std::optional<UtcMillis> NextRecheck(const Source& source, frontier::LinkRow& link, UtcMillis now) {
  if (!link.first_fetched) {
    return std::nullopt;
  }
  const auto served = std::max(std::chrono::milliseconds(0),
                               std::min(link.due.value_or(now), now) - *link.first_fetched);
  std::optional<std::chrono::milliseconds> next;
  for (const std::chrono::milliseconds after : source.recheck) {
    if (after > served && (!next || after < *next)) {
      next = after;
    }
  }
  if (!next) {
    return std::nullopt;
  }
  if (*link.first_fetched + *next <= now) {
    link.first_fetched = now - served;
  }
  return *link.first_fetched + *next;
}

}  // namespace newswire::intake
