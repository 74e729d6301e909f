// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "daemon/store/sqlite.h"
#include "transforms/model/error.h"
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

// 16 bytes that stand for a source's link in the state.
std::string LinkKey(std::string_view source, std::string_view link);

// The sequencer's tables. Rows are only added, each with the position of its capture; the state as
// of P is the newest row below P of each post. Writes open a transaction that Flush commits. One
// thread. Errors are those of the store.
class SequencerState {
 public:
  // An empty path: a private database. `read_only`: a private copy of the file (empty when the file
  // is missing).
  static Result<std::unique_ptr<SequencerState>> Open(const std::filesystem::path& file,
                                                      bool read_only);

  // Binds an unbound state to this archive. kCorruption: it is bound to another one.
  Status BelongTo(std::string_view archive);

  Result<std::optional<PostRow>> Newest(std::string_view post);
  Status Put(std::string_view post, Position position, const PostRow& row);
  // Whether at least two posts of `source` but `post`, not removed, now have this text.
  Result<bool> IsTextOfTwoOthers(std::string_view source, std::string_view post,
                                 const PostDigest& digest);
  // Posts whose newest row has this link, in the order of their ids.
  Result<std::vector<std::string>> PostsOfLink(std::string_view link_key);

  // Whether a slug that was seen has its own topic; nullopt: never seen.
  Result<std::optional<bool>> OwnsTopic(const std::string& slug);
  Status AddTopic(const std::string& slug, Position position, bool own);
  Status AdoptTopics(const std::filesystem::path& file);
  const std::vector<std::string>& own_topics() const { return own_topics_; }

  Status Flush(Position folded);
  Status RewindTo(Position position);
  Position folded() const { return folded_; }

 private:
  explicit SequencerState(store::Database database);
  Status PrepareStatements();
  Status Load();  // what is held in memory: folded_, topics
  Status EnsureTransaction();

  store::Database database_;
  std::optional<store::Statement> newest_, put_, others_, of_link_, topic_, add_topic_, set_folded_;
  bool in_transaction_ = false;
  Position folded_;
  std::vector<std::string> own_topics_;         // in the order they got it: at most max_topics
  std::unordered_set<std::string> owns_topic_;  // the same, for look-ups
};

}  // namespace newswire::relay
