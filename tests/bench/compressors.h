// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace newswire::bench {

// Compresses one body and gives the compressed size; keeps its memory. One thread at a time.
using Compress = std::function<size_t(std::string_view)>;

// `name`: none, zlib-N, libdeflate-N (both gzip) or zstd-N (with its checksum), N the level. Ends
// the process, with the reason, for any other.
Compress MakeCompressor(const std::string& name);

}  // namespace newswire::bench
