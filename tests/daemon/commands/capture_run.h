// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "daemon/commands/command_line.h"

namespace newswire::commands {

// What one invocation of newswired answered.
struct Ran {
  int code = -1;
  std::string out, err;
};

// Runs `newswired <words...>` within the test's process.
inline Ran RunWords(const std::vector<std::string>& words, const std::string& input = "") {
  std::vector<const char*> argv{"newswired"};
  for (const std::string& word : words) {
    argv.push_back(word.c_str());
  }
  std::istringstream in(input);
  std::ostringstream out, err;
  Ran ran;
  ran.code = RunCommandLine(static_cast<int>(argv.size()), argv.data(), in, out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace newswire::commands
