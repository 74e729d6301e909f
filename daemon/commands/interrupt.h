// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace newswire::commands {

// Lets a command be stopped by SIGINT or SIGTERM: the first one requests a stop, a second one ends
// the process at once with kExitInterrupted. Make one in the main thread before any other thread
// runs (the signals are blocked from then on); it owns the thread that waits for them.
class Interrupt {
 public:
  Interrupt();
  std::stop_token stop() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;  // last: it uses stop_
};

}  // namespace newswire::commands
