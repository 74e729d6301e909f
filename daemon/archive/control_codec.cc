// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/control_codec.h"

#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/record_stream.h"
#include "transforms/text/json.h"

namespace newswire::archive {

Status WriteControl(Control& control, std::string_view warcinfo_id, std::string& out) {
  if (control.kind != ControlKind::kSnapshotPart) {
    if (Status status = ParseControlBody(control); !status) {
      return Fail(ErrorKind::kPermanent, status.error().message);
    }
  }
  if (control.body.size() > kMaxBlock) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("a control record of {} bytes is more than a record may hold",
                            control.body.size()));
  }
  RecordBuilder record(out, "metadata", control.record_id, control.date);
  record.UriField("WARC-Warcinfo-ID", warcinfo_id);
  record.Field(kControlField, Name(control.kind));
  record.Field("Content-Type", "application/json");
  record.BeginBlock(control.body.size());
  record.out().append(control.body);
  record.Finish();
  return {};
}

Result<std::optional<Control>> DecodeControl(const WarcRecord& record, Position position,
                                             Position end) {
  const std::optional<ControlKind> kind = ControlKindFromName(record.Field(kControlField));
  if (!kind) {
    return std::nullopt;
  }
  const std::optional<UtcMillis> date = ParseWarcDate(record.Field("WARC-Date"));
  if (!date) {
    return Fail(ErrorKind::kMalformed, "the control record has no valid WARC-Date");
  }
  Control control{.kind = *kind,
                  .body = record.block,
                  .captures = {},
                  .record_id = std::string(record.id()),
                  .date = *date,
                  .position = position,
                  .end = end};
  if (Status status = ParseControlBody(control); !status) {
    return std::unexpected(status.error());
  }
  return std::optional<Control>(std::move(control));
}

void TakeControlRecord(const WarcRecord& record, Position position, Position end,
                       Controls& controls) {
  Result<std::optional<Control>> control = DecodeControl(record, position, end);
  if (!control) {
    spdlog::error(
        "archive: a control record cannot be read and has no effect position={} "
        "reason=\"{}\"",
        position.ToHex(), control.error().message);
  } else if (control->has_value()) {
    controls.Add(std::move(**control));
  } else if (auto body = text::JsonDocument::Parse(record.block)) {
    controls.AddUnknown(ControlEntry(record.Field(kControlField), record.id(),
                                     ParseWarcDate(record.Field("WARC-Date")).value_or(UtcMillis{}),
                                     position, body->root().Dump()));
  }
}

}  // namespace newswire::archive
