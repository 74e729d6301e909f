// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>

namespace newswire::commands {

struct RunOptions {
  std::filesystem::path config;
  bool once = false;  // end when every site is drained and everything is committed
};

// `newswired run`: the daemon in the foreground, until SIGTERM or SIGINT (drains within 10 s; a
// second one ends the process at once) or until it must end by itself. SIGHUP reads the
// configuration again. Speaks sd_notify when systemd asks for it. Returns an exit code of
// exit_codes.h; the reason of a failure is one line on `err`.
int Run(const RunOptions& options, std::ostream& err);

}  // namespace newswire::commands
