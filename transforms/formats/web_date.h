// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "transforms/model/timestamp.h"

namespace newswire::formats {

// text::ParseDate, and before it what W3C-DTF adds: a year alone (`2005`) and a year with a month
// (`2005-01`), which stand for their first day.
std::optional<Timestamp> ParseWebDate(std::string_view written);

}  // namespace newswire::formats
