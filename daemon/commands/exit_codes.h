// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace newswire::commands {

// What every command of newswired ends with. docs/commands.md lists them for operators; a number is
// never given another meaning.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // it was asked rightly and could not be done
inline constexpr int kExitUsage = 2;   // it was asked wrongly: nothing was done
inline constexpr int kExitConfig = 3;  // the configuration is refused, or contradicts what is there
inline constexpr int kExitFenced = 4;  // another instance owns the folder or the transactional id
inline constexpr int kExitInterrupted = 130;  // a second signal ended it at once

}  // namespace newswire::commands
