// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::formats {

// Takes the words out of entries of a feed, numbered from 0 in document order as ParseFeed gives
// them: of each stays what says which entry it is (id, links, dates, language), everything else of
// it goes. All bytes outside of these entries stay as they are. Works on the bytes as published,
// in any charset that holds ASCII.
//
// What comes out was read again: ParseFeed gives the same entries in the same order, the others
// unchanged. kMalformed: the feed cannot be taken apart so.
Result<std::string> BlankFeedEntries(std::string_view bytes, std::string_view content_type,
                                     const std::set<uint32_t>& entries);

}  // namespace newswire::formats
