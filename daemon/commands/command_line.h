// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <ostream>

namespace newswire::commands {

inline constexpr const char* kDefaultConfig = "/etc/newswired/newswired.yaml";

// Reads the command line and runs the command that it names. Answers an exit code of exit_codes.h;
// what was asked wrongly is said on `err`, with the word that was probably meant. Call it once,
// from the main thread, before any other thread runs. Never throws.
int RunCommandLine(int argc, const char* const* argv, std::istream& in, std::ostream& out,
                   std::ostream& err);

}  // namespace newswire::commands
