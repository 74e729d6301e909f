// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/governing.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/record_stream.h"

namespace newswire::archive {
namespace {

// Where the warcinfo records below `from` lie, in order.
Result<std::vector<uint64_t>> WarcInfosBelow(const Segment& segment, uint64_t from,
                                             uint64_t limit) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment.path);
  if (!stream) {
    return std::unexpected(stream.error());
  }
  if (Status status = (*stream)->SetLimit(limit); !status) {
    return std::unexpected(status.error());
  }
  const auto wrong = [&](std::string_view why) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{}: {} at offset {}", segment.path.filename().native(), why, from));
  };
  std::vector<uint64_t> warcinfos;
  bool after_head = false;
  while ((*stream)->position() <= from) {
    const Result<std::optional<RecordStream::Item>> item = (*stream)->Skim();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      if ((*stream)->position() < from) {
        return wrong("the segment ends before the position");
      }
      break;
    }
    const auto* record = std::get_if<StoredRecord>(&**item);
    if (record == nullptr) {
      after_head = false;
      continue;  // a position inside damage cannot be judged
    }
    if (record->begin >= from) {
      if (record->begin == from && after_head && record->kind == MemberKind::kCaptureTail) {
        return wrong("no capture begins");
      }
      break;
    }
    if (record->end > from) {
      return wrong("no record begins");
    }
    after_head = record->kind == MemberKind::kCaptureHead;
    if (record->kind == MemberKind::kWarcInfo) {
      warcinfos.push_back(record->offset);
    }
  }
  return warcinfos;
}

}  // namespace

Result<std::optional<WarcInfo>> GoverningAt(const Segment& segment, uint64_t offset,
                                            uint64_t limit) {
  const Result<std::vector<uint64_t>> warcinfos = WarcInfosBelow(segment, offset, limit);
  if (!warcinfos) {
    return std::unexpected(warcinfos.error());
  }
  for (size_t i = warcinfos->size(); i-- > 0;) {
    const Result<std::optional<StoredRecord>> record = RecordAt(segment.path, (*warcinfos)[i]);
    if (!record) {
      return std::unexpected(record.error());
    }
    if (record->has_value()) {
      DecodedWarcInfo decoded = DecodeWarcInfo((*record)->record);
      decoded.info.position = Position(segment.serial, (*record)->begin);
      return std::optional<WarcInfo>(std::move(decoded.info));
    }
  }
  return std::nullopt;
}

}  // namespace newswire::archive
