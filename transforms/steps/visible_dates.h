// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace newswire::steps {

struct VisibleDate {
  std::string text;           // as it stands
  bool with_time = false;     // it tells the minute
  size_t begin = 0, end = 0;  // where in the line, in bytes
};

// 2022-04-19 13:06(:03), 2022年4月19日 13:06, 2022/4/19, 2022.04.19: the first in the line.
std::optional<VisibleDate> FindNumericDate(std::string_view line);

// When the page was published, as the variables and members of its inline scripts say: the value of
// `publish_time`, `pubtime`, `ct` and their like, a date or Unix seconds or milliseconds. The best
// name decides, of one name the first. "" when there is none. Looks at the page's whole source:
// for pages that say it nowhere else. Linear in its size.
std::string FindScriptDate(std::string_view html);

}  // namespace newswire::steps
