// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "transforms/steps/page_blocks.h"

namespace newswire::steps {

inline constexpr size_t kFeatures = 68;
using FeatureRow = std::array<float, kFeatures>;

// Where the article seems to be: the container whose paragraphs weigh most (paragraphs give their
// points to their ancestors, less the farther these are), and its first and last real paragraph.
struct Anchor {
  text::HtmlTree::NodeId top = 0;
  size_t first = 0, last = 0;   // block indices, inclusive; first > last: there is no paragraph
  uint32_t paragraph_mass = 0;  // of the page
};

// A block that reads like running text: long enough, punctuated, and not made of links.
bool IsParagraph(const PageBlock& block);

// Marks blocks inside navigation, asides, footers, forms, hidden elements, comment lists as pruned,
// each only where it holds at most 45 % of the page's text, and finds the anchor.
Anchor FindAnchor(PageBlocks& page);

// What can be said of each block in numbers. `title` is the page's <title>.
std::vector<FeatureRow> MakeFeatures(const PageBlocks& page, const Anchor& anchor,
                                     std::string_view title);

// What the text of a line alone says.
struct LineHints {
  bool boilerplate = false;  // copyright, disclaimer, "read more", editors' lines
  bool share = false, credit = false, date = false, ends_sentence = false, ends_colon = false;
};
LineHints ReadLine(std::string_view line);

}  // namespace newswire::steps
