// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "fetchers/clock.h"

namespace newswire::commands {

// Tells a person how far a replay is: a bar drawn again four times a second on a terminal, a plain
// line every ten seconds otherwise. One thread.
class ReplayProgress {
 public:
  ReplayProgress(std::ostream& err, bool terminal, const Clock& clock);

  // `done` of `total` bytes of input; `events` so far. Cheap when nothing is due.
  void Show(uint64_t done, uint64_t total, uint64_t events);
  // The last line: totals and the mean rate.
  void Finish(uint64_t captures, uint64_t events, uint64_t dead_letters, uint64_t damage);
  // A message of its own line, whatever is drawn.
  void Say(const std::string& message);

 private:
  std::ostream& err_;
  const bool terminal_;
  const Clock& clock_;
  const SteadyTime begin_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace newswire::commands
