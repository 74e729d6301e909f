// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace newswire {

// "newswired/0.1.0": WARC `software`, --version.
std::string_view Software();

}  // namespace newswire
