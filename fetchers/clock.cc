// SPDX-License-Identifier: Apache-2.0
#include "fetchers/clock.h"

namespace newswire {
namespace {

class MachineClock final : public Clock {
 public:
  UtcMillis Wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock kClock;
  return kClock;
}

}  // namespace newswire
