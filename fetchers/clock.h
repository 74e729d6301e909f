// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "transforms/model/timestamp.h"

namespace newswire {

using SteadyTime = std::chrono::steady_clock::time_point;

// The only source of time in fetchers and daemon: wall time for records, steady time for waiting,
// so that a jump of the wall clock moves no schedule. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcMillis Wall() const = 0;
  virtual SteadyTime Steady() const = 0;
};

// The machine's clocks. The object lives as long as the process.
const Clock& SystemClock();

}  // namespace newswire
