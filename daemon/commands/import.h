// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "fetchers/clock.h"

namespace newswire::commands {

struct ImportWords {
  std::vector<std::filesystem::path> paths;  // WARC files, Markdown posts, folders of them
  std::string source;
  bool all = false;
  bool terminal = false;  // whether `err` is one
};

// `newswired archive import`: through the daemon that owns the archive when one runs, else as its
// owner. Run again after any interruption it goes on where it was. The exit code; `out` gets one
// line of totals.
int RunImport(const ImportWords& words, const config::Config& config, std::ostream& out,
              std::ostream& err, const Clock& clock, const std::stop_token& stop);

}  // namespace newswire::commands
