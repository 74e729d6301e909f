// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "fetchers/clock.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// Tells a person how far a command is: a bar drawn again four times a second on a terminal, a plain
// line every ten seconds otherwise. One thread.
class Progress {
 public:
  // `command` begins its plain lines.
  Progress(std::string_view command, std::ostream& err, bool terminal, const Clock& clock);

  // `done` of `total` bytes of input; `count` of `what` ("events") came of them so far, and the
  // rate is theirs. `also` follows the count. Cheap when nothing is due.
  void Show(uint64_t done, uint64_t total, uint64_t count, std::string_view what,
            std::string_view also = {});
  // Of work whose end is not known: so many so far.
  void ShowCount(std::string_view what, uint64_t count);
  // The same of a search through the archive: where it is.
  void ShowPosition(Position at);
  // A message of its own line, whatever is drawn.
  void Say(std::string_view message);
  // Takes away what is drawn.
  void Clear();

  double seconds() const;  // since the beginning

 private:
  bool Due();
  void Draw(std::string_view state);

  const std::string command_;
  std::ostream& err_;
  const bool terminal_;
  const Clock& clock_;
  const SteadyTime begin_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace newswire::commands
