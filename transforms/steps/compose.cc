// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/compose.h"

#include "transforms/text/utf8.h"

namespace newswire::steps {

void ComposePost(Document& document) {
  Post& post = document.post;
  post.text.clear();
  post.blocks.clear();
  post.links.clear();
  post.images = document.images;
  size_t bytes = 0;
  for (const ContentBlock& block : document.blocks) {
    bytes += block.text.size() + 1;
  }
  post.text.reserve(bytes);
  post.blocks.reserve(document.blocks.size());
  uint32_t at = 0;  // in code points
  for (const ContentBlock& block : document.blocks) {
    if (!post.text.empty()) {
      post.text.push_back('\n');
      ++at;
    }
    const auto length = static_cast<uint32_t>(text::CountCodePoints(block.text));
    post.text += block.text;
    post.blocks.push_back({.kind = block.kind, .level = block.level, .span = {at, at + length}});
    for (const PostLink& link : block.links) {
      if (link.span.end <= length) {
        post.links.push_back(link);
        post.links.back().span = {at + link.span.begin, at + link.span.end};
      }
    }
    at += length;
  }
}

void EnsureComposed(Document& document) {
  if (document.post.text.empty() && !document.blocks.empty()) {
    ComposePost(document);
  }
}

}  // namespace newswire::steps
