// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "transforms/formats/feed.h"
#include "transforms/formats/sitemap.h"

namespace newswire::formats {

// What `newswired inspect` prints: one JSON object without a newline. Absent values are null, lists
// are never null, times are RFC 3339 in UTC; "damaged" is there only when something is.
std::string FeedToJson(const Feed& feed);
std::string SitemapToJson(const Sitemap& sitemap);

}  // namespace newswire::formats
