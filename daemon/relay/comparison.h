// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/relay/post_row.h"
#include "daemon/relay/sequencer_state.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/post.h"

namespace newswire::relay {

// Reads an earlier capture again and takes it through the pipeline that governs the capture being
// applied: to compare revisions made by two pipelines. nullopt when the capture is gone or none of
// today's sources knows it; an error (kTransient) when it may be there but cannot be read now.
using Reread = std::function<Result<std::optional<Transformed>>(Position capture)>;

// Whether an earlier capture counts as gone for what is sequenced at `at`, be it there or not
// (archive::Controls::IsRetired). Empty: none does.
using Retired = std::function<bool(Position capture, Position at)>;

// What comparing a document with its post's newest row said.
struct Comparison {
  bool same = false;
  bool text_changed = false;         // or may have
  std::vector<std::string> changed;  // names, in the order of DigestField; empty when `same`
};

// Compares documents with what is known of their posts, always two made by the same pipeline. Where
// the row's digests are of another one than the document's, the capture that the row points to is
// read again; what came of it is kept in the state. Where that capture is gone, the same bytes are
// no change, and others changed something "unknown".
//
// The same row and document give the same answer whenever they are compared, before the capture is
// deleted or after: what was read once stays known, and what is retired counts as gone from a fixed
// position on. `state` outlives it. One thread.
class Comparer {
 public:
  Comparer(SequencerState& state, Reread reread, Retired retired);

  // `at` is the position of the document's capture. Errors are those of the state and of `reread`.
  Result<Comparison> Compare(const PostRow& row, const Post& post, Position at);
  // Other transforms may be in force, or other captures be there: nothing read lately counts.
  void Forget() { lately_.clear(); }

 private:
  Result<std::optional<PostDigest>> DigestUnderTodaysPipeline(const PostRow& row, const Post& post,
                                                              Position at);
  Result<std::optional<PostDigest>> ReadAgain(const PostRow& row, const Post& post);

  SequencerState& state_;
  const Reread reread_;
  const Retired retired_;
  std::vector<std::pair<Position, std::optional<Transformed>>> lately_;  // read, oldest first
};

}  // namespace newswire::relay
