// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "transforms/model/error.h"

namespace newswire::transports {

// What a libcurl result code means for the one who asked. `detail` is libcurl's own sentence (its
// error buffer), may be empty. `where` names the origin, never the whole URL.
Error ErrorFromCurl(CURLcode code, std::string_view where, std::string_view detail);

}  // namespace newswire::transports
