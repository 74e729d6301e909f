// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/position.h"
#include "transforms/model/post.h"

namespace newswire::relay {

enum class PostState {
  kLive = 0,
  kWithheld = 1,  // known, never published: revision 0
  kRemoved = 2,   // keeps the digests of its last text
};

// The newest that is known of a post; docs/formats/sequencer-state.md.
struct PostRow {
  uint32_t revision = 0;
  PostState state = PostState::kLive;
  BodyKind body = BodyKind::kPage;
  std::string topic;  // slug, "other", or empty while withheld
  PostDigest digest;
  Digest256 document_digest{};
  std::string pipeline;   // that made the digests
  Position capture;       // that the digests are of
  uint32_t document = 0;  // its number in that capture
  std::string link;       // LinkKey of where it is fetched; empty when unknown
  std::string url;
  bool text_new = false;  // for Put: the text is not that of the post's row before
  bool link_new = false;  // the same of the link
};

// A row as it is stored, for snapshots.
struct StoredPost {
  std::string post;
  Position position;  // of the capture that made the row
  PostRow row;
};

struct StoredTopic {
  std::string slug;
  Position position;  // of the capture that showed it first
  bool own = false;
  uint32_t number = 0;  // among those with a topic of their own, from 1
};

// What a post's earlier capture says under a pipeline later than the row's: read again for a
// comparison, and kept, so that the same comparison can be made when the capture is gone.
struct RereadDigest {
  std::string post;
  Position capture;
  std::string pipeline;
  PostDigest digest;
};

// 16 bytes that stand for a source's link in the state.
std::string LinkKey(std::string_view source, std::string_view link);

// A digest as it is stored: the whole, then the fields; 96 bytes.
std::string PackDigest(const PostDigest& digest);
std::optional<PostDigest> UnpackDigest(std::string_view bytes);

}  // namespace newswire::relay
