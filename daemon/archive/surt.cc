// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/surt.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "transforms/model/url.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

bool IsAddress(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "www.", "www2." and the like before a host that has more than that.
std::string_view WithoutWww(std::string_view host) {
  if (!host.starts_with("www")) {
    return host;
  }
  const size_t dot = host.find_first_not_of("0123456789", 3);
  return dot != std::string_view::npos && host[dot] == '.' && dot + 1 < host.size()
             ? host.substr(dot + 1)
             : host;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::string Join(const std::vector<std::string_view>& parts, char separator) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) {
      joined += separator;
    }
    joined += parts[i];
  }
  return joined;
}

}  // namespace

std::string SurtKey(std::string_view text) {
  const Result<Url> url = Url::Parse(text);
  if (!url || url->scheme() == "file") {
    std::string key = text::ToLowerAscii(text);
    // A key ends at the first space.
    std::ranges::replace_if(key, [](unsigned char c) { return c <= ' '; }, '+');
    return key;
  }
  const std::string_view host = WithoutWww(url->host());
  std::string key;
  if (IsAddress(host)) {
    key = host;
  } else {
    std::vector<std::string_view> labels = Split(host, '.');
    std::ranges::reverse(labels);
    key = Join(labels, ',');
  }
  const uint16_t usual = url->scheme() == "https" ? kHttpsPort : kHttpPort;
  if (url->port() != usual) {
    key += fmt::format(":{}", url->port());
  }
  std::string_view path = url->path();
  if (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  key += ")";
  key += text::ToLowerAscii(path);
  if (!url->query().empty()) {
    const std::string query = text::ToLowerAscii(url->query());
    std::vector<std::string_view> parameters = Split(query, '&');
    std::ranges::stable_sort(parameters);
    key += "?" + Join(parameters, '&');
  }
  return key;
}

}  // namespace newswire::archive
