// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace newswire::commands {

// Lets a command be stopped by SIGINT or SIGTERM: the first one requests a stop, a second one ends
// the process at once with kExitInterrupted (the next start settles what is open). Make one in the
// main thread before any other thread runs: the signals are blocked from then on, in every thread,
// and SIGPIPE is ignored. It owns the thread that waits for them.
class Interrupt {
 public:
  // `on_hangup` is called at each SIGHUP, by that thread; without it SIGHUP keeps its meaning.
  explicit Interrupt(std::function<void()> on_hangup = {});
  std::stop_token stop() const { return stop_.get_token(); }

 private:
  void Watch(const std::stop_token& ended);

  const std::function<void()> on_hangup_;
  std::stop_source stop_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace newswire::commands
