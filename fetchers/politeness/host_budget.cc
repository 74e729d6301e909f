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

HostBudget::HostBudget(const Clock& clock, OnChange on_change)
    : clock_(clock), on_change_(std::move(on_change)), forget_at_(kForgetFrom) {}

std::optional<SteadyTime> HostBudget::Acquire(std::string_view domain, const HostRules& rules) {
  State& state = At(domain);
  if (state.in_flight >= std::max(rules.parallel, 1)) {
    return SteadyTime::max();
  }
  const SteadyTime now = clock_.Steady();
  SteadyTime start = now;
  if (const auto last_end = state.last_end ? state.last_end : assumed_end_) {
    start = std::max(start, *last_end + std::max(rules.delay, state.crawl_delay));
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
  HostMemory& memory = At(domain).memory;
  if (Extend(memory, clock_.Wall(), until)) {
    Tell(domain, memory, why);
  }
}

bool HostBudget::Extend(HostMemory& memory, UtcMillis now, UtcMillis until) {
  const bool blocked = memory.blocked_until && *memory.blocked_until > now;
  if (until <= now || (blocked && *memory.blocked_until >= until)) {
    return false;
  }
  memory.blocked_until = until;
  return true;
}

void HostBudget::Tell(std::string_view domain, const HostMemory& memory,
                      std::string_view why) const {
  if (on_change_) {
    on_change_(domain, memory, why);
  }
}

void HostBudget::Restore(std::string_view domain, const HostMemory& memory) {
  At(domain).memory = memory;
}

void HostBudget::AssumeAllAsked() { assumed_end_ = clock_.Steady(); }

std::optional<UtcMillis> HostBudget::BlockedUntil(std::string_view domain) const {
  const auto found = domains_.find(domain);
  if (found == domains_.end()) {
    return std::nullopt;
  }
  const auto& until = found->second.memory.blocked_until;
  return until && *until > clock_.Wall() ? until : std::nullopt;
}

milliseconds HostBudget::Penalize(std::string_view domain,
                                  std::optional<std::chrono::seconds> retry_after,
                                  std::string_view why, uint64_t random) {
  HostMemory& memory = At(domain).memory;
  const UtcMillis now = clock_.Wall();
  UtcMillis until =
      NextBlock(memory.failures, memory.blocked_until.value_or(UtcMillis()), now, random);
  if (retry_after) {
    until = now + *retry_after;
  }
  Tell(domain, memory, Extend(memory, now, until) ? why : "");
  return until - now;
}

bool HostBudget::ReportFailure(std::string_view domain, std::string_view url, uint64_t random) {
  State& state = At(domain);
  HostMemory& memory = state.memory;
  if (!memory.failing) {
    if (std::ranges::find(state.failed_urls, url) == state.failed_urls.end()) {
      state.failed_urls.emplace_back(url);
    }
    if (state.failed_urls.size() < kFailingUrls) {
      return false;
    }
    memory.failing = true;
    state.failed_urls.clear();
  }
  const UtcMillis now = clock_.Wall();
  const UtcMillis until =
      NextBlock(memory.failures, memory.blocked_until.value_or(UtcMillis()), now, random);
  const bool longer = Extend(memory, now, until);
  Tell(domain, memory, longer ? "several of its URLs failed in a row" : "");
  return true;
}

void HostBudget::ReportSuccess(std::string_view domain) {
  State* state = Find(domain);
  if (state == nullptr) {
    return;
  }
  state->failed_urls.clear();
  if (state->memory.failing) {
    state->memory.failing = false;
    Tell(domain, state->memory, "");
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
    const auto& until = state.memory.blocked_until;
    const bool blocked = until && *until > wall - kIdle;
    return state.in_flight == 0 && idle && !blocked;
  });
  forget_at_ = std::max(kForgetFrom, domains_.size() * 2);  // so that looking stays cheap
}

}  // namespace newswire::politeness
