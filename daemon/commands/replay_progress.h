// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "fetchers/clock.h"

namespace newswire::commands {

// Tells a person how far a replay is: a bar drawn again four times a second on a terminal, a plain
// line every ten seconds otherwise. One thread.
class ReplayProgress {
 public:
  ReplayProgress(std::ostream& err, bool terminal, const Clock& clock);

  // `done` of `total` bytes of input; `events` so far. Cheap when nothing is due.
  void Show(uint64_t done, uint64_t total, uint64_t events);
  // Of work whose end is not known: so many so far.
  void ShowCount(std::string_view what, uint64_t count);
  struct Totals {
    uint64_t captures = 0, events = 0, dead_letters = 0;
    uint64_t damage = 0;       // places
    uint64_t passed_over = 0;  // records that are no pages
  };
  // The last line: totals and the mean rate.
  void Finish(const Totals& totals);
  // A message of its own line, whatever is drawn.
  void Say(const std::string& message);

 private:
  bool Due();

  std::ostream& err_;
  const bool terminal_;
  const Clock& clock_;
  const SteadyTime begin_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace newswire::commands
