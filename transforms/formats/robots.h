// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace newswire::formats {

// A parsed robots.txt (RFC 9309). Immutable; at most 500 KiB are read (section 2.5), the rest is
// ignored. Never fails.
class Robots {
 public:
  static Robots Parse(std::string_view bytes);
  static Robots AllowAll();     // 4xx: unavailable (2.3.1.3)
  static Robots DisallowAll();  // 5xx and network errors: unreachable (2.3.1.4)

  // `agent`: a product token, or a whole User-Agent cut at `/` or space. Rule and URL path are
  // compared %-normalised (2.2.2); longest match wins, allow on a tie; /robots.txt itself is
  // allowed.
  bool Allows(std::string_view agent, std::string_view path_and_query) const;
  std::optional<double> CrawlDelay(std::string_view agent) const;  // seconds
  const std::vector<std::string>& sitemaps() const { return sitemaps_; }

 private:
  struct Rule {
    bool allow;
    std::string pattern;
  };
  struct Group {
    std::vector<std::string> agents;  // lower case
    std::vector<Rule> rules;
    std::optional<double> crawl_delay;
  };
  std::vector<Group> groups_;
  std::vector<std::string> sitemaps_;
  bool disallow_all_ = false;
};

}  // namespace newswire::formats
