// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace newswire::formats {

inline constexpr size_t kMaxSitemapBytes = size_t{50} << 20;  // decoded (sitemaps.org)

struct UnpackedSitemap {
  std::string bytes;
  std::string damage;  // why the rest could not be had; empty when there is none
};

bool IsGzip(std::string_view bytes);
// All members of a gzip file, as far as they can be read, cut at kMaxSitemapBytes. What follows the
// last member is ignored.
UnpackedSitemap Gunzip(std::string_view bytes);

}  // namespace newswire::formats
