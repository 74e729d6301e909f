// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/content_blocks.h"

#include <algorithm>

#include "transforms/model/url.h"
#include "transforms/steps/class_words.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

constexpr size_t kMaxLinks = 2000;  // of a post
constexpr size_t kMaxImages = 200;
constexpr size_t kSmallHidden = 200;  // bytes of text that aria-hidden takes away
constexpr size_t kSmallShareBar = 400;
constexpr std::string_view kChartStart = "EM_StockImg_Start";
constexpr std::string_view kChartEnd = "EM_StockImg_End";

bool HasWord(std::string_view names, std::string_view word) {
  for (size_t at = names.find(word); at != std::string_view::npos; at = names.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || names[at - 1] == ' ') && (end == names.size() || names[end] == ' ')) {
      return true;
    }
  }
  return false;
}

// A paragraph's text while it grows: blanks collapsed, zero-width characters left out.
class Line {
 public:
  void Append(std::string_view text, bool strong, bool linked, bool keep_lines) {
    for (size_t i = 0; i < text.size();) {
      const auto c = static_cast<uint8_t>(text[i]);
      if (c > ' ' && c < 0x80) {
        size_t end = i + 1;
        while (end < text.size() && static_cast<uint8_t>(text[end]) > ' ' &&
               static_cast<uint8_t>(text[end]) < 0x80) {
          ++end;
        }
        Put(text.substr(i, end - i), end - i, strong, linked);
        i = end;
        continue;
      }
      if (c <= ' ') {
        if (keep_lines && c != '\r') {
          Put(text.substr(i, 1), 1, strong, linked);
        } else {
          pending_space_ = true;
        }
        ++i;
        continue;
      }
      const size_t begin = i;
      const char32_t code_point = text::NextCodePoint(text, &i);
      if (text::IsZeroWidth(code_point) || code_point == 0xAD) {
        continue;
      }
      if (text::IsBlank(code_point) && !keep_lines) {
        pending_space_ = true;
        continue;
      }
      wide_ = true;
      Put(text.substr(begin, i - begin), 1, strong, linked);
    }
  }

  bool empty() const { return text_.empty(); }
  uint32_t code_points() const { return code_points_; }
  uint32_t next() const { return code_points_ + (pending_space_ && !text_.empty() ? 1 : 0); }
  bool whole_strong() const { return !plain_; }
  bool has_link() const { return linked_; }

  // The finished text; spans of `links` are moved along when NFC changes it.
  std::string Take(std::vector<PostLink>& links) {
    std::string out = std::move(text_);
    if (wide_) {
      std::string normal = text::NormalizeNfc(out);
      if (normal != out) {
        for (PostLink& link : links) {
          link.span = {Moved(out, link.span.begin), Moved(out, link.span.end)};
        }
        out = std::move(normal);
      }
    }
    *this = Line();
    return out;
  }

 private:
  static uint32_t Moved(const std::string& text, uint32_t at) {
    size_t offset = 0;
    for (uint32_t i = 0; i < at && offset < text.size(); ++i) {
      text::NextCodePoint(text, &offset);
    }
    return static_cast<uint32_t>(
        text::CountCodePoints(text::NormalizeNfc(std::string_view(text).substr(0, offset))));
  }

  void Put(std::string_view bytes, size_t code_points, bool strong, bool linked) {
    if (pending_space_ && !text_.empty()) {
      text_ += ' ';
      ++code_points_;
    }
    pending_space_ = false;
    text_ += bytes;
    code_points_ += static_cast<uint32_t>(code_points);
    plain_ = plain_ || !strong;
    linked_ = linked_ || linked;
  }

  std::string text_;
  uint32_t code_points_ = 0;
  bool pending_space_ = false, plain_ = false, linked_ = false, wide_ = false;
};

class Collector {
 public:
  explicit Collector(const Document& document) : document_(document), tree_(*document.tree) {
    FindBase();
    for (NodeId node = 0; node < tree_.size(); ++node) {
      result_.portal = result_.portal || IsPortalMark(node);
      if (tree_.is_comment(node) && tree_.text(node).starts_with(kChartEnd)) {
        last_chart_end_ = node;
      }
    }
  }

  RawContent Run() {
    for (const NodeId root : document_.content) {
      if (root < behind_) {
        continue;  // inside one already walked
      }
      CountText(root);
      Walk(root);
      behind_ = tree_.subtree_end(root);
    }
    Flush();
    return std::move(result_);
  }

 private:
  struct Open {
    NodeId node = 0, end = 0;
    Tag tag = Tag::kNoTag;
    bool block = false;
  };

  bool IsPortalMark(NodeId node) const {
    if (tree_.is_comment(node)) {
      return tree_.text(node).starts_with("EM_StockImg");
    }
    const std::string_view names = tree_.attribute(node, "class");
    return !names.empty() && (HasWord(names, "em_media") || HasWord(names, "EmImageRemark") ||
                              HasWord(names, "em_stock_key_common") || HasWord(names, "keytip"));
  }

  void FindBase() {
    std::string base;
    if (document_.capture != nullptr) {
      base = document_.capture->url;
    }
    if (document_.feed_entry.has_value() && !document_.feed_entry->url.empty()) {
      base = document_.feed_entry->url;
    }
    if (auto url = Url::Parse(base); url.has_value()) {
      base_ = std::move(*url);
    }
    for (NodeId node = 0; node < tree_.size() && !document_.is_fragment; ++node) {
      if (tree_.tag(node) == Tag::kBase) {
        const std::string given = Absolute(tree_.attribute(node, "href"));
        if (auto url = Url::Parse(given); url.has_value()) {
          base_ = std::move(*url);
        }
        return;
      }
      if (tree_.tag(node) == Tag::kBody) {
        return;
      }
    }
  }

  std::string Absolute(std::string_view reference) const {
    const std::string_view trimmed = text::TrimBlank(reference);
    if (trimmed.empty() || trimmed.starts_with("javascript:") || trimmed.starts_with("data:")) {
      return {};
    }
    if (base_.has_value()) {
      const auto url = Url::Resolve(*base_, trimmed);
      return url.has_value() ? url->given() : std::string();
    }
    const auto url = Url::Parse(trimmed);
    return url.has_value() ? url->given() : std::string();
  }

  // How much text there is, so that hiding never takes what is nearly everything.
  void CountText(NodeId root) {
    total_text_ = 0;
    for (NodeId node = root; node < tree_.subtree_end(root); ++node) {
      total_text_ += tree_.is_text(node) ? tree_.text(node).size() : 0;
    }
  }
  size_t TextBytes(NodeId root) const {
    size_t bytes = 0;
    for (NodeId node = root; node < tree_.subtree_end(root); ++node) {
      bytes += tree_.is_text(node) ? tree_.text(node).size() : 0;
    }
    return bytes;
  }

  bool IsLeftOut(NodeId node, Tag tag) const {
    if (std::binary_search(document_.excluded.begin(), document_.excluded.end(), node)) {
      return true;
    }
    if (text::IsInvisibleTag(tag) || tag == Tag::kButton || tag == Tag::kNav ||
        tag == Tag::kInput) {
      return true;
    }
    if (tree_.attribute_count(node) == 0) {
      return false;
    }
    if (text::IsHiddenNode(tree_, node)) {
      return TextBytes(node) * 100 <= total_text_ * (document_.is_fragment ? 45 : 55);
    }
    if (tree_.attribute(node, "aria-hidden") == "true" && TextBytes(node) <= kSmallHidden) {
      return true;
    }
    const std::string_view names = tree_.attribute(node, "class");
    if (names.empty()) {
      return false;
    }
    if (tag == Tag::kA && HasWord(names, "EmImageRemark")) {
      return true;
    }
    constexpr uint16_t kOut = kHintShare | kHintComment | kHintSignup | kHintHidden;
    const uint16_t hints = ClassHints(names, {});
    return (hints & kOut) != 0 && (hints & kHintContent) == 0 && text::IsBlockTag(tag) &&
           TextBytes(node) <= kSmallShareBar && TextBytes(node) * 4 <= total_text_;
  }

  void Walk(NodeId root) {
    const NodeId end = tree_.subtree_end(root);
    for (NodeId node = root; node < end;) {
      Close(node);
      if (tree_.is_comment(node)) {
        Comment(node);
        ++node;
        continue;
      }
      if (in_chart_) {
        ++node;
        continue;
      }
      if (tree_.is_text(node)) {
        if (!std::binary_search(document_.excluded.begin(), document_.excluded.end(), node)) {
          Text(node);
        }
        ++node;
        continue;
      }
      const Tag tag = tree_.tag(node);
      if (IsLeftOut(node, tag)) {
        if (text::IsBlockTag(tag)) {
          Flush();
        }
        node = tree_.subtree_end(node);
        continue;
      }
      if (tag == Tag::kFigcaption) {
        Caption(node);
        node = tree_.subtree_end(node);
        continue;
      }
      if (tag == Tag::kTable && DataTable(node)) {
        node = tree_.subtree_end(node);
        continue;
      }
      Element(node, tag);
      ++node;
    }
    Close(end);
    if (tree_.is_text(root) && TextEndsBlock(root)) {
      Flush();
    }
  }

  // A lone text node goes on in the next one when nothing but inline elements lies between them.
  bool TextEndsBlock(NodeId node) const {
    const NodeId next = tree_.next_sibling(node);
    return next == HtmlTree::kNone || text::IsBlockTag(tree_.tag(next)) ||
           tree_.tag(next) == Tag::kBr;
  }

  void Comment(NodeId node) {
    const std::string_view mark = tree_.text(node);
    if (mark.starts_with(kChartStart)) {
      // Only when an end is there too: else the mark would take the rest of the post.
      if (node < last_chart_end_) {
        Flush();
        in_chart_ = true;
      }
    } else if (mark.starts_with(kChartEnd)) {
      in_chart_ = false;
    }
  }

  void Close(NodeId node) {
    while (!open_.empty() && open_.back().end <= node) {
      const Open closed = open_.back();
      if (closed.tag == Tag::kA) {
        EndLink();
      }
      if (closed.block) {
        Flush();
      }
      open_.pop_back();
      strong_ -= closed.tag == Tag::kStrong || closed.tag == Tag::kB ? 1 : 0;
      quotes_ -= closed.tag == Tag::kBlockquote ? 1 : 0;
      pre_ -= closed.tag == Tag::kPre ? 1 : 0;
      items_ -= closed.tag == Tag::kLi ? 1 : 0;
      if (closed.tag == Tag::kBlockquote && quotes_ == 0) {
        first_quote_ = false;
      }
    }
  }

  void Element(NodeId node, Tag tag) {
    if (tag == Tag::kBr) {
      if (BreakEndsBlock()) {
        Flush();
      } else if (pre_ > 0) {
        line_.Append("\n", true, true, true);
      } else {
        line_.Append(" ", true, true, false);
      }
      return;
    }
    if (tag == Tag::kImg) {
      Image(node);
      return;
    }
    const bool block = text::IsBlockTag(tag);
    if (block) {
      Flush();
    }
    strong_ += tag == Tag::kStrong || tag == Tag::kB ? 1 : 0;
    pre_ += tag == Tag::kPre ? 1 : 0;
    items_ += tag == Tag::kLi ? 1 : 0;
    if (tag == Tag::kBlockquote) {
      first_quote_ = first_quote_ || !quote_seen_;
      quote_seen_ = true;
      ++quotes_;
    }
    if (tag == Tag::kA) {
      link_begin_ = line_.next();
      link_node_ = node;
      in_link_ = true;
    }
    open_.push_back({.node = node, .end = tree_.subtree_end(node), .tag = tag, .block = block});
  }

  bool BreakEndsBlock() const {
    if (pre_ > 0) {
      return false;
    }
    for (auto it = open_.rbegin(); it != open_.rend(); ++it) {
      if (it->tag == Tag::kLi || it->tag == Tag::kTd || it->tag == Tag::kTh ||
          text::HeadingLevel(it->tag) > 0) {
        return false;
      }
      if (it->tag == Tag::kP || it->tag == Tag::kDiv) {
        return true;
      }
    }
    return true;
  }

  void Text(NodeId node) { line_.Append(tree_.text(node), strong_ > 0, in_link_, pre_ > 0); }

  void EndLink() {
    in_link_ = false;
    const uint32_t end = line_.code_points();
    if (end <= link_begin_ || link_count_ >= kMaxLinks) {
      return;
    }
    PostLink link;
    link.url = Absolute(tree_.attribute(link_node_, "href"));
    if (link.url.empty()) {
      return;
    }
    link.span = {link_begin_, end};
    links_.push_back(std::move(link));
    ++link_count_;
  }

  NodeId Innermost() const {
    for (auto it = open_.rbegin(); it != open_.rend(); ++it) {
      if (it->block) {
        return it->node;
      }
    }
    return 0;
  }

  void Flush() {
    const bool relink = in_link_;
    if (relink) {
      EndLink();
    }
    if (!line_.empty()) {
      RawBlock block;
      block.whole_strong = line_.whole_strong();
      block.has_link = line_.has_link();
      block.content.text = line_.Take(links_);
      if (pre_ > 0) {
        TrimLines(block.content.text);
      }
      block.content.links = std::move(links_);
      FillLinkTexts(block.content);
      const NodeId element = Innermost();
      SetKind(block.content, element);
      block.credit_mark = HasWord(tree_.attribute(element, "class"), "em_media");
      block.first_quote = first_quote_;
      if (!block.content.text.empty()) {
        result_.blocks.push_back(std::move(block));
      }
    }
    line_ = Line();
    links_.clear();
    if (relink) {
      in_link_ = true;
      link_begin_ = 0;
    }
  }

  // Code keeps its lines, less the empty ones around it.
  static void TrimLines(std::string& code) {
    const size_t begin = code.find_first_not_of("\n");
    const size_t end = code.find_last_not_of(" \t\n");
    code = begin == std::string::npos || end == std::string::npos
               ? std::string()
               : code.substr(begin, end - begin + 1);
  }

  static void FillLinkTexts(ContentBlock& block) {
    for (PostLink& link : block.links) {
      size_t offset = 0;
      uint32_t at = 0;
      for (; at < link.span.begin && offset < block.text.size(); ++at) {
        text::NextCodePoint(block.text, &offset);
      }
      const size_t begin = offset;
      for (; at < link.span.end && offset < block.text.size(); ++at) {
        text::NextCodePoint(block.text, &offset);
      }
      link.span.end = at;
      link.text = block.text.substr(begin, offset - begin);
    }
  }

  void SetKind(ContentBlock& block, NodeId element) const {
    const int level = text::HeadingLevel(tree_.tag(element));
    if (level > 0) {
      block.kind = BlockKind::kHeading;
      block.level = level;
    } else if (pre_ > 0) {
      block.kind = BlockKind::kCode;
    } else if (items_ > 0) {
      block.kind = BlockKind::kListItem;
    } else if (quotes_ > 0) {
      block.kind = BlockKind::kQuote;
    }
  }

  void Image(NodeId node) {
    if (result_.images.size() >= kMaxImages) {
      return;
    }
    std::string_view source = tree_.attribute(node, "src");
    for (const std::string_view name : {"data-src", "data-original", "data-lazy-src"}) {
      if (source.empty() || source.starts_with("data:")) {
        source = tree_.attribute(node, name);
      }
    }
    if (tree_.attribute(node, "width") == "1" || tree_.attribute(node, "height") == "1") {
      return;
    }
    PostImage image;
    image.url = Absolute(source);
    if (image.url.empty()) {
      return;
    }
    image.alt = text::CollapseBlank(tree_.attribute(node, "alt"));
    const bool known = std::any_of(result_.images.begin(), result_.images.end(),
                                   [&](const PostImage& other) { return other.url == image.url; });
    if (!known) {
      result_.images.push_back(std::move(image));
    }
  }

  // The words below a picture belong to it, not to the text.
  void Caption(NodeId node) {
    std::string words;
    for (NodeId inside = node; inside < tree_.subtree_end(node); ++inside) {
      if (tree_.is_text(inside)) {
        words += tree_.text(inside);
        words += ' ';
      }
    }
    if (!result_.images.empty() && result_.images.back().caption.empty()) {
      result_.images.back().caption = text::CollapseBlank(words);
    }
  }

  // A table of short cells becomes one block a row; a table that only lays out the page does not.
  bool DataTable(NodeId table) {
    size_t rows = 0, cells = 0;
    const NodeId end = tree_.subtree_end(table);
    for (NodeId node = table + 1; node < end; ++node) {
      switch (tree_.tag(node)) {
        case Tag::kTr:
          ++rows;
          break;
        case Tag::kTd:
        case Tag::kTh:
          ++cells;
          break;
        case Tag::kTable:
        case Tag::kUl:
        case Tag::kOl:
        case Tag::kBlockquote:
        case Tag::kH1:
        case Tag::kH2:
        case Tag::kH3:
        case Tag::kImg:
          return false;
        default:
          break;
      }
    }
    if (rows < 2 || cells < rows * 2) {
      return false;
    }
    Flush();
    RawBlock row;
    for (NodeId node = table + 1; node <= end; ++node) {
      if (node == end || tree_.tag(node) == Tag::kTr) {
        PushRow(row);
        row = RawBlock();
      }
      if (node == end) {
        break;
      }
      if (tree_.tag(node) == Tag::kTd || tree_.tag(node) == Tag::kTh) {
        AddCell(node, row);
      }
    }
    return true;
  }

  void AddCell(NodeId cell, RawBlock& row) const {
    std::string words;
    for (NodeId inside = cell; inside < tree_.subtree_end(cell); ++inside) {
      if (std::binary_search(document_.excluded.begin(), document_.excluded.end(), inside)) {
        continue;
      }
      if (tree_.is_text(inside)) {
        words += tree_.text(inside);
      } else {
        words += text::IsBlockTag(tree_.tag(inside)) || tree_.tag(inside) == Tag::kBr ? " " : "";
      }
    }
    words = text::CollapseBlank(words);
    row.content.text += row.content.text.empty() || words.empty() ? "" : " | ";
    row.content.text += words;
  }

  void PushRow(RawBlock& row) {
    if (!row.content.text.empty()) {
      row.content.kind = BlockKind::kTable;
      result_.blocks.push_back(std::move(row));
    }
  }

  const Document& document_;
  const HtmlTree& tree_;
  std::optional<Url> base_;
  RawContent result_;
  std::vector<Open> open_;
  Line line_;
  std::vector<PostLink> links_;
  NodeId link_node_ = 0, behind_ = 0, last_chart_end_ = 0;
  uint32_t link_begin_ = 0;
  size_t link_count_ = 0, total_text_ = 0;
  int strong_ = 0, quotes_ = 0, pre_ = 0, items_ = 0;
  bool in_link_ = false, in_chart_ = false, first_quote_ = false, quote_seen_ = false;
};

}  // namespace

RawContent CollectContent(const Document& document) { return Collector(document).Run(); }

}  // namespace newswire::steps
