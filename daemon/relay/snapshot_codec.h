// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/relay/post_row.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

// The sequencer's state as JSON in the archive (docs/formats/archive.md, "Snapshots").
namespace newswire::relay {

// One part: some rows of a snapshot.
struct SnapshotPart {
  std::string snapshot;  // which one: a uuid
  uint64_t number = 0;   // of this part, from 1
  std::vector<StoredTopic> topics;
  std::vector<StoredPost> posts;
  std::vector<RereadDigest> rereads;
};

// The record behind the last part: the snapshot is complete.
struct SnapshotEnd {
  std::string snapshot;
  std::string archive;  // uuid
  Position base;        // the state is that as of here
  // How far the writer had sequenced: what it needed of captures below `base` up to here is in
  // `rereads`, and from here on they count as gone.
  Position through;
  Position first;  // where part 1 lies
  uint64_t parts = 0, topics = 0, posts = 0, rereads = 0;
  std::string sha256;  // of all parts' blocks, one after the other, in hex
};

std::string ToJson(const SnapshotPart& part);
Result<SnapshotPart> SnapshotPartFromJson(std::string_view json);
std::string ToJson(const SnapshotEnd& end);
Result<SnapshotEnd> SnapshotEndFromJson(std::string_view json);

}  // namespace newswire::relay
