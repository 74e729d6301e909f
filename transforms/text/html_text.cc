// SPDX-License-Identifier: Apache-2.0
// What the text of a fragment is, and the fragment with absolute links.
#include <algorithm>
#include <optional>

#include "transforms/model/url.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/html_tree.h"
#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

using NodeId = HtmlTree::NodeId;

constexpr size_t kMaxStyle = 512;

bool SeparatesWords(Tag tag) {
  return IsBlockTag(tag) || tag == Tag::kBr || tag == Tag::kImg || tag == Tag::kWbr;
}

constexpr std::string_view kUrlAttributes[] = {"href",     "src",           "poster", "cite",
                                               "data-src", "data-original", "action", "background",
                                               "longdesc", "data-lazy-src", "data"};

bool IsUrlAttribute(std::string_view name) {
  return std::find(std::begin(kUrlAttributes), std::end(kUrlAttributes), name) !=
         std::end(kUrlAttributes);
}

// Appends with the characters that mean markup escaped; quotes too in an attribute.
void AppendEscaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += quotes ? "&quot;" : "\"";
        break;
      default:
        out += c;
    }
  }
}

// Writes a fragment back with its links resolved.
class LinkWriter {
 public:
  LinkWriter(const HtmlTree& tree, std::string_view base_url) : tree_(tree) {
    if (auto base = Url::Parse(base_url); base.has_value()) {
      base_ = std::move(*base);
    }
  }

  std::string Run() {
    for (NodeId node = 1; node < tree_.size(); ++node) {
      CloseUntil(node);
      Write(node);
    }
    CloseUntil(HtmlTree::kNone);
    return std::move(out_);
  }

 private:
  void CloseUntil(NodeId node) {
    while (!open_.empty() && (node == HtmlTree::kNone || tree_.subtree_end(open_.back()) <= node)) {
      out_ += "</";
      out_ += tree_.name(open_.back());
      out_ += '>';
      open_.pop_back();
    }
  }

  void Write(NodeId node) {
    if (tree_.is_text(node)) {
      AppendEscaped(tree_.text(node), false, out_);
      return;
    }
    if (tree_.is_comment(node)) {
      out_ += "<!-- ";
      out_ += tree_.text(node);
      out_ += " -->";
      return;
    }
    const Tag tag = tree_.tag(node);
    if (tag == Tag::kHtml || tag == Tag::kBody || tag == Tag::kHead) {
      return;
    }
    out_ += '<';
    out_ += tree_.name(node);
    for (size_t i = 0; i < tree_.attribute_count(node); ++i) {
      WriteAttribute(tree_.attribute_at(node, i));
    }
    out_ += '>';
    if (!IsVoidTag(tag)) {
      open_.push_back(node);
    }
  }

  void WriteAttribute(std::pair<std::string_view, std::string_view> attribute) {
    const auto [name, value] = attribute;
    if (name.starts_with("on")) {
      return;  // a script
    }
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    if (name == "srcset" || name == "data-srcset") {
      AppendEscaped(ResolveSet(value), true, out_);
    } else if (IsUrlAttribute(name)) {
      AppendEscaped(Resolve(value), true, out_);
    } else {
      AppendEscaped(value, true, out_);
    }
    out_ += '"';
  }

  std::string Resolve(std::string_view reference) const {
    const std::string_view trimmed = TrimBlank(reference);
    if (!base_.has_value() || trimmed.empty() || trimmed.starts_with("data:") ||
        trimmed.starts_with("mailto:") || trimmed.starts_with("tel:") ||
        trimmed.starts_with("javascript:")) {
      return std::string(reference);
    }
    const auto resolved = Url::Resolve(*base_, trimmed);
    return resolved.has_value() ? resolved->given() : std::string(reference);
  }

  // "a.jpg 1x, b.jpg 2x": candidates end at a comma behind which there is a blank.
  std::string ResolveSet(std::string_view set) const {
    std::string out;
    while (!set.empty()) {
      size_t comma = set.find(", ");
      const std::string_view candidate = TrimBlank(set.substr(0, comma));
      set = comma == std::string_view::npos ? std::string_view() : set.substr(comma + 1);
      if (candidate.empty()) {
        continue;
      }
      const size_t blank = candidate.find(' ');
      out += out.empty() ? "" : ", ";
      out += Resolve(candidate.substr(0, blank));
      if (blank != std::string_view::npos) {
        out += candidate.substr(blank);
      }
    }
    return out;
  }

  const HtmlTree& tree_;
  std::optional<Url> base_;
  std::vector<NodeId> open_;
  std::string out_;
};

}  // namespace

bool IsHiddenNode(const HtmlTree& tree, NodeId node) {
  if (tree.attribute_count(node) == 0) {
    return false;
  }
  if (tree.has_attribute(node, "hidden") && tree.attribute(node, "hidden") != "false") {
    return true;
  }
  const std::string_view style = tree.attribute(node, "style").substr(0, kMaxStyle);
  if (style.empty()) {
    return false;
  }
  std::string compact;
  for (const char c : style) {
    if (c != ' ' && c != '\t' && c != '\n') {
      compact += c;
    }
  }
  compact = ToLowerAscii(compact);
  return compact.find("display:none") != std::string::npos ||
         compact.find("visibility:hidden") != std::string::npos;
}

std::string HtmlToText(std::string_view html) {
  if (html.find_first_of("<&") == std::string_view::npos) {
    return CollapseBlank(html);
  }
  const HtmlTree tree = HtmlTree::Parse(html);
  std::string text;
  text.reserve(html.size());
  std::vector<NodeId> ends;  // of the open elements that separate words
  for (NodeId node = 1; node < tree.size();) {
    while (!ends.empty() && ends.back() <= node) {
      text += ' ';
      ends.pop_back();
    }
    if (tree.is_text(node)) {
      text += tree.text(node);
    } else if (!tree.is_comment(node)) {
      const Tag tag = tree.tag(node);
      if ((IsInvisibleTag(tag) && tag != Tag::kHead && tag != Tag::kTitle) ||
          IsHiddenNode(tree, node)) {
        node = tree.subtree_end(node);
        continue;
      }
      if (SeparatesWords(tag)) {
        text += ' ';
        ends.push_back(tree.subtree_end(node));
      }
    }
    ++node;
  }
  return CollapseBlank(text);
}

std::string AbsolutizeHtml(std::string_view html, std::string_view base_url) {
  const HtmlTree tree = HtmlTree::Parse(html);
  return LinkWriter(tree, base_url).Run();
}

}  // namespace newswire::text
