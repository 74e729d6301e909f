// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/retention.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/hold.h"
#include "daemon/archive/record_stream.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSnapshotsPerGroup = 4;
constexpr int kAgeSlackDivisor = 10;
constexpr std::chrono::hours kMostAgeSlack{24};
constexpr std::string_view kSumSuffix = ".sha256";

// How many of the first segments are over the size.
size_t OverSize(const std::vector<DatedSegment>& segments, size_t most, uint64_t size,
                uint64_t snapshot) {
  uint64_t total = 0;
  for (const DatedSegment& segment : segments) {
    total += segment.size;
  }
  if (total <= size) {
    return 0;
  }
  uint64_t freed = 0;
  size_t count = 0;
  const auto worth_it = [&] {
    return freed >= snapshot * kSnapshotsPerGroup || total - freed <= size / 2;
  };
  while (count < most && !(total - freed + snapshot <= size && worth_it())) {
    freed += segments[count].size;
    ++count;
  }
  return worth_it() ? count : 0;
}

// How many of the first segments are older than the age; 0 while so few are not worth a snapshot.
size_t OverAge(const std::vector<DatedSegment>& segments, size_t most, std::chrono::seconds age,
               uint64_t snapshot, UtcMillis now) {
  uint64_t freed = 0;
  size_t count = 0;
  while (count < most && segments[count].ended && now - *segments[count].ended >= age) {
    freed += segments[count].size;
    ++count;
  }
  if (count == 0) {
    return 0;
  }
  const auto slack = std::min<std::chrono::seconds>(age / kAgeSlackDivisor, kMostAgeSlack);
  const bool late = now - *segments[0].ended >= age + slack;
  return late || freed >= snapshot * kSnapshotsPerGroup ? count : 0;
}

}  // namespace

uint32_t OldestToKeep(const std::vector<DatedSegment>& segments, const RetentionOptions& options,
                      const RetentionLimits& limits, UtcMillis now) {
  size_t most = 0;
  while (most + 1 < segments.size() && segments[most].serial < limits.keep_from) {
    ++most;
  }
  size_t going = 0;
  if (options.size) {
    going = std::max(going, OverSize(segments, most, *options.size, limits.snapshot_bytes));
  }
  if (options.age) {
    going = std::max(going, OverAge(segments, most, *options.age, limits.snapshot_bytes, now));
  }
  return segments[going].serial;
}

Result<std::vector<DatedSegment>> SegmentDates::Of(const std::vector<Segment>& segments) {
  std::vector<DatedSegment> dated;
  for (const Segment& segment : segments) {
    auto known = begun_.find(segment.serial);
    if (known == begun_.end()) {
      const auto head = RecordAt(segment.path, 0);
      if (!head) {
        return std::unexpected(head.error());
      }
      std::optional<UtcMillis> date;
      if (head->has_value()) {
        date = ParseWarcDate((*head)->record.Field("WARC-Date"));
      }
      known = begun_.emplace(segment.serial, date).first;
    }
    if (!dated.empty()) {
      dated.back().ended = known->second;
    }
    dated.push_back({.serial = segment.serial, .size = segment.size, .ended = {}});
  }
  if (!segments.empty()) {
    begun_.erase(begun_.begin(), begun_.lower_bound(segments.front().serial));
  }
  return dated;
}

Result<bool> DeleteOldest(const fs::path& dir, uint32_t keep_from) {
  const auto segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (segments->size() < 2 || segments->front().serial >= keep_from) {
    return false;
  }
  const Segment& oldest = segments->front();
  const auto lock = RetirementLock::Take(dir);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (!*lock) {
    return false;
  }
  const auto held = (*lock)->LowestHeld();
  if (!held) {
    return std::unexpected(held.error());
  }
  if (*held && **held <= oldest.serial) {
    return false;
  }
  NEWSWIRE_FAIL_POINT("archive.retire.before_delete");
  for (const fs::path& path : {oldest.path, SumPath(oldest.path)}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(SystemError("deleting", path));
    }
    NEWSWIRE_FAIL_POINT("archive.retire.between_deletes");
  }
  if (Status status = SyncFolder(dir); !status) {
    return std::unexpected(status.error());
  }
  NEWSWIRE_FAIL_POINT("archive.retire.deleted");
  spdlog::info("archive: a segment was retired segment={} bytes={}",
               oldest.path.filename().native(), oldest.size);
  return true;
}

Status DeleteOrphanSums(const fs::path& dir) {
  std::vector<fs::path> orphans;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().native();
    if (!name.ends_with(kSumSuffix)) {
      continue;
    }
    const std::string segment = name.substr(0, name.size() - kSumSuffix.size());
    std::error_code missing;
    if (SerialOf(segment) && !fs::exists(dir / segment, missing)) {
      orphans.push_back(it->path());
    }
  }
  if (error) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("listing {}: {}", dir.native(), error.message()));
  }
  for (const fs::path& path : orphans) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(SystemError("deleting", path));
    }
  }
  return orphans.empty() ? Status() : SyncFolder(dir);
}

}  // namespace newswire::archive
