// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace newswire::formats {

struct FrontMatter {
  std::string title, date, layout;
  std::vector<std::string> categories, tags, authors;
  std::vector<std::pair<std::string, std::string>> other;  // scalar keys, file order
  bool tolerant = false;                                   // not valid YAML: read line by line
  size_t body_offset = 0;                                  // where the post's body begins
};

// The YAML block at the head of a Markdown post (Jekyll). Empty lines and a BOM before the first
// `---` are allowed; LF and CR LF. Valid YAML is read by libyaml (no aliases, depth 16); anything
// else by a line reader that recovers title, date, categories and tags from unescaped quotes.
// nullopt: no front matter. `categories: a  b` is one category here: the slug is free text with
// spaces.
std::optional<FrontMatter> ParseFrontMatter(std::string_view text);

}  // namespace newswire::formats
