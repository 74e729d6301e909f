// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// A capture's WARC records as docs/formats/archive.md has them, not compressed: how a capture
// crosses the control socket.
struct CaptureText {
  std::string first;  // empty for a capture that is a metadata record alone
  std::string metadata;
};

// kPermanent: larger than a record may be.
Result<CaptureText> CaptureToText(const Capture& capture);
// kMalformed: not two such records and nothing else. `address` holds the record's id alone.
Result<Capture> CaptureFromText(CaptureText text);

}  // namespace newswire::archive
