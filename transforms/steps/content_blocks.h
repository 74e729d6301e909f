// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "transforms/steps/document.h"

namespace newswire::steps {

// A block as it stands on the page, before it is decided whether it is text of the post.
struct RawBlock {
  ContentBlock content;
  bool credit_mark = false;   // the portal's own mark of a credit line (class em_media)
  bool whole_strong = false;  // all of it inside strong or b
  bool has_link = false;
  bool first_quote = false;  // inside the first blockquote
};

struct RawContent {
  std::vector<RawBlock> blocks;
  std::vector<PostImage> images;
  bool portal = false;  // the page carries the marks of the portal behind the first site
};

// Walks the content nodes of `document.tree`, less what is excluded, hidden, a script, a chart or a
// share bar, and collects its blocks: text collapsed and in NFC, links with absolute URLs and spans
// in code points of the block's text.
RawContent CollectContent(const Document& document);

}  // namespace newswire::steps
