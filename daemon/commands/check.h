// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <ostream>
#include <stop_token>

#include "fetchers/clock.h"

namespace newswire::commands {

struct CheckOptions {
  std::filesystem::path config;
  bool probe = false;      // reach the output and each source once
  bool effective = false;  // print the effective configuration as JSON, without secrets
  std::chrono::milliseconds probe_timeout{10'000};  // for the brokers
};

// `newswired check`: reads the configuration as `run` would. Errors go to `err`, all of them, and
// the answer is kExitConfig; warnings go to `err`. With `probe` it prints a line for the output and
// one for each source to `out`, and answers kExitFailed unless all could be reached.
int RunCheck(const CheckOptions& options, std::ostream& out, std::ostream& err, const Clock& clock,
             std::stop_token stop);

}  // namespace newswire::commands
