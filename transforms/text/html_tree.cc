// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/html_tree.h"

#include <array>
#include <climits>
#include <cstring>
#include <optional>
#include <utility>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include "transforms/text/html_strip.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/libxml2.h"
#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kMaxDepth = 400;
constexpr size_t kMaxNodes = 500'000;
constexpr size_t kMaxAttributes = 64;
constexpr size_t kMaxAttributeValue = 16384;

enum class NodeKind : uint8_t { kRoot, kElement, kText, kComment };

// A slice of the tree's character store.
struct Slice {
  uint32_t begin = 0, size = 0;
};

struct Attribute {
  Slice name, value;
};

struct Node {
  uint32_t parent = HtmlTree::kNone, next_sibling = HtmlTree::kNone, end = 0;
  Slice characters;  // the text, or the element's name when the tag does not tell it
  uint32_t first_attribute = 0;
  uint16_t attributes = 0;
  Tag tag = Tag::kNoTag;
  NodeKind kind = NodeKind::kRoot;
};

struct ParserDeleter {
  void operator()(htmlParserCtxtPtr parser) const {
    if (parser->myDoc != nullptr) {
      xmlFreeDoc(parser->myDoc);
    }
    htmlFreeParserCtxt(parser);
  }
};

// What windows-1252 has where ISO 8859-1 has control characters: `&#146;` means an apostrophe on
// the web (WHATWG HTML, numeric character reference end state). 0: left as it is.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

}  // namespace

struct HtmlTree::Impl {
  std::vector<Node> nodes;
  std::vector<Attribute> attributes;
  std::string characters;
  std::string json_ld_store;
  std::vector<std::string_view> json_ld;
  bool truncated = false;

  std::string_view View(Slice slice) const {
    return std::string_view(characters).substr(slice.begin, slice.size);
  }

  Slice Store(std::string_view text) {
    const Slice slice{static_cast<uint32_t>(characters.size()), static_cast<uint32_t>(text.size())};
    characters += text;
    return slice;
  }
};

namespace {

// Receives libxml2's events and appends to the arena. Lives for one parse.
class Builder {
 public:
  Builder(HtmlTree::Impl& tree, const std::vector<std::string_view>& texts)
      : tree_(tree), texts_(texts) {
    tree_.nodes.push_back(Node{});
    last_child_.push_back(HtmlTree::kNone);
    open_.push_back(0);
  }

  void Start(std::string_view name, const xmlChar** attributes) {
    FlushPending();
    if (open_.size() > kMaxDepth || tree_.nodes.size() >= kMaxNodes) {
      ++not_kept_;
      tree_.truncated = true;
      return;
    }
    if (not_kept_ > 0) {
      ++not_kept_;  // inside an element that is not kept: ends come in the order of nesting
      return;
    }
    Node node;
    node.kind = NodeKind::kElement;
    node.tag = FindTag(name);
    if (node.tag == Tag::kOther) {
      node.characters = tree_.Store(name);
    }
    node.first_attribute = static_cast<uint32_t>(tree_.attributes.size());
    if (attributes != nullptr) {
      for (size_t i = 0; attributes[i] != nullptr && node.attributes < kMaxAttributes; i += 2) {
        AddAttribute(attributes[i], attributes[i + 1]);
        ++node.attributes;
      }
    }
    const uint32_t id = Append(node);
    open_.push_back(id);
    last_child_.push_back(HtmlTree::kNone);
  }

  void End() {
    FlushPending();
    if (not_kept_ > 0) {
      --not_kept_;
      return;
    }
    if (open_.size() > 1) {
      tree_.nodes[open_.back()].end = static_cast<uint32_t>(tree_.nodes.size());
      open_.pop_back();
      last_child_.pop_back();
    }
  }

  // Text as the parser gives it, with marks for what the strip kept from it.
  void MarkedText(std::string_view text) {
    std::string joined;
    if (!pending_.empty()) {  // the parser's buffer ended within a mark
      joined = std::move(pending_);
      joined += text;
      pending_.clear();
      text = joined;
    }
    while (!text.empty()) {
      const size_t at = texts_.empty() ? std::string_view::npos : text.find(kTextMark);
      if (at != 0) {
        Text(text.substr(0, at));
      }
      if (at == std::string_view::npos) {
        return;
      }
      text.remove_prefix(at);
      const Mark mark = ReadMark(text);
      if (mark.unfinished) {
        pending_ = text;
        return;
      }
      if (const auto kept = TakeText(mark); kept.has_value()) {
        Text(*kept);
        text.remove_prefix(mark.size);
      } else {
        Text(kTextMark);  // a character of the page
        text.remove_prefix(kTextMark.size());
      }
    }
  }

  void Text(std::string_view text) {
    const uint32_t last = last_child_.back();
    if (last != HtmlTree::kNone && last + 1 == tree_.nodes.size() &&
        tree_.nodes[last].kind == NodeKind::kText) {
      tree_.nodes[last].characters.size += Characters(text);
      return;
    }
    if (tree_.nodes.size() >= kMaxNodes) {
      tree_.truncated = true;
      return;
    }
    Node node;
    node.kind = NodeKind::kText;
    node.characters.begin = static_cast<uint32_t>(tree_.characters.size());
    node.characters.size = Characters(text);
    Append(node);
  }

  void Comment(std::string_view text) {
    FlushPending();
    if (tree_.nodes.size() >= kMaxNodes) {
      return;
    }
    Node node;
    node.kind = NodeKind::kComment;
    node.characters = tree_.Store(text);
    Append(node);
  }

  void Finish() {
    FlushPending();
    while (open_.size() > 1) {
      not_kept_ = 0;
      End();
    }
    tree_.nodes[0].end = static_cast<uint32_t>(tree_.nodes.size());
  }

 private:
  struct Mark {
    size_t index = 0, size = 0;  // size: bytes; 0 when there is none
    bool unfinished = false;     // what is there may be the beginning of one
  };

  // `text` begins with kTextMark.
  static Mark ReadMark(std::string_view text) {
    constexpr size_t kMaxDigits = 10;
    Mark mark;
    size_t end = kTextMark.size();
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
      if (end - kTextMark.size() >= kMaxDigits) {
        return {};
      }
      mark.index = mark.index * 10 + static_cast<size_t>(text[end] - '0');
    }
    if (end == text.size()) {
      mark.unfinished = true;
    } else if (text[end] == ';' && end > kTextMark.size()) {
      mark.size = end + 1;
    }
    return mark;
  }

  // What the strip kept from the parser at this mark. Each is given once, in the page's order: a
  // page that forges marks gets no more text than it has.
  std::optional<std::string_view> TakeText(const Mark& mark) {
    if (mark.size == 0 || mark.index < next_text_ || mark.index >= texts_.size()) {
      return std::nullopt;
    }
    next_text_ = mark.index + 1;
    return texts_[mark.index];
  }

  // An attribute's value with what the strip kept from it. A mark may stand anywhere in it: where a
  // tag is malformed, the parser and the strip may disagree on what is a value.
  std::string Expand(std::string_view value) {
    std::string out;
    while (!value.empty()) {
      const size_t at = std::min(value.find(kTextMark), value.size());
      out += value.substr(0, at);
      value.remove_prefix(at);
      if (!value.empty()) {
        const Mark mark = ReadMark(value);
        out += TakeText(mark).value_or(std::string_view());
        value.remove_prefix(std::max(mark.size, kTextMark.size()));
      }
    }
    return out;
  }

  // What began like a mark at the end of the parser's buffer and went on as none.
  void FlushPending() {
    if (!pending_.empty()) {
      const std::string text = std::exchange(pending_, {});
      Text(text);
    }
  }

  uint32_t Append(Node& node) {
    const auto id = static_cast<uint32_t>(tree_.nodes.size());
    node.parent = open_.back();
    node.end = id + 1;
    if (last_child_.back() != HtmlTree::kNone) {
      tree_.nodes[last_child_.back()].next_sibling = id;
    }
    last_child_.back() = id;
    tree_.nodes.push_back(node);
    return id;
  }

  uint32_t Characters(std::string_view text) {
    if (text.size() == 2 && text[0] == '\xC2') {
      const auto low = static_cast<uint8_t>(text[1]);
      if (low >= 0x80 && low < 0xA0 && kWindows1252[low - 0x80] != 0) {
        const size_t before = tree_.characters.size();
        AppendCodePoint(kWindows1252[low - 0x80], tree_.characters);
        return static_cast<uint32_t>(tree_.characters.size() - before);
      }
    }
    tree_.characters += text;
    return static_cast<uint32_t>(text.size());
  }

  void AddAttribute(const xmlChar* name, const xmlChar* value) {
    std::string_view text;
    if (value != nullptr) {
      text = reinterpret_cast<const char*>(value);
    }
    std::string expanded;
    if (!texts_.empty() && text.find(kTextMark) != std::string_view::npos) {
      expanded = Expand(text);
      text = expanded;
    }
    if (text.size() > kMaxAttributeValue) {
      text = TruncateToBytes(text, kMaxAttributeValue);
    }
    Attribute attribute;
    attribute.name = StoreName(name);
    attribute.value = tree_.Store(text);
    tree_.attributes.push_back(attribute);
  }

  // The parser gives equal names from one place: each is stored about once.
  Slice StoreName(const xmlChar* name) {
    StoredName& stored = names_[(reinterpret_cast<uintptr_t>(name) >> 3) % names_.size()];
    if (stored.name != name) {
      stored = {name, tree_.Store(reinterpret_cast<const char*>(name))};
    }
    return stored.slice;
  }

  struct StoredName {
    const xmlChar* name = nullptr;
    Slice slice;
  };

  HtmlTree::Impl& tree_;
  const std::vector<std::string_view>& texts_;
  std::array<StoredName, 128> names_{};
  size_t next_text_ = 0;  // the first of texts_ that is still to come
  std::string pending_;
  std::vector<uint32_t> open_, last_child_;
  size_t not_kept_ = 0;
};

Builder& Self(void* context) { return *static_cast<Builder*>(context); }

std::string_view View(const xmlChar* text, int size) {
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(size)};
}

void OnStart(void* context, const xmlChar* name, const xmlChar** attributes) {
  Self(context).Start(reinterpret_cast<const char*>(name), attributes);
}
void OnEnd(void* context, const xmlChar* /*name*/) { Self(context).End(); }
void OnText(void* context, const xmlChar* text, int size) {
  Self(context).MarkedText(View(text, size));
}
void OnComment(void* context, const xmlChar* text) {
  Self(context).Comment(reinterpret_cast<const char*>(text));
}

void RunParser(const std::string& html, Builder& builder) {
  if (html.size() >= static_cast<size_t>(INT_MAX)) {
    return;
  }
  InitLibxml2();
  const std::unique_ptr<htmlParserCtxt, ParserDeleter> parser(
      htmlCreateMemoryParserCtxt(html.data(), static_cast<int>(html.size())));
  if (parser == nullptr) {
    return;
  }
  htmlCtxtUseOptions(parser.get(), HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                       HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
  htmlSAXHandler& handler = *parser->sax;
  std::memset(&handler, 0, sizeof handler);
  handler.startElement = OnStart;
  handler.endElement = OnEnd;
  handler.characters = OnText;
  handler.ignorableWhitespace = OnText;
  handler.cdataBlock = OnText;
  handler.comment = OnComment;
  parser->userData = &builder;
  // The text is UTF-8 whatever it says of itself; so told, libxml2 converts nothing.
  parser->charset = XML_CHAR_ENCODING_UTF8;
  htmlParseDocument(parser.get());
}

}  // namespace

HtmlTree::HtmlTree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HtmlTree::HtmlTree(HtmlTree&&) noexcept = default;
HtmlTree& HtmlTree::operator=(HtmlTree&&) noexcept = default;
HtmlTree::~HtmlTree() = default;

HtmlTree HtmlTree::Parse(std::string_view html) {
  auto impl = std::make_unique<Impl>();
  std::string without_nul;
  if (html.find('\0') != std::string_view::npos) {
    without_nul.reserve(html.size());
    for (const char c : html) {
      if (c != '\0') {
        without_nul += c;
      }
    }
    html = without_nul;
  }
  StrippedHtml stripped = StripHtml(html);
  impl->truncated = stripped.truncated;
  size_t json_ld_bytes = 0;
  for (const std::string_view body : stripped.json_ld) {
    json_ld_bytes += body.size();
  }
  impl->json_ld_store.reserve(json_ld_bytes);
  for (const std::string_view body : stripped.json_ld) {
    const size_t begin = impl->json_ld_store.size();
    impl->json_ld_store += body;
    impl->json_ld.push_back(std::string_view(impl->json_ld_store).substr(begin));
  }
  impl->characters.reserve(html.size() / 2);
  impl->nodes.reserve(stripped.html.size() / 40 + 16);
  impl->attributes.reserve(stripped.html.size() / 64 + 16);
  Builder builder(*impl, stripped.texts);
  if (!stripped.html.empty()) {
    RunParser(stripped.html, builder);
  }
  builder.Finish();
  return HtmlTree(std::move(impl));
}

size_t HtmlTree::size() const { return impl_->nodes.size(); }
bool HtmlTree::truncated() const { return impl_->truncated; }
bool HtmlTree::is_text(NodeId node) const { return impl_->nodes[node].kind == NodeKind::kText; }
bool HtmlTree::is_comment(NodeId node) const {
  return impl_->nodes[node].kind == NodeKind::kComment;
}

std::string_view HtmlTree::text(NodeId node) const {
  const Node& it = impl_->nodes[node];
  return it.kind == NodeKind::kText || it.kind == NodeKind::kComment ? impl_->View(it.characters)
                                                                     : std::string_view();
}

Tag HtmlTree::tag(NodeId node) const { return impl_->nodes[node].tag; }

std::string_view HtmlTree::name(NodeId node) const {
  const Node& it = impl_->nodes[node];
  return it.tag == Tag::kOther ? impl_->View(it.characters) : TagName(it.tag);
}

std::string_view HtmlTree::attribute(NodeId node, std::string_view name) const {
  const Node& it = impl_->nodes[node];
  for (uint32_t i = it.first_attribute; i < it.first_attribute + it.attributes; ++i) {
    const Attribute& attribute = impl_->attributes[i];
    if (attribute.name.size == name.size() && impl_->View(attribute.name) == name) {
      return impl_->View(attribute.value);
    }
  }
  return {};
}

bool HtmlTree::has_attribute(NodeId node, std::string_view name) const {
  const Node& it = impl_->nodes[node];
  for (uint32_t i = it.first_attribute; i < it.first_attribute + it.attributes; ++i) {
    if (impl_->View(impl_->attributes[i].name) == name) {
      return true;
    }
  }
  return false;
}

size_t HtmlTree::attribute_count(NodeId node) const { return impl_->nodes[node].attributes; }

std::pair<std::string_view, std::string_view> HtmlTree::attribute_at(NodeId node,
                                                                     size_t index) const {
  const Attribute& attribute = impl_->attributes[impl_->nodes[node].first_attribute + index];
  return {impl_->View(attribute.name), impl_->View(attribute.value)};
}

HtmlTree::NodeId HtmlTree::parent(NodeId node) const { return impl_->nodes[node].parent; }

HtmlTree::NodeId HtmlTree::first_child(NodeId node) const {
  return impl_->nodes[node].end > node + 1 ? node + 1 : kNone;
}

HtmlTree::NodeId HtmlTree::next_sibling(NodeId node) const {
  return impl_->nodes[node].next_sibling;
}
HtmlTree::NodeId HtmlTree::subtree_end(NodeId node) const { return impl_->nodes[node].end; }
const std::vector<std::string_view>& HtmlTree::json_ld() const { return impl_->json_ld; }

}  // namespace newswire::text
