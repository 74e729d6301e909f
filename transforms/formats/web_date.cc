// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/web_date.h"

#include <algorithm>
#include <string>

#include "transforms/text/dates.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char byte) { return byte >= '0' && byte <= '9'; });
}

}  // namespace

std::optional<Timestamp> ParseWebDate(std::string_view written) {
  const std::string_view trimmed = text::TrimBlank(written);
  if (trimmed.size() == 4 && AllDigits(trimmed)) {
    return text::ParseDate(std::string(trimmed) + "-01-01");
  }
  if (trimmed.size() == 7 && trimmed[4] == '-' && AllDigits(trimmed.substr(0, 4)) &&
      AllDigits(trimmed.substr(5))) {
    return text::ParseDate(std::string(trimmed) + "-01");
  }
  return text::ParseDate(trimmed);
}

}  // namespace newswire::formats
