// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/relay/comparison.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/post.h"

namespace newswire::relay {

struct SequencerOptions {
  std::filesystem::path state;  // SQLite file: <data_dir>/state/sequencer.db; empty: a private one
                                // that vanishes with the object
  uint32_t max_topics = 1000;
  size_t max_event_bytes = 900'000;
  bool read_only = false;  // dry runs: works on a private copy, the file stays as it is
  std::string archive;     // uuid of the archive it is a fold of; empty: not checked
  // Whether a post was redacted: it is folded as any other, so that all others keep their events,
  // and none of its own are made. Empty: none was.
  std::function<bool(std::string_view post)> redacted = {};
  Retired retired = {};
};

// What the sequencer refused to do, since it was opened. For metrics.
struct SequencerCounters {
  uint64_t ignored_rechecks = 0;   // text of two other posts: a challenge page, a soft 404
  uint64_t ignored_bodies = 0;     // a document of another body kind than the post's first one
  uint64_t forgotten_entries = 0;  // the same page without what the feed once said of it
  uint64_t withheld = 0;  // folded without being published: older than the first contact's cut
};

class SequencerState;

// The one place where order matters: gives posts their revision, decides what changed, which topic
// a slug has, what is a removal, what is folded without being published. A fold over the archive:
// the state after position P depends only on what lies below P.
//
// Rows carry the position that made them, so the state as of an older position can be had by
// RewindTo: any one that is not below what was pruned. Apply and Fold work in one open transaction;
// Flush makes it durable, and is called before the Kafka commit; RewindTo drops what lies at or
// beyond a position (after an aborted commit, at start). After an error of Apply, Fold or Flush
// only RewindTo may follow. One thread.
//
// Durable means: survives a crash of the process. Power loss may take the newest rows, never the
// order; the relay folds the missing stretch again.
class Sequencer {
 public:
  // A missing file starts empty. kCorruption: the file is damaged or of another archive; Delete it
  // and fold again.
  static Result<std::unique_ptr<Sequencer>> Open(SequencerOptions options, Reread reread);
  static Status Delete(const std::filesystem::path& state);
  ~Sequencer();

  // The events of one capture, in document order (possibly none). The state advances to
  // capture.address.end. kPermanent when the capture lies below `position()`.
  Result<std::vector<Event>> Apply(const Transformed& capture);
  // The same change of state, without making the events.
  Status Fold(const Transformed& capture);
  // Tombstones for those of the posts that have ever been published, made by the redaction at
  // `position`. No change of state.
  Result<std::vector<Event>> Tombstones(const std::vector<std::string>& posts, Position position,
                                        UtcMillis date);
  // The state advances over what changes nothing: a control record.
  void Pass(Position end);
  Status Flush();
  // Drops what was applied since the last Flush, then every row made at or beyond `committed`.
  Status RewindTo(Position committed);
  // How far the durable state reaches: after RewindTo a fold goes on from here.
  Position folded() const;
  // The end of the last capture applied, flushed or not.
  Position position() const;
  // The limits in force from the next capture on: they are part of the archived configuration, and
  // change with it.
  void SetLimits(uint32_t max_topics, size_t max_event_bytes);
  // Takes over which slugs have topics from another state, as if they had been seen before
  // everything; slugs that this state knows keep what they have. To be called where nothing was
  // applied since the last Flush. kPermanent when there is no such file.
  Status AdoptTopics(const std::filesystem::path& state);
  // Slugs that have a topic of their own, in the order they got it.
  std::vector<std::string> TopicSlugs() const;
  const SequencerCounters& counters() const;
  // For snapshots and pruning. After the state is replaced only RewindTo may follow.
  SequencerState& state();

 private:
  struct Impl;
  explicit Sequencer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire::relay
