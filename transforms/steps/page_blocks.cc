// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/page_blocks.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

// What the open elements around the walk's place say.
struct Frame {
  NodeId end = 0;
  NodeId element = 0;
  Tag tag = Tag::kDiv;
  uint16_t links = 0, strong = 0, quotes = 0;
};

// Tags that say what a block is; a plain box inside one of them does not take that away.
bool NamesBlock(Tag tag) {
  switch (tag) {
    case Tag::kP:
    case Tag::kLi:
    case Tag::kTd:
    case Tag::kTh:
    case Tag::kDd:
    case Tag::kDt:
    case Tag::kPre:
    case Tag::kFigcaption:
    case Tag::kCaption:
    case Tag::kAddress:
      return true;
    default:
      return text::HeadingLevel(tag) > 0;
  }
}

struct AsciiCounts {
  uint8_t digits = 0, marks = 0;
};
constexpr auto kAsciiCounts = [] {
  std::array<AsciiCounts, 0x80> counts{};
  for (const char digit : std::string_view("0123456789")) {
    counts[static_cast<uint8_t>(digit)].digits = 1;
  }
  for (const char mark : std::string_view(",.;!?")) {
    counts[static_cast<uint8_t>(mark)].marks = 1;
  }
  return counts;
}();

// The bytes of one character as a number.
constexpr uint32_t Packed(std::string_view one) {
  uint32_t number = 0;
  for (const char byte : one) {
    number = number << 8 | static_cast<uint8_t>(byte);
  }
  return number;
}

class Walker {
 public:
  Walker(const HtmlTree& tree, std::vector<PageBlock>& blocks, std::string& out,
         std::vector<uint32_t>& mass, std::vector<uint32_t>& link_mass)
      : tree_(tree), blocks_(blocks), out_(out), mass_(mass), link_mass_(link_mass) {}

  void Run() {
    const auto size = static_cast<NodeId>(tree_.size());
    mass_.resize(size + 1);
    link_mass_.resize(size + 1);
    frames_.push_back({.end = size});
    for (NodeId node = 0; node < size;) {
      while (frames_.back().end <= node && frames_.size() > 1) {
        if (closes_block_.back()) {
          Flush();
        }
        frames_.pop_back();
        closes_block_.pop_back();
      }
      mass_[node] = total_;
      link_mass_[node] = link_total_;
      if (tree_.is_text(node)) {
        Text(node);
        ++node;
        continue;
      }
      const Tag tag = tree_.tag(node);
      if (text::IsInvisibleTag(tag)) {
        const NodeId end = tree_.subtree_end(node);
        for (; node < end; ++node) {
          mass_[node] = total_;
          link_mass_[node] = link_total_;
        }
        continue;
      }
      Element(node, tag);
      ++node;
    }
    Flush();
    mass_[size] = total_;
    link_mass_[size] = link_total_;
  }

 private:
  void Element(NodeId node, Tag tag) {
    if (tag == Tag::kBr) {
      Flush();
      after_break_ = true;
      return;
    }
    const NodeId end = tree_.subtree_end(node);
    const bool block = text::IsBlockTag(tag);
    if (block) {
      Flush();
      after_break_ = false;
    }
    if (end == node + 1) {
      return;
    }
    Frame frame = frames_.back();
    frame.end = end;
    if (block) {
      frame.element = node;
      if (NamesBlock(tag)) {
        frame.tag = tag;
      } else if (tag == Tag::kTable || tag == Tag::kUl || tag == Tag::kOl) {
        frame.tag = Tag::kDiv;
      }
    }
    frame.links += tag == Tag::kA && !IsAutoLink(node) ? 1 : 0;
    frame.strong += tag == Tag::kB || tag == Tag::kStrong ? 1 : 0;
    frame.quotes += tag == Tag::kBlockquote ? 1 : 0;
    frames_.push_back(frame);
    closes_block_.push_back(block);
  }

  // What the portal's auto-linker put on words is text, not navigation.
  bool IsAutoLink(NodeId node) const {
    const std::string_view names = tree_.attribute(node, "class");
    return names == "keytip" || names == "infokey";
  }

  void Text(NodeId node) {
    const std::string_view text = tree_.text(node);
    const Frame& frame = frames_.back();
    const uint32_t before = block_.weight;
    const size_t at = out_.size();
    if (!open_) {
      block_ = PageBlock{};
      block_.begin = static_cast<uint32_t>(at);
      pending_space_ = false;
    }
    const uint32_t weight_before = open_ ? before : 0;
    Append(text);
    if (out_.size() == at && !open_) {
      return;  // blank
    }
    if (!open_) {
      open_ = true;
      block_.element = frame.element;
      block_.first = node;
      block_.tag = frame.tag;
      block_.quoted = frame.quotes > 0;
      block_.after_break = after_break_;
      block_.strong = true;
    }
    if (out_.size() == at) {
      return;
    }
    block_.last = node;
    block_.strong = block_.strong && frame.strong > 0;
    const uint32_t added = block_.weight - weight_before;
    total_ += added;
    if (frame.links > 0) {
      block_.link_weight += added;
      link_total_ += added;
    }
  }

  // Appends with blanks collapsed, and counts. What comes out is no longer than the text and a
  // space before it.
  void Append(std::string_view text) {
    const size_t size = out_.size();
    out_.resize_and_overwrite(size + text.size() + 1, [&](char* out, size_t) {
      return static_cast<size_t>(Copy(text, out + block_.begin, out + size) - out);
    });
  }

  // `to` is where the text goes; its block begins at `begin`. Returns where it ends.
  char* Copy(std::string_view text, const char* begin, char* to) {
    for (size_t i = 0; i < text.size();) {
      const auto c = static_cast<uint8_t>(text[i]);
      if (c <= ' ') {
        pending_space_ = true;
        ++i;
        continue;
      }
      if (c < 0x80) {
        to = Space(begin, to);
        const AsciiCounts& counts = kAsciiCounts[c];
        *to++ = static_cast<char>(c);
        ++block_.weight;
        block_.digits += counts.digits;
        block_.sentence_marks += counts.marks;
        ++i;
        continue;
      }
      const size_t size = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
      const std::string_view one = text.substr(i, size);
      i += size;
      switch (const uint32_t code = Packed(one); code) {
        case Packed("\xC2\xA0"):
        case Packed("\xE3\x80\x80"):
        case Packed("\xE2\x80\x83"):
        case Packed("\xE2\x80\x82"):
        case Packed("\xE2\x80\x89"):
          pending_space_ = true;
          continue;
        case Packed("\xE2\x80\x8B"):
        case Packed("\xE2\x80\x8C"):
        case Packed("\xE2\x80\x8D"):
        case Packed("\xEF\xBB\xBF"):
        case Packed("\xC2\xAD"):
          continue;
        case Packed("，"):
        case Packed("。"):
        case Packed("、"):
        case Packed("！"):
        case Packed("？"):
        case Packed("；"):
        case Packed("।"):
        case Packed("،"):
          ++block_.sentence_marks;
          break;
        default:
          break;
      }
      to = Space(begin, to);
      to = std::ranges::copy(one, to).out;
      block_.weight += Dense(one) ? 2 : 1;
    }
    return to;
  }

  char* Space(const char* begin, char* to) {
    if (pending_space_) {
      pending_space_ = false;
      if (open_ || to > begin) {
        *to++ = ' ';
        ++block_.weight;
      }
    }
    return to;
  }

  static bool Dense(std::string_view one) {
    const auto a = static_cast<uint8_t>(one[0]);
    if (one.size() == 4) {
      return a == 0xF0 && static_cast<uint8_t>(one[1]) >= 0xA0;
    }
    if (one.size() != 3) {
      return false;
    }
    const auto b = static_cast<uint8_t>(one[1]);
    return (a >= 0xE3 && a <= 0xED) || (a == 0xE0 && b >= 0xB8 && b <= 0xBB) ||
           (a == 0xEF && b >= 0xBC && b <= 0xBD);
  }

  void Flush() {
    if (!open_) {
      return;
    }
    open_ = false;
    pending_space_ = false;
    block_.size = static_cast<uint32_t>(out_.size()) - block_.begin;
    blocks_.push_back(block_);
    block_ = PageBlock{};
  }

  const HtmlTree& tree_;
  std::vector<PageBlock>& blocks_;
  std::string& out_;
  std::vector<uint32_t>&mass_, &link_mass_;
  std::vector<Frame> frames_;
  std::vector<bool> closes_block_{false};
  PageBlock block_;
  bool open_ = false, pending_space_ = false, after_break_ = false;
  uint32_t total_ = 0, link_total_ = 0;
};

}  // namespace

PageBlocks::PageBlocks(const HtmlTree& tree) : tree_(tree) {
  blocks_.reserve(256);
  Walker(tree, blocks_, text_, mass_, link_mass_).Run();
}

size_t PageBlocks::FirstBlockAt(NodeId node) const {
  return std::lower_bound(blocks_.begin(), blocks_.end(), node,
                          [](const PageBlock& block, NodeId at) { return block.first < at; }) -
         blocks_.begin();
}

}  // namespace newswire::steps
