// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "tests/fuzz/input.h"
#include "transforms/pipeline.h"
#include "transforms/text/utf8.h"

namespace newswire::fuzz {

inline Pipeline PipelineOf(SourceKind kind, std::string_view url) {
  Source source;
  source.id = "fuzzed";
  source.kind = kind;
  source.url = url;
  source.timezone = "Asia/Shanghai";
  return *Pipeline::Create(source);
}

// Takes one document through every step, as the daemon does, and demands of the post what the
// event's schema does: UTF-8, spans inside the text and in order; the same twice.
inline void RunPipeline(const Pipeline& pipeline, Capture capture) {
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'700'000'000'000}};
  capture.metadata.source = pipeline.source().id;
  capture.metadata.link = capture.url;
  capture.address.position = Position(1, 7);
  const Transformed made = pipeline.Run(capture);
  const Transformed again = pipeline.Run(capture);
  Require(made.posts.size() == again.posts.size(), "as many posts twice");
  for (size_t i = 0; i < made.posts.size(); ++i) {
    const Post& post = made.posts[i];
    Require(post.digest == again.posts[i].digest, "the same digest twice");
    Require(text::IsValidUtf8(post.text) && text::IsValidUtf8(post.title), "a post is UTF-8");
    const size_t length = text::CountCodePoints(post.text);
    size_t at = 0;
    for (const Block& block : post.blocks) {
      Require(
          block.span.begin >= at && block.span.end >= block.span.begin && block.span.end <= length,
          "blocks lie in the text, in its order");
      at = block.span.end;
    }
  }
}

}  // namespace newswire::fuzz
