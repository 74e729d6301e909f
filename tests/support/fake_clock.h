// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>

#include "fetchers/clock.h"

namespace newswire::test {

// A clock that only a test moves; both of its times move together. Starts at
// 2026-01-02T03:04:05Z. Thread-safe.
class FakeClock final : public Clock {
 public:
  UtcMillis Wall() const override { return kStart + passed_.load(); }
  SteadyTime Steady() const override { return SteadyTime{} + kUptime + passed_.load(); }
  void Advance(std::chrono::milliseconds time) { passed_ = passed_.load() + time; }

 private:
  static constexpr UtcMillis kStart{std::chrono::milliseconds{1'767'323'045'000}};
  static constexpr std::chrono::hours kUptime{1};
  std::atomic<std::chrono::milliseconds> passed_{};
};

}  // namespace newswire::test
