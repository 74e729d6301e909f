// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/listing.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "transforms/formats/link_base.h"
#include "transforms/model/url.h"
#include "transforms/text/html_tree.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

using text::HtmlTree;

constexpr size_t kMaxLinks = 10'000;
constexpr size_t kMaxTextBytes = 2'000;

std::string TextInside(const HtmlTree& tree, HtmlTree::NodeId node) {
  std::string inside;
  for (HtmlTree::NodeId at = node + 1; at < tree.subtree_end(node); ++at) {
    if (inside.size() > kMaxTextBytes) {
      break;
    }
    if (tree.is_text(at) && !tree.is_comment(at)) {
      inside += tree.text(at);
    } else if (tree.name(at) == "img") {
      inside += ' ';
      inside += tree.attribute(at, "alt");
    } else if (!tree.is_comment(at)) {
      inside += ' ';
    }
  }
  return text::CollapseBlank(text::TruncateToBytes(inside, kMaxTextBytes));
}

}  // namespace

std::vector<ListedLink> ParseListing(std::string_view html, std::string_view base_url) {
  const HtmlTree tree = HtmlTree::Parse(html);
  LinkBase base(base_url);
  bool base_seen = false;
  std::vector<ListedLink> links;
  std::unordered_map<std::string, size_t> by_url;
  for (HtmlTree::NodeId node = 0; node < tree.size() && links.size() < kMaxLinks; ++node) {
    const std::string_view name = tree.name(node);
    if (name == "base" && !base_seen && tree.has_attribute(node, "href")) {
      base = base.Nested(tree.attribute(node, "href"));  // the first counts (HTML, 4.2.3)
      base_seen = true;
      continue;
    }
    if (name != "a" && name != "area") {
      continue;
    }
    const std::string_view href = text::TrimBlank(tree.attribute(node, "href"));
    if (href.empty() || href[0] == '#') {
      continue;
    }
    const auto url = Url::Parse(base.Resolve(href));
    if (!url || url->scheme() == "file") {
      continue;
    }
    std::string label =
        name == "area" ? text::CollapseBlank(tree.attribute(node, "alt")) : TextInside(tree, node);
    const auto [known, fresh] = by_url.try_emplace(url->canonical(), links.size());
    if (fresh) {
      links.push_back({.url = url->given(), .text = std::move(label)});
    } else if (links[known->second].text.empty()) {
      links[known->second].text = std::move(label);  // a picture's link came first
    }
  }
  return links;
}

}  // namespace newswire::formats
