// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace newswire::formats {

// The processing instruction that stands before the end tags which a cut document lacks: the
// elements that end after it are incomplete.
inline constexpr std::string_view kCutMark = "newswire-cut";

struct RepairedXml {
  std::string text;    // well-formed XML without a document type, named entities replaced
  std::string damage;  // what the end lacks, for a person; empty when the root element ends
};

// Makes well-formed XML of what is meant to be: a bare `&` or `<`, HTML entities, unquoted,
// repeated or valueless attributes, control characters, end tags that are missing, crossed or
// stray, unclosed CDATA sections and comments, text after the root's end. Linear in the text, at
// most 128 elements deep (deeper tags are dropped). Used only where the strict reading failed.
RepairedXml RepairXml(std::string_view text);

}  // namespace newswire::formats
