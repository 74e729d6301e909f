// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "daemon/frontier/frontier.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::frontier {

// Fills an empty frontier from the archive: every post link that was captured, with its validators,
// entry and last answer, and every entry of the feeds that are the body of their posts. What the
// archive does not know is met as at first contact; the sources count as not contacted. Links of
// `sources` are due at the re-check that follows their last answer, at once where that has passed
// or the answer was a failure; what was fetched after `now`, by a wrong clock, counts as fetched
// then. Reads the whole archive once; damage in it is passed over (the relay
// counts it). Commits every 10,000 links.
Status Rebuild(Frontier& frontier, const std::filesystem::path& archive_dir,
               std::span<const Source> sources, UtcMillis now);

}  // namespace newswire::frontier
