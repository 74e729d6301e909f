// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/post.h"

namespace newswire::relay {

struct SequencerOptions {
  std::filesystem::path state;  // SQLite file: <data_dir>/state/sequencer.db
  uint32_t max_topics = 1000;
  size_t max_event_bytes = 900'000;
  bool read_only = false;  // dry runs: works on a copy in memory
};

// Reads an earlier capture again and takes it through the pipeline it is given by today: to compare
// revisions made by two pipelines. nullopt when the capture is gone.
using Reread = std::function<Result<std::optional<Transformed>>(Position capture)>;

// The one place where order matters: gives posts their revision, decides what changed, which topic
// a slug has, what is a removal, what is folded without being published. A fold over the archive:
// the state after position P depends only on what lies below P.
//
// Rows carry the position that made them. Apply works in memory and in one open transaction; Flush
// makes it durable, and is called before the Kafka commit; RewindTo drops what lies at or beyond a
// position (after an aborted commit, at start). One thread.
class Sequencer {
 public:
  static Result<std::unique_ptr<Sequencer>> Open(SequencerOptions options, Reread reread);
  ~Sequencer();

  // The events of one capture, in document order (possibly none). The state advances to
  // capture.address.end.
  Result<std::vector<Event>> Apply(const Transformed& capture);
  Status Flush();
  Status RewindTo(Position committed);
  // How far the durable state reaches: a fold must go on from here.
  Position folded() const;
  // Slugs that have a topic of their own, in the order they got it.
  std::vector<std::string> TopicSlugs() const;

 private:
  struct Impl;
  explicit Sequencer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire::relay
