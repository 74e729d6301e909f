// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "fetchers/clock.h"

namespace newswire::commands {

// Lets at most `rate` events a second pass, counted from the first one; nullopt: as many as come.
// One thread.
class Throttle {
 public:
  Throttle(std::optional<double> rate, const Clock& clock) : rate_(rate), clock_(clock) {}

  // How long to wait before the next event may go; `events` have gone.
  std::chrono::milliseconds Wait(uint64_t events) {
    if (!rate_) {
      return std::chrono::milliseconds(0);
    }
    if (!begin_) {
      begin_ = clock_.Steady();
    }
    const std::chrono::duration<double> due(static_cast<double>(events) / *rate_);
    const auto left = due - (clock_.Steady() - *begin_);
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::ceil<std::chrono::milliseconds>(left));
  }

 private:
  const std::optional<double> rate_;
  const Clock& clock_;
  std::optional<SteadyTime> begin_;
};

}  // namespace newswire::commands
