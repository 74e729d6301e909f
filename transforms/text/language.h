// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace newswire::text {

// BCP 47 by CLD2; "" when it is not sure. `hint`: a declared tag, used to decide close calls.
std::string DetectLanguage(std::string_view text, std::string_view hint);
// A tag in canonical case ("zh-Hans-CN"), or "" when it is no BCP 47 tag. `zh_CN` is read as zh-CN.
std::string CanonicalLanguage(std::string_view tag);

// What shapes values besides our own version: "icu 72.1", "cld2 2015-08-06".
std::string LibraryVersions();

}  // namespace newswire::text
