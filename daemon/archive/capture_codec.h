// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/archive.h"
#include "daemon/archive/capture_text.h"
#include "daemon/archive/control.h"
#include "daemon/archive/gzip_member.h"
#include "daemon/archive/warc_record.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// Captures and configurations to gzip members of WARC records. Keeps its buffers; one thread.
class CaptureEncoder {
 public:
  explicit CaptureEncoder(int compression_level) : members_(compression_level) {}

  // Appends the capture's members to `out`; returns the id of its first record. kPermanent: the
  // capture is larger than a record may be; nothing was appended.
  Result<std::string> Append(const Capture& capture, std::string_view warcinfo_id,
                             std::string& out);
  // The capture's records as they are before they become members.
  Result<CaptureText> ToText(const Capture& capture);
  // Appends a control record; returns its id. kPermanent: see WriteControl; nothing was appended.
  Result<std::string> AppendControl(Control& control, std::string_view warcinfo_id,
                                    std::string& out);
  // Appends a warcinfo record; returns its id. `control_json` is the list of control records in
  // force; `previous_serial` that of the segment before this one, nullopt when it is not known.
  Result<std::string> AppendWarcInfo(const WarcInfo& info, std::string_view control_json,
                                     std::string_view archive_uuid, std::string_view file_name,
                                     std::optional<uint32_t> previous_serial, UtcMillis date,
                                     std::string& out);

 private:
  void WriteFirst(const Capture& capture, std::string_view id, std::string_view warcinfo_id);
  void WriteMetadata(const Capture& capture, std::string_view id, std::string_view first_id,
                     std::string_view warcinfo_id);

  MemberWriter members_;
  std::string record_;
};

// A capture of ours from its records; `metadata` is the second, or the only one (kGone: then
// `first` is nullptr). kMalformed when they are not what we write.
Result<Capture> DecodeCapture(WarcRecord* first, const WarcRecord& metadata);
// Any other writer's record; nullopt for what is no capture (requests, conversions, other metadata,
// responses of other protocols). The source stays empty. Chunked transfer coding is undone.
Result<std::optional<Capture>> DecodeForeign(WarcRecord record);

struct DecodedWarcInfo {
  WarcInfo info;
  std::string control_json;  // the list of control records in force; "" when there is none
  // The serial of the segment before the one that the record stands in; nullopt: it does not say.
  std::optional<uint32_t> previous_serial;
  std::string complaint;  // what of the configuration could not be read; "" when all could
};
DecodedWarcInfo DecodeWarcInfo(const WarcRecord& record);

}  // namespace newswire::archive
