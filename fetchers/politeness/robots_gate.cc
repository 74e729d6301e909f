// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/robots_gate.h"

#include <algorithm>
#include <utility>

namespace newswire::politeness {
namespace {

constexpr std::chrono::hours kFresh{24};
constexpr std::chrono::hours kLastGood{48};  // since it was fetched
constexpr std::chrono::milliseconds kLongestCrawlDelay = std::chrono::seconds(60);
constexpr size_t kMaxOrigins = 20'000;

}  // namespace

RobotsGate::RobotsGate(const Clock& clock, std::string user_agent)
    : clock_(clock), user_agent_(std::move(user_agent)) {}

RobotsGate::Verdict RobotsGate::Ask(const Url& url) const {
  const auto found = origins_.find(url.origin());
  if (found == origins_.end()) {
    return Verdict::kUnknown;
  }
  const Entry& entry = found->second;
  if (entry.fetching) {
    return Verdict::kFetching;
  }
  if (clock_.Steady() >= entry.fresh_until) {
    return Verdict::kUnknown;
  }
  if (!entry.robots) {
    return Verdict::kUnreachable;
  }
  return entry.robots->Allows(user_agent_, url.path_and_query()) ? Verdict::kAllowed
                                                                 : Verdict::kDenied;
}

void RobotsGate::BeginFetch(const std::string& origin) {
  if (origins_.size() >= kMaxOrigins) {
    MakeRoom();
  }
  origins_[origin].fetching = true;
}

void RobotsGate::Store(const std::string& origin, const formats::Robots& robots) {
  Entry& entry = origins_[origin];
  entry.fetching = false;
  entry.robots = robots.ForAgent(user_agent_);
  entry.stored_at = clock_.Steady();
  entry.fresh_until = entry.stored_at + kFresh;
  entry.failures = {};
  entry.unreachable.reset();
}

void RobotsGate::StoreUnreachable(const std::string& origin, Error why, uint64_t random) {
  Entry& entry = origins_[origin];
  entry.unreachable = std::move(why);
  const SteadyTime now = clock_.Steady();
  entry.fetching = false;
  entry.fresh_until = now + NextBackoff(entry.failures, clock_.Wall(), random);
  if (entry.robots) {
    const SteadyTime end = entry.stored_at + kLastGood;
    if (now >= end) {
      entry.robots.reset();
    } else {
      entry.fresh_until = std::min(entry.fresh_until, end);
    }
  }
}

Error RobotsGate::WhyUnreachable(const std::string& origin) const {
  const auto found = origins_.find(origin);
  if (found == origins_.end() || !found->second.unreachable) {
    return {ErrorKind::kTransient, "it was not asked for"};
  }
  return *found->second.unreachable;
}

std::chrono::seconds RobotsGate::RetryIn(const std::string& origin) const {
  const auto found = origins_.find(origin);
  if (found == origins_.end()) {
    return std::chrono::seconds(0);
  }
  const auto wait =
      std::chrono::ceil<std::chrono::seconds>(found->second.fresh_until - clock_.Steady());
  return std::max(wait, std::chrono::seconds(0));
}

std::chrono::milliseconds RobotsGate::CrawlDelay(const std::string& origin) const {
  const auto found = origins_.find(origin);
  if (found == origins_.end() || !found->second.robots) {
    return std::chrono::milliseconds(0);
  }
  const double seconds = found->second.robots->CrawlDelay(user_agent_).value_or(0);
  const double longest = std::chrono::duration<double>(kLongestCrawlDelay).count();
  return std::chrono::ceil<std::chrono::milliseconds>(
      std::chrono::duration<double>(std::min(seconds, longest)));
}

void RobotsGate::MakeRoom() {
  const SteadyTime now = clock_.Steady();
  std::erase_if(origins_, [&](const auto& entry) {
    return !entry.second.fetching && entry.second.fresh_until <= now;
  });
  // Still full: forget a tenth, whichever; they are fetched again when they are asked for.
  size_t surplus = origins_.size() >= kMaxOrigins ? kMaxOrigins / 10 : 0;
  for (auto entry = origins_.begin(); entry != origins_.end() && surplus > 0;) {
    if (entry->second.fetching) {
      ++entry;
    } else {
      entry = origins_.erase(entry);
      --surplus;
    }
  }
}

}  // namespace newswire::politeness
