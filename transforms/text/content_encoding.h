// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::text {

struct DecodeLimits {
  size_t max_bytes = size_t{5} << 20;  // of the decoded body
  size_t max_ratio = 100;              // decoded : encoded, checked beyond the first 1 MiB decoded
};

// Undoes a Content-Encoding ("gzip", "br", "deflate", "zstd", "identity", lists of at most 3)
// within limits. kMalformed names the limit or the damage. A body that is not encoded although the
// header says so (common on the web) is returned as it is.
Result<std::string> DecodeContent(std::string_view body, std::string_view content_encoding,
                                  const DecodeLimits& limits);

}  // namespace newswire::text
