// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <istream>
#include <string>

#include "transforms/model/error.h"

namespace newswire::commands {

// The whole of a file, or of `in` when `file` is "-". kPermanent, naming the file, when it cannot
// be read or is larger than `max_bytes`.
Result<std::string> ReadInput(const std::string& file, std::istream& in, size_t max_bytes);

}  // namespace newswire::commands
