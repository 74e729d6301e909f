// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "transforms/steps/document.h"
#include "transforms/text/html_tree.h"

namespace newswire::steps {

// What the markup of a page says of itself, by where it says so. Each list is in the order of the
// page, except for dates in meta tags: those are in the order of how well their names say it.
struct PageCandidates {
  Candidates meta;
  Candidates microdata;  // itemprop
  Candidates elements;   // html, time, rel=author
  Candidates credits;    // meta tags that name the source of the text, origin "visible"
  std::string title;     // of <title>, blanks collapsed
};

// Reads meta, link, time, microdata, rel=author and <title>. One walk over the tree.
void ReadPageMetadata(const text::HtmlTree& tree, PageCandidates& out);

}  // namespace newswire::steps
