// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "transforms/formats/feed_raw.h"
#include "transforms/model/error.h"

namespace newswire::formats {

// RSS, Atom or CDF as decoded text. kMalformed when its root is none of theirs.
Result<RawFeed> ReadXmlFeed(std::string_view text, const LinkBase& base);

}  // namespace newswire::formats
