// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/capture.h"
#include "transforms/model/timestamp.h"

namespace newswire {

// A half-open range [begin, end) of Unicode code points over `Post::text`.
struct Span {
  uint32_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

enum class BlockKind { kParagraph, kHeading, kListItem, kQuote, kCode, kTable, kCaption };
std::string_view Name(BlockKind kind);

struct Block {
  BlockKind kind = BlockKind::kParagraph;
  int level = 0;  // of a heading, 1 to 6; else 0
  Span span;
  bool operator==(const Block&) const = default;
};

struct PostLink {
  std::string url, text;
  Span span;
  bool operator==(const PostLink&) const = default;
};

struct PostImage {
  std::string url, alt, caption;
  bool operator==(const PostImage&) const = default;
};

struct Category {
  std::string slug;  // as the site or the mapping gives it; "" when nothing gave one
  std::string name;
  bool operator==(const Category&) const = default;
};

// SHA-256 of each field that makes a revision, in this order: what `changed` names.
enum class DigestField {
  kTitle,
  kSummary,
  kText,
  kBlocks,
  kAuthors,
  kPublisher,
  kPublishedAt,
  kCategory,
};
inline constexpr size_t kDigestFields = 8;
std::string_view Name(DigestField field);  // the event's field name: "title", "published_at", ...

using Digest256 = std::array<uint8_t, 32>;
struct PostDigest {
  Digest256 whole{};                                           // over the eight below
  std::array<std::array<uint8_t, 8>, kDigestFields> fields{};  // first 8 bytes of each SHA-256
  bool operator==(const PostDigest&) const = default;
};

// One post as the pipeline understood it: everything of the event but what only the order of the
// archive can tell (revision, changed, story). Absent means absent: nullopt or empty, never a
// guess.
struct Post {
  std::string id;  // <source>:<native id>
  std::string source;
  Category category;
  std::string title, summary, language, publisher;  // empty: null in the event
  std::vector<std::string> authors, tags;
  std::string url, original_url, dateline;
  std::optional<Timestamp> published_at, updated_at;
  UtcMillis fetched_at;
  std::string text;  // blocks joined by one '\n'; valid UTF-8, NFC
  std::vector<Block> blocks;
  std::vector<PostLink> links;
  std::vector<PostImage> images;
  uint32_t document = 0;  // its number in the capture
  ArchiveAddress archive;
  std::string pipeline;  // version+hash

  PostDigest digest;
  // Of the document's own bytes (by the archive's payload digest where there is one): tells an
  // upgrade from an edit.
  Digest256 document_digest{};

  bool operator==(const Post&) const = default;
};

// What could not be parsed: goes to the dead-letter topic, never dropped silently.
struct DeadLetter {
  std::string source, url;
  uint32_t document = 0;
  std::string step;    // the step that refused it
  std::string reason;  // one sentence
  UtcMillis fetched_at;
  ArchiveAddress archive;
  std::string pipeline;

  bool operator==(const DeadLetter&) const = default;
};

// What one capture became: the transform stage's answer, a pure function of the capture and the
// source.
struct Transformed {
  ArchiveAddress address;
  CaptureKind kind = CaptureKind::kResponse;
  CaptureRole role = CaptureRole::kPost;
  BodyKind body =
      BodyKind::kPage;  // of its documents: kFeed for a feed's, else as its metadata says
  int http_status = 0;
  std::string source, link;
  // The post id that the link alone tells (native id or hash of the URL), for a capture without a
  // document (a removal); empty when only a document can tell.
  std::string link_post_id;
  std::string pipeline;
  UtcMillis fetched_at;
  std::optional<Removal> removal;
  std::optional<UtcMillis> publish_after;
  bool without_entry = false;  // a post of which discovery knew nothing but the link
  std::vector<Post> posts;     // document order; of two with one id only the last is here
  std::vector<DeadLetter> dead_letters;
};

}  // namespace newswire
