// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace newswire::commands {

// What every command of newswired ends with.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // it was asked rightly and could not be done
inline constexpr int kExitUsage = 2;   // it was asked wrongly: nothing was done

}  // namespace newswire::commands
