// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/snapshot_parts.h"

#include <algorithm>
#include <utility>

namespace newswire::archive {

// The segment that `next_` lies in, or the next one; false: none before the end.
Result<bool> SnapshotParts::OpenSegment() {
  const auto segments = ListSegments(dir_);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const auto found = std::ranges::find_if(
      *segments, [&](const Segment& segment) { return segment.serial >= next_.serial(); });
  if (found == segments->end() || found->serial > end_.serial()) {
    return false;
  }
  if (found->serial > next_.serial()) {
    next_ = Position(found->serial, 0);
  }
  auto opened = RecordStream::Open(found->path, next_.offset());
  if (!opened) {
    return std::unexpected(opened.error());
  }
  path_ = found->path;
  stream_ = std::move(*opened);
  return true;
}

Result<std::optional<std::string>> SnapshotParts::Next() {
  while (true) {
    if (stream_ == nullptr) {
      const Result<bool> opened = OpenSegment();
      if (!opened) {
        return std::unexpected(opened.error());
      }
      if (!*opened) {
        return std::nullopt;
      }
    }
    const auto item = stream_->Skim();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      stream_.reset();
      next_ = Position(next_.serial() + 1, 0);
      continue;
    }
    const auto* skimmed = std::get_if<StoredRecord>(&**item);
    if (skimmed == nullptr) {
      continue;
    }
    if (Position(next_.serial(), skimmed->begin) >= end_) {
      return std::nullopt;
    }
    if (skimmed->kind != MemberKind::kSnapshotPart) {
      continue;
    }
    auto record = RecordAt(path_, skimmed->offset);
    if (!record) {
      return std::unexpected(record.error());
    }
    if (record->has_value() && (*record)->kind == MemberKind::kSnapshotPart) {
      return std::optional<std::string>(std::move((*record)->record.block));
    }
  }
}

}  // namespace newswire::archive
