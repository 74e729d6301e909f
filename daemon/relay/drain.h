// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace newswire::relay {

// Gives work that is under way at a stop a limited time: `token` stops `drain` after `stop` did.
// Owns a thread, "relay-drain".
class Drain {
 public:
  Drain(std::stop_token stop, std::chrono::milliseconds drain);
  std::stop_token token() const { return late_.get_token(); }

 private:
  void Watch(const std::stop_token& stop, std::chrono::milliseconds drain,
             const std::stop_token& end);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::stop_source late_;
  std::jthread thread_;  // last: uses the others
};

// Waits `time`, or until `stop`.
void Pause(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace newswire::relay
