// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transforms/model/post.h"

namespace newswire::relay {

// What a test says of one post; `Make` does what a pipeline would: the digests.
struct PostSpec {
  std::string id = "s:1";
  std::string title = "Title";
  std::string text = "Text";
  std::string category = "news";
  std::string pipeline = "1.0.0+aaaaaaaa";
  std::string bytes;                            // of the document; empty: made of title and text
  std::optional<int64_t> published_at = 1'000;  // milliseconds
  std::string url = "https://a.example/1.html";
  uint32_t document = 0;
};
Post Make(const PostSpec& spec);

// Captures in the order of an archive that exists only in the test.
class History {
 public:
  static constexpr uint64_t kCaptureBytes = 100;

  // A page with this post, fetched by its link.
  Transformed Page(const PostSpec& spec);
  // A feed with these documents.
  Transformed Feed(const std::vector<PostSpec>& specs);
  Transformed Removed(const std::string& link, const std::string& link_post_id = {});
  Transformed Revisit(const std::string& link);
  Transformed Broken(const std::string& url);
  // Later captures lie in the next segment.
  void NextSegment();

  static std::string LinkOf(const std::string& id) { return "https://a.example/" + id; }
  Position next() const { return next_; }

 private:
  Transformed Start(CaptureRole role);

  Position next_{1, 0};
  uint32_t number_ = 0;
};

}  // namespace newswire::relay
