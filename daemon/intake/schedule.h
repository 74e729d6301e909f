// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "fetchers/clock.h"

namespace newswire::intake {

// The time that schedules are kept in: the wall time of the start plus the steady time since. Due
// times can so be stored and read back after a restart, and yet a jump of the wall clock moves
// nothing while the process runs.
class Schedule {
 public:
  explicit Schedule(const Clock& clock)
      : clock_(clock), wall_at_start_(clock.Wall()), steady_at_start_(clock.Steady()) {}

  UtcMillis Now() const {
    return wall_at_start_ + std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Steady() -
                                                                                  steady_at_start_);
  }
  // Not for secrets: spreads requests.
  uint64_t Random() { return random_(); }

 private:
  const Clock& clock_;
  const UtcMillis wall_at_start_;
  const SteadyTime steady_at_start_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace newswire::intake
