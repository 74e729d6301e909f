// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "daemon/frontier/frontier.h"
#include "transforms/model/error.h"

namespace newswire::frontier {

// Fills an empty frontier from the archive: every post link that was captured, with its validators,
// entry and last answer. What the archive does not know is met as at first contact. Sources count
// as not contacted. Reads the whole archive once; damage in it is passed over (the relay counts
// it). Commits every 10,000 links.
Status Rebuild(Frontier& frontier, const std::filesystem::path& archive_dir);

}  // namespace newswire::frontier
