// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/control.h"
#include "daemon/archive/warc_record.h"
#include "transforms/model/error.h"

// Control records to WARC records and back.
namespace newswire::archive {

// Writes the record over `out`, and fills in what ParseControlBody does. kPermanent: the body is no
// JSON object, names what is no position, or is larger than a record may be.
Status WriteControl(Control& control, std::string_view warcinfo_id, std::string& out);

// A record with the field Newswire-Control; nullopt: of a kind that this version does not know.
// kMalformed: its body or date cannot be read.
Result<std::optional<Control>> DecodeControl(const WarcRecord& record, Position position,
                                             Position end);

// The same, added to those in force. What cannot be read is logged and left out.
void TakeControlRecord(const WarcRecord& record, Position position, Position end,
                       Controls& controls);

}  // namespace newswire::archive
