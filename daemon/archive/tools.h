// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the archive's tools (list.h, cat.h, verify.h, export_captures.h, cdxj.h, inspect.h) have in
// common. Each writes its answer to `out` and one line per failure to `err`, and returns an exit
// status. They read a folder that a running daemon owns too; what it is just writing is not damage.
namespace newswire::archive {

inline constexpr int kFoundDamage = 1;  // bytes were skipped or are wrong
inline constexpr int kCannotRead = 2;   // there was nothing to read, or nothing could be written

}  // namespace newswire::archive
