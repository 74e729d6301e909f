// SPDX-License-Identifier: Apache-2.0
#include "fetchers/politeness/host_budget.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <libpsl.h>

namespace newswire::politeness {
namespace {

using std::chrono::milliseconds;

constexpr size_t kFailingUrls = 3;
constexpr size_t kForgetFrom = 1024;
constexpr milliseconds kIdle = std::chrono::hours(1);

// What libpsl would take for a registrable domain (0.0.1): all labels digits, or IPv6.
bool IsAddress(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace

std::string RegistrableDomain(std::string_view host, uint16_t port) {
  while (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  if (IsAddress(host) || host == "localhost" || host.ends_with(".localhost")) {
    return fmt::format("{}:{}", host, port);
  }
  const std::string name(host);
  const char* domain = psl_registrable_domain(psl_builtin(), name.c_str());
  return domain != nullptr ? std::string(domain) : name;
}

HostBudget::HostBudget(const Clock& clock, OnBlock on_block)
    : clock_(clock), on_block_(std::move(on_block)), forget_at_(kForgetFrom) {}

std::optional<SteadyTime> HostBudget::Acquire(std::string_view domain, const HostRules& rules) {
  State& state = At(domain);
  if (state.in_flight >= std::max(rules.parallel, 1)) {
    return SteadyTime::max();
  }
  const SteadyTime now = clock_.Steady();
  SteadyTime start = now;
  if (state.last_end) {
    start = std::max(start, *state.last_end + std::max(rules.delay, state.crawl_delay));
  }
  if (const std::optional<UtcMillis> until = BlockedUntil(domain)) {
    start = std::max(start, now + (*until - clock_.Wall()));
  }
  if (start > now) {
    return start;
  }
  ++state.in_flight;
  return std::nullopt;
}

void HostBudget::Release(std::string_view domain, milliseconds crawl_delay) {
  State& state = At(domain);
  state.in_flight = std::max(state.in_flight - 1, 0);
  state.last_end = clock_.Steady();
  state.crawl_delay = crawl_delay;
}

void HostBudget::Block(std::string_view domain, UtcMillis until, std::string_view why) {
  const std::optional<UtcMillis> before = BlockedUntil(domain);
  if (until <= clock_.Wall() || (before && *before >= until)) {
    return;
  }
  At(domain).blocked_until = until;
  if (on_block_) {
    on_block_(domain, until, why);
  }
}

void HostBudget::Restore(std::string_view domain, UtcMillis until) {
  std::optional<UtcMillis>& blocked = At(domain).blocked_until;
  blocked = std::max(blocked.value_or(until), until);
}

std::optional<UtcMillis> HostBudget::BlockedUntil(std::string_view domain) const {
  const auto found = domains_.find(domain);
  if (found == domains_.end() || !found->second.blocked_until ||
      *found->second.blocked_until <= clock_.Wall()) {
    return std::nullopt;
  }
  return found->second.blocked_until;
}

milliseconds HostBudget::Penalize(std::string_view domain,
                                  std::optional<std::chrono::seconds> retry_after,
                                  std::string_view why, uint64_t random) {
  milliseconds wait = NextBackoff(At(domain).failures, clock_.Wall(), random);
  if (retry_after) {
    wait = *retry_after;
  }
  Block(domain, clock_.Wall() + wait, why);
  return wait;
}

bool HostBudget::ReportFailure(std::string_view domain, std::string_view url, uint64_t random) {
  State& state = At(domain);
  if (state.failed_urls.size() < kFailingUrls &&
      std::ranges::find(state.failed_urls, url) == state.failed_urls.end()) {
    state.failed_urls.emplace_back(url);
  }
  if (state.failed_urls.size() < kFailingUrls) {
    return false;
  }
  const milliseconds wait = NextBackoff(state.failures, clock_.Wall(), random);
  Block(domain, clock_.Wall() + wait, "several of its URLs failed in a row");
  return true;
}

void HostBudget::ReportSuccess(std::string_view domain) {
  if (State* state = Find(domain)) {
    state->failed_urls.clear();
  }
}

HostBudget::State& HostBudget::At(std::string_view domain) {
  if (State* state = Find(domain)) {
    return *state;
  }
  if (domains_.size() >= forget_at_) {
    ForgetIdle();
  }
  return domains_.try_emplace(std::string(domain)).first->second;
}

HostBudget::State* HostBudget::Find(std::string_view domain) {
  const auto found = domains_.find(domain);
  return found == domains_.end() ? nullptr : &found->second;
}

void HostBudget::ForgetIdle() {
  const SteadyTime now = clock_.Steady();
  const UtcMillis wall = clock_.Wall();
  std::erase_if(domains_, [&](const auto& entry) {
    const State& state = entry.second;
    const bool idle = !state.last_end || now - *state.last_end > kIdle;
    const bool blocked = state.blocked_until && *state.blocked_until > wall - kIdle;
    return state.in_flight == 0 && idle && !blocked;
  });
  forget_at_ = std::max(kForgetFrom, domains_.size() * 2);  // so that looking stays cheap
}

}  // namespace newswire::politeness
