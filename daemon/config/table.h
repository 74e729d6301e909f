// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/config/values.h"
#include "transforms/model/error.h"

namespace newswire::config {

// A mapping table as CSV (RFC 4180, UTF-8, an optional byte order mark): two columns a row, quotes
// where needed, empty lines and lines that begin with `#` left out. Cells are trimmed. At most
// 100,000 rows. kConfig names the line; so does a name that is given twice.
Result<TextPairs> ParseTable(std::string_view csv);

}  // namespace newswire::config
