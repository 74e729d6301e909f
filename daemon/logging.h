// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace newswire {

// Makes the process's log: one line a message on standard error. Under the journal (JOURNAL_STREAM
// names our standard error) a line begins with its priority, as sd-daemon(3) describes, and has no
// time; else with the time in UTC and the level. `level`: debug, info, warn or error. Call it
// before other threads run; calling it again changes the level.
void SetUpLogging(std::string_view level);

}  // namespace newswire
