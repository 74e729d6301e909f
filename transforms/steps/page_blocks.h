// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/text/html_tags.h"
#include "transforms/text/html_tree.h"

namespace newswire::steps {

// A line or paragraph of a page: the text between two boundaries of block elements or <br>.
struct PageBlock {
  text::HtmlTree::NodeId element = 0;          // the nearest block element around it
  text::HtmlTree::NodeId first = 0, last = 0;  // its first and last text node
  uint32_t begin = 0, size = 0;                // in PageBlocks::text, blanks collapsed
  uint32_t weight = 0, link_weight = 0;        // characters; a dense one (Han, Thai) counts 2
  uint16_t sentence_marks = 0;                 // commas, full stops and their like
  uint16_t digits = 0;
  text::Tag tag = text::Tag::kNoTag;  // what it is: p, h1-h6, li, td, dd, pre, figcaption, div ...
  bool quoted = false;                // inside a blockquote
  bool strong = false;                // all of it inside b or strong
  bool after_break = false;           // begins behind a <br>
  bool pruned = false;                // inside something that is not the article (see Prune)
};

// A page as a sequence of blocks, with the text mass of every node.
class PageBlocks {
 public:
  explicit PageBlocks(const text::HtmlTree& tree);

  const std::vector<PageBlock>& blocks() const { return blocks_; }
  std::vector<PageBlock>& blocks() { return blocks_; }
  std::string_view text(const PageBlock& block) const {
    return std::string_view(text_).substr(block.begin, block.size);
  }
  // Weighted length of the visible text inside a node, and of that inside links.
  uint32_t Mass(text::HtmlTree::NodeId node) const {
    return mass_[tree_.subtree_end(node)] - mass_[node];
  }
  uint32_t LinkMass(text::HtmlTree::NodeId node) const {
    return link_mass_[tree_.subtree_end(node)] - link_mass_[node];
  }
  // The first block whose text begins at or behind `node`.
  size_t FirstBlockAt(text::HtmlTree::NodeId node) const;
  const text::HtmlTree& tree() const { return tree_; }

 private:
  const text::HtmlTree& tree_;
  std::vector<PageBlock> blocks_;
  std::string text_;
  std::vector<uint32_t> mass_, link_mass_;  // before each node
};

}  // namespace newswire::steps
