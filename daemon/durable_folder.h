// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "transforms/model/error.h"

namespace newswire {

// Makes a folder with all that is missing above it, and their entries durable: after success a
// power loss does not take it away, also when an earlier process was killed between making and
// syncing it. What existed in a folder that may not be read (the service manager made it) is taken
// as durable. Blocking I/O; any thread.
//
// kTransient: no room (ENOSPC, EDQUOT); kConfig: not allowed, or something else has the name;
// kCorruption: the disk failed.
Status MakeFolderDurably(const std::filesystem::path& folder);

// Makes the entries of a folder durable: what was created, renamed and removed in it. kTransient:
// no room; kCorruption: any other failure.
Status SyncFolder(const std::filesystem::path& folder);

}  // namespace newswire
