// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/control_scan.h"

#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/control_codec.h"
#include "daemon/archive/record_stream.h"

namespace newswire::archive {
namespace {

// The list at a segment's head; nullopt when it cannot be read there. An archive that says nothing
// of control records has none.
Result<std::optional<Controls>> ListAtHead(const Segment& segment) {
  const Result<std::optional<StoredRecord>> head = RecordAt(segment.path, 0);
  if (!head) {
    if (head.error().kind == ErrorKind::kTransient) {
      return std::nullopt;  // retired just now
    }
    return std::unexpected(head.error());
  }
  if (!head->has_value() || (*head)->kind != MemberKind::kWarcInfo) {
    return std::nullopt;
  }
  const DecodedWarcInfo decoded = DecodeWarcInfo((*head)->record);
  if (decoded.control_json.empty()) {
    return std::optional<Controls>(std::in_place);
  }
  Result<Controls> controls = Controls::FromJson(decoded.control_json);
  if (!controls) {
    spdlog::warn(
        "archive: the list of control records is taken from an older segment segment={} "
        "reason=\"{}\"",
        segment.path.filename().native(), controls.error().message);
    return std::nullopt;
  }
  return std::optional<Controls>(std::move(*controls));
}

}  // namespace

Result<bool> ControlScan::Refresh(const std::vector<Segment>& segments) {
  bool changed = false;
  size_t first = 0;
  if (!begun_) {
    for (size_t i = segments.size(); i-- > 0;) {
      Result<std::optional<Controls>> list = ListAtHead(segments[i]);
      if (!list) {
        return std::unexpected(list.error());
      }
      if (list->has_value()) {
        controls_ = std::move(**list);
        changed = !controls_.empty();
        first = i;
        break;
      }
    }
    begun_ = true;
  }
  for (size_t i = first; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.serial < serial_ || (segment.serial == serial_ && segment.size <= offset_)) {
      continue;
    }
    if (segment.serial != serial_) {
      serial_ = segment.serial;
      offset_ = 0;
    }
    const Result<bool> more = ReadOn(segment);
    if (!more) {
      return more;
    }
    changed |= *more;
  }
  return changed;
}

Result<bool> ControlScan::ReadOn(const Segment& segment) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment.path, offset_);
  if (!stream) {
    if (stream.error().kind == ErrorKind::kTransient) {
      return false;  // retired just now
    }
    return std::unexpected(stream.error());
  }
  bool changed = false;
  while (true) {
    Result<std::optional<RecordStream::Item>> item = (*stream)->Skim();
    if (!item) {
      return std::unexpected(item.error());
    }
    const StoredRecord* skimmed = item->has_value() ? std::get_if<StoredRecord>(&**item) : nullptr;
    if (!item->has_value()) {
      return changed;
    }
    if (skimmed == nullptr) {
      continue;  // damage, or an unfinished end: looked at again the next time
    }
    if (skimmed->kind == MemberKind::kControl) {
      const Result<std::optional<StoredRecord>> read = RecordAt(segment.path, skimmed->offset);
      if (!read) {
        return std::unexpected(read.error());
      }
      if (read->has_value() && (*read)->kind == MemberKind::kControl) {
        TakeControlRecord((*read)->record, Position(segment.serial, (*read)->begin),
                          Position(segment.serial, (*read)->end), controls_);
        changed = true;
      }
    }
    offset_ = skimmed->end;
  }
}

Result<std::shared_ptr<const Controls>> ReadControls(const std::filesystem::path& dir) {
  const auto segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  ControlScan scan;
  if (const auto read = scan.Refresh(*segments); !read) {
    return std::unexpected(read.error());
  }
  return std::make_shared<const Controls>(scan.controls());
}

}  // namespace newswire::archive
