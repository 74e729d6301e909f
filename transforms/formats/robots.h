// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace newswire::formats {

// A parsed robots.txt (RFC 9309). Immutable; any thread. At most 500 KiB are read (section 2.5) and
// 16,663 bytes of a line, the rest is ignored. Never fails: what is no rule is skipped. As widely
// deployed parsers do, it forgives a missing colon and the usual misspellings of the field names.
class Robots {
 public:
  static Robots Parse(std::string_view bytes);
  static Robots AllowAll();     // 4xx: unavailable (2.3.1.3)
  static Robots DisallowAll();  // 5xx and network errors: unreachable (2.3.1.4)

  // `agent`: a product token, or a whole User-Agent cut at `/` or space; compared without case.
  // All groups that name it count as one; `*` only when none does. Rule and URL path are compared
  // %-normalised (2.2.2); the longest match in octets wins, allow on a tie; /robots.txt itself is
  // allowed. An empty path is `/`. Linear in rules x path.
  bool Allows(std::string_view agent, std::string_view path_and_query) const;
  // Seconds, not negative; the largest of the agent's groups. No part of RFC 9309: a Crawl-delay
  // line neither ends nor starts a group.
  std::optional<double> CrawlDelay(std::string_view agent) const;
  // What concerns one agent, without the sitemaps: for keeping thousands of them. The rules then
  // hold for every agent that is asked for.
  Robots ForAgent(std::string_view agent) const;
  // As written, valid UTF-8, in order.
  const std::vector<std::string>& sitemaps() const { return sitemaps_; }

 private:
  struct Rule {
    bool allow;
    std::string pattern;  // %-normalised; `*` and a last `$` are special
  };
  struct Group {
    std::vector<std::string> agents;  // lower case, cut at `/` and blanks; "*" for all
    std::vector<Rule> rules;
    std::optional<double> crawl_delay;
  };
  struct Parser;

  std::vector<const Group*> GroupsFor(std::string_view agent) const;

  std::vector<Group> groups_;
  std::vector<std::string> sitemaps_;
  bool disallow_all_ = false;
};

// What `newswired inspect robots` prints: {"allowed":bool,"crawl_delay_s":number|null,
// "sitemaps":[...]}. `url` is absolute or a path that starts with `/`.
std::string RobotsToJson(const Robots& robots, std::string_view agent, std::string_view url);

}  // namespace newswire::formats
