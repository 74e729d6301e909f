// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::text {

// Applies a Content-Encoding, as small as the coding can make it: what DecodeContent undoes. gzip,
// deflate (as zlib), br, zstd, identity, and lists of them in the order applied. Slow: seconds for
// some MiB. The same bytes each time by one version of the libraries. kPermanent: an encoding that
// is not known.
Result<std::string> EncodeContent(std::string_view body, std::string_view content_encoding);

}  // namespace newswire::text
