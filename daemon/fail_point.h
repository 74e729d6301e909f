// SPDX-License-Identifier: Apache-2.0
#pragma once

// NEWSWIRE_FAIL_POINT("archive.after_write") marks a place where tests pull the plug. In builds
// with NEWSWIRE_FAIL_POINTS the environment variable NEWSWIRE_FAIL_POINT="<name>:<count>" kills the
// process with SIGKILL when it reaches that place for the count-th time (from 1; without `:<count>`
// the first). In other builds the macro is nothing. Any thread.
// With NEWSWIRE_FAIL_HOW it ends otherwise: abort, segv (a fault) or stack (an overflow).
//
// NEWSWIRE_CRASH_POINT(bytes) ends it so (by default: abort) when `bytes` hold the text in
// NEWSWIRE_CRASH_ON_TEXT.
#ifdef NEWSWIRE_FAIL_POINTS
#include <string_view>
namespace newswire {
void ReachFailPoint(const char* name);
void ReachCrashPoint(std::string_view bytes);
}  // namespace newswire
#define NEWSWIRE_FAIL_POINT(name) ::newswire::ReachFailPoint(name)
#define NEWSWIRE_CRASH_POINT(bytes) ::newswire::ReachCrashPoint(bytes)
#else
#define NEWSWIRE_FAIL_POINT(name) static_cast<void>(0)
#define NEWSWIRE_CRASH_POINT(bytes) static_cast<void>(0)
#endif
