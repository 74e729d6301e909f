// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <stop_token>

#include "daemon/archive/redact.h"
#include "daemon/config/config.h"
#include "fetchers/clock.h"

namespace newswire::commands {

struct RedactWords {
  archive::RedactRequest request;
  bool dry_run = false;
  bool terminal = false;  // whether `err` is one
};

// `newswired archive redact`: through the daemon that owns the archive when one runs, else as its
// owner; with `dry_run` beside either. The exit code; `out` gets a line per capture and one of
// totals.
int RunRedact(const RedactWords& words, const config::Config& config, std::ostream& out,
              std::ostream& err, const Clock& clock, const std::stop_token& stop);

}  // namespace newswire::commands
