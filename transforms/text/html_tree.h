// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace newswire::text {

// Element names, see transforms/text/html_tags.h; anything unknown is kOther (its name is kept).
// Values are stable within a build only.
enum class Tag : uint8_t;

// An HTML page or fragment as a flat arena in document order, filled by libxml2's SAX parser (never
// a libxml2 tree). Move-only; views into it live as long as it does. Parsing never fails: any bytes
// give a tree. Bounded: depth 400 (deeper elements are flattened into their ancestor), 500,000
// nodes, 64 attributes an element; what is beyond is dropped and `truncated()` says so. Robust
// against: `</html>` or `</body>` in the middle, unclosed elements, raw `<` in text, NUL.
class HtmlTree {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  using NodeId = uint32_t;

  // `html` is valid UTF-8 text, NUL allowed. The content of script, style, svg, select, textarea,
  // iframe and noscript is not in the tree, nor are comments over 64 bytes; ld+json scripts are
  // kept aside. Costs time linear in `html`, whatever it holds.
  static HtmlTree Parse(std::string_view html);

  HtmlTree(HtmlTree&&) noexcept;
  HtmlTree& operator=(HtmlTree&&) noexcept;
  ~HtmlTree();

  NodeId root() const { return 0; }
  size_t size() const;
  bool truncated() const;
  bool is_text(NodeId node) const;
  bool is_comment(NodeId node) const;        // a zero-width marker: EM_StockImg_Start ...
  std::string_view text(NodeId node) const;  // of a text or comment node, entities decoded
  Tag tag(NodeId node) const;
  std::string_view name(NodeId node) const;                              // lower case; "" for text
  std::string_view attribute(NodeId node, std::string_view name) const;  // decoded; "" if absent
  bool has_attribute(NodeId node, std::string_view name) const;
  size_t attribute_count(NodeId node) const;
  // Name (lower case) and decoded value, in the order of the page; `index` < attribute_count.
  std::pair<std::string_view, std::string_view> attribute_at(NodeId node, size_t index) const;
  NodeId parent(NodeId node) const;
  NodeId first_child(NodeId node) const;
  NodeId next_sibling(NodeId node) const;
  NodeId subtree_end(NodeId node) const;  // first node after its subtree: node+1..end-1 are inside
  const std::vector<std::string_view>& json_ld() const;  // raw bodies of application/ld+json

  struct Impl;

 private:
  explicit HtmlTree(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the element itself says that it is not shown: a `hidden` attribute, display:none or
// visibility:hidden in its style.
bool IsHiddenNode(const HtmlTree& tree, HtmlTree::NodeId node);

// The text of an HTML fragment as a reader sees it: markup removed, entities decoded, block
// boundaries and <br> separate words, white space collapsed, script/style/hidden left out. Used for
// titles, summaries, names.
std::string HtmlToText(std::string_view html);

// The fragment with every URL attribute (href, src, srcset, poster, cite, data-src ...) resolved
// against `base`; otherwise serialised as HTML, scripts kept out. For the `content` of feed
// entries.
std::string AbsolutizeHtml(std::string_view html, std::string_view base_url);

}  // namespace newswire::text
