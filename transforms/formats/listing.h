// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace newswire::formats {

struct ListedLink {
  std::string url, text;
};

// The links of an HTML page in document order, absolute, each URL once, at most 10,000.
std::vector<ListedLink> ParseListing(std::string_view html, std::string_view base_url);

}  // namespace newswire::formats
