// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/gzip_member.h"
#include "daemon/archive/warc_record.h"

namespace newswire::archive {

// A gzip member of exactly `length` bytes that holds the record: what takes the place of another
// member, so that all that follows keeps its offset. It is one ordinary member with a hint; what it
// is shorter by is filled with empty deflate blocks (RFC 1951 section 3.2.4) before the data, and
// where that cannot be (1 to 4 or 8 bytes) with blanks before the value of Content-Length.
// nullopt: the record is too large for its place.
std::optional<std::string> FittedMember(const WarcRecord& record, MemberKind kind, size_t length);

// Whether these bytes are what FittedMember makes of `data`, what they inflate to.
bool IsFittedMember(std::string_view member, std::string_view data, MemberKind kind);

}  // namespace newswire::archive
