// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "transforms/formats/feed_raw.h"
#include "transforms/model/error.h"

namespace newswire::formats {

// JSON Feed 1 or 1.1 as decoded text. kMalformed when it is no JSON or no JSON Feed.
Result<RawFeed> ReadJsonFeed(std::string_view text, const LinkBase& base);

}  // namespace newswire::formats
