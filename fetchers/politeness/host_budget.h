// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fetchers/clock.h"

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

// One request in flight and a delay per registrable domain. Single-threaded. Blocks (Retry-After)
// are wall times, told to `on_block` so that the frontier can make them durable, and given back by
// Restore at start.
class HostBudget {
 public:
  using OnBlock =
      std::function<void(std::string_view domain, UtcMillis until, std::string_view why)>;

  HostBudget(const Clock& clock, OnBlock on_block);

  // Takes a slot, or says when to ask again (steady time). Nothing is taken then.
  std::optional<SteadyTime> Acquire(std::string_view domain, const HostRules& rules);
  void Release(std::string_view domain, std::chrono::milliseconds crawl_delay);
  void Block(std::string_view domain, UtcMillis until, std::string_view why);
  void Restore(std::string_view domain, UtcMillis until);

 private:
  struct State {
    int in_flight = 0;
    SteadyTime next_start{};
    UtcMillis blocked_until{};
  };
  const Clock& clock_;
  OnBlock on_block_;
  std::unordered_map<std::string, State> domains_;
};

}  // namespace newswire::politeness
