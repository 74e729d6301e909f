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

#include "daemon/relay/post_row.h"
#include "daemon/store/sqlite.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

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
  // What was kept of a capture that was read again.
  Result<std::optional<PostDigest>> Reread(std::string_view post, Position capture,
                                           std::string_view pipeline);
  // Also to restore it from a snapshot: what is kept already stays. Not undone by RewindTo once it
  // was flushed: it is true whatever was sequenced.
  Status Put(const RereadDigest& reread);
  // Whether at least two posts of `source` but `post`, not removed, now have this text.
  Result<bool> IsTextOfTwoOthers(std::string_view source, std::string_view post,
                                 const PostDigest& digest);
  // Posts whose newest row has this link, in the order of their ids.
  Result<std::vector<std::string>> PostsOfLink(std::string_view link_key);

  // Whether a slug that was seen has its own topic; nullopt: never seen.
  Result<std::optional<bool>> OwnsTopic(const std::string& slug);
  Status AddTopic(const std::string& slug, Position position, bool own);
  // Slugs that are known already stay as they are.
  Status AdoptTopics(const std::filesystem::path& file);
  const std::vector<std::string>& own_topics() const { return own_topics_; }

  Status Flush(Position folded);
  // Below `base` the state is empty afterwards, as of the beginning: its rows were pruned.
  Status RewindTo(Position position);
  Position folded() const { return folded_; }
  Position base() const { return base_; }  // it can be rewound to here and beyond; 0: anywhere

  // Snapshots. Rows have ids that rise with their positions; those below a position do not change
  // while others are added.
  Result<uint64_t> CountRows();
  // The id up to which all rows, and none behind it, were made below `position`.
  Result<int64_t> LastRowBelow(Position position);
  // Looks at the rows behind `after`, at most `count` ids and none beyond `last`; appends those
  // that are their post's newest up to `last`. Returns the id that it looked at last.
  Result<int64_t> NewestRows(int64_t after, int64_t last, int64_t count,
                             std::vector<StoredPost>& out);
  // The same of captures that were read again: those of rows that are their post's newest up to the
  // row `last`. Ids rise in the order of making; nullopt: nothing is behind `after`.
  Result<std::optional<int64_t>> Rereads(int64_t after, int64_t count, int64_t last,
                                         std::vector<RereadDigest>& out);
  // In the order in which they got their numbers.
  Result<std::vector<StoredTopic>> TopicsBelow(Position position);

  // Takes another state in: everything but adopted topics goes, Restore and both Puts fill it,
  // EndReplacing commits it as the state as of `base`. RewindTo instead of EndReplacing leaves all
  // as it was.
  Status BeginReplacing();
  Status Restore(const StoredTopic& topic);
  Status EndReplacing(Position base);

  // No position below `oldest` will be asked for again: of the rows behind `after`, at most `count`
  // ids, drops those that a newer one below `oldest` replaces. Returns where to go on; nullopt: no
  // such rows are left. In the open transaction, as Put.
  Result<std::optional<int64_t>> Prune(Position oldest, int64_t after, int64_t count);

 private:
  explicit SequencerState(store::Database database);
  Status PrepareStatements();
  Status Load();  // what is held in memory: folded_, topics
  Status EnsureTransaction();
  static Result<PostRow> ReadPostRow(const store::Statement& row);

  store::Database database_;
  std::optional<store::Statement> newest_, put_, reread_, put_reread_, others_, of_link_, topic_,
      add_topic_, set_folded_, newest_rows_;
  bool in_transaction_ = false;
  Position folded_, base_;
  std::vector<std::string> own_topics_;         // in the order they got it: at most max_topics
  std::unordered_set<std::string> owns_topic_;  // the same, for look-ups
};

}  // namespace newswire::relay
