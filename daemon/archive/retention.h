// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "daemon/archive/archive.h"
#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

// Which segments go, and their going. What must be safe in the archive before they do (a snapshot)
// is relay::Retention's.
namespace newswire::archive {

// What decides how much of the archive stays, beside the options.
struct RetentionLimits {
  // Segments with this serial or a higher one stay: what the relay has not committed, what is
  // published last, what a replay holds.
  uint32_t keep_from = 0;
  // What one snapshot takes. Where that is much, segments go in larger groups, so that snapshots do
  // not become most of the archive: as much as four of them at once, but for `size` never below
  // half of it, and for `age` at most a tenth of it, or a day, late.
  uint64_t snapshot_bytes = 0;
};

// A segment and when its successor was begun: nothing in it is newer. nullopt: not known (the
// newest, a damaged successor).
struct DatedSegment {
  uint32_t serial = 0;
  uint64_t size = 0;
  std::optional<UtcMillis> ended;
};

// The serial of the oldest segment that stays; that of the first one when none goes. Pure.
// `segments` are in order and not empty; the newest always stays.
uint32_t OldestToKeep(const std::vector<DatedSegment>& segments, const RetentionOptions& options,
                      const RetentionLimits& limits, UtcMillis now);

// Dates of an archive's segments, each read once. One thread.
class SegmentDates {
 public:
  Result<std::vector<DatedSegment>> Of(const std::vector<Segment>& segments);

 private:
  std::map<uint32_t, std::optional<UtcMillis>> begun_;
};

// Deletes the oldest segment, with its sum, if its serial is below `keep_from` and no replay holds
// it; durable when it returns. False: there is no such segment, or it is held. The caller owns the
// archive. kTransient, kCorruption: the disk's; nothing else was deleted.
Result<bool> DeleteOldest(const std::filesystem::path& dir, uint32_t keep_from);
// Deletes sums whose segment is gone: what a crash in DeleteOldest leaves.
Status DeleteOrphanSums(const std::filesystem::path& dir);

}  // namespace newswire::archive
