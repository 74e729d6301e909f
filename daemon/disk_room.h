// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace newswire {

// Whether the filesystem that holds `folder` has more than `min_free` bytes for us. False when it
// cannot be asked. One system call; any thread.
bool HasRoom(const std::filesystem::path& folder, uint64_t min_free);

}  // namespace newswire
