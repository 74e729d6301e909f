// SPDX-License-Identifier: Apache-2.0
#pragma once

// NEWSWIRE_FAIL_POINT("archive.after_write") marks a place where tests pull the plug. In builds
// with NEWSWIRE_FAIL_POINTS the environment variable NEWSWIRE_FAIL_POINT="<name>:<count>" kills the
// process with SIGKILL when it reaches that place for the count-th time (from 1; without `:<count>`
// the first). In other builds the macro is nothing. Any thread.
#ifdef NEWSWIRE_FAIL_POINTS
namespace newswire {
void ReachFailPoint(const char* name);
}  // namespace newswire
#define NEWSWIRE_FAIL_POINT(name) ::newswire::ReachFailPoint(name)
#else
#define NEWSWIRE_FAIL_POINT(name) static_cast<void>(0)
#endif
