// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>

#include "daemon/archive/import.h"
#include "fetchers/clock.h"

namespace newswire::commands {

// Tells a person how far an import is: a bar drawn again four times a second on a terminal, a plain
// line every ten seconds otherwise. One thread.
class ImportProgress {
 public:
  ImportProgress(std::ostream& err, bool terminal, const Clock& clock);

  // `done` of `total` bytes of input. Cheap when nothing is due.
  void Show(uint64_t done, uint64_t total, const archive::ImportCounts& counts);
  // Before anything else is written.
  void Clear();

 private:
  std::ostream& err_;
  const bool terminal_;
  const Clock& clock_;
  const SteadyTime begin_;
  SteadyTime shown_;
  bool drawn_ = false;
};

}  // namespace newswire::commands
