// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/recovery.h"

#include <algorithm>
#include <vector>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/record_stream.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

// Follows records and knows where the last whole unit (capture, control record, warcinfo) ended.
class Units {
 public:
  explicit Units(uint64_t begin) : end_(begin) {}

  void Take(const RecordStream::Item& item) {
    const auto* record = std::get_if<StoredRecord>(&item);
    if (record == nullptr) {
      head_.reset();
      return;
    }
    if (record->kind == MemberKind::kCaptureHead) {
      head_ = record->begin;
      head_id_ = record->record.id();
      return;
    }
    if (record->kind == MemberKind::kCaptureTail) {
      // Ids are known when the records were read, not only stepped over.
      const bool matches =
          head_ && StripBrackets(record->record.Field("WARC-Concurrent-To")) == head_id_;
      if (matches) {
        starts_.push_back(*head_);
        holds_unit_ = true;
        end_ = record->end;
      }
      head_.reset();
      return;
    }
    head_.reset();
    holds_unit_ = holds_unit_ || record->kind == MemberKind::kCaptureWhole ||
                  record->kind == MemberKind::kControl || record->kind == MemberKind::kSnapshotPart;
    starts_.push_back(record->begin);
    end_ = record->end;
  }

  uint64_t end() const { return end_; }
  bool holds_unit() const { return holds_unit_; }
  // The begin of the last unit that begins at or before `offset`; 0 when none does.
  uint64_t StartBefore(uint64_t offset) const {
    const auto after = std::ranges::upper_bound(starts_, offset);
    return after == starts_.begin() ? 0 : *(after - 1);
  }
  uint64_t last_start() const { return starts_.empty() ? 0 : starts_.back(); }

 private:
  uint64_t end_;
  bool holds_unit_ = false;
  std::optional<uint64_t> head_;
  std::string head_id_;
  std::vector<uint64_t> starts_;
};

Result<Units> Follow(const std::filesystem::path& segment, uint64_t offset, bool skim,
                     std::optional<UtcMillis>* begun) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment, offset);
  if (!stream) {
    return std::unexpected(stream.error());
  }
  Units units(offset);
  while (true) {
    const Result<std::optional<RecordStream::Item>> item =
        skim ? (*stream)->Skim() : (*stream)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      return units;
    }
    units.Take(**item);
    const auto* record = std::get_if<StoredRecord>(&**item);
    if (begun != nullptr && record != nullptr) {
      *begun = ParseWarcDate(record->record.Field("WARC-Date"));
      return units;
    }
  }
}

}  // namespace

Result<Tail> FindTail(const std::filesystem::path& segment) {
  Tail tail;
  const Result<Units> first = Follow(segment, 0, false, &tail.begun);
  if (!first) {
    return std::unexpected(first.error());
  }
  const Result<Units> skimmed = Follow(segment, 0, true, nullptr);
  if (!skimmed) {
    return std::unexpected(skimmed.error());
  }
  // All that was written after the last fsync lies behind this unit's begin.
  const uint64_t last = skimmed->last_start();
  const uint64_t safe = skimmed->StartBefore(last > kMaxUnsynced ? last - kMaxUnsynced : 0);
  const Result<Units> read = Follow(segment, safe, false, nullptr);
  if (!read) {
    return std::unexpected(read.error());
  }
  tail.end = read->end();
  tail.holds_unit = read->holds_unit() || (safe > 0 && skimmed->holds_unit());
  return tail;
}

Status CutTail(const Segment& segment, uint64_t end) {
  if (segment.size <= end) {
    return {};
  }
  const int fd = open(segment.path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::unexpected(SystemError("opening", segment.path));
  }
  NEWSWIRE_FAIL_POINT("archive.repair.before_cut");
  Status status;
  if (ftruncate(fd, static_cast<off_t>(end)) != 0) {
    status = std::unexpected(SystemError("cutting back", segment.path));
  }
  NEWSWIRE_FAIL_POINT("archive.repair.before_sync");
  if (status && fsync(fd) != 0) {
    status = std::unexpected(SystemError("making durable", segment.path));
  }
  close(fd);
  if (status) {
    spdlog::warn("archive: cut back an unfinished end segment={} offset={} bytes={}",
                 segment.path.filename().native(), end, segment.size - end);
  }
  return status;
}

}  // namespace newswire::archive
