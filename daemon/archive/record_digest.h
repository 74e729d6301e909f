// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/archive/warc_record.h"

namespace newswire::archive {

enum class DigestCheck {
  kAbsent,  // the record has none, or none that can be checked alone (revisits, segmented records)
  kRight,
  kWrong,
  kUnknown,  // an algorithm or a form that is not known here
};

// A labelled digest (WARC 1.1 section 5.8: "sha1:<base32>"; hex is met too) against bytes. SHA-1
// and SHA-256 are known.
DigestCheck CheckDigest(std::string_view digest, std::string_view bytes);

// WARC-Block-Digest and WARC-Payload-Digest of a whole record. Writers differ in whether the
// payload's is of the bytes before or after chunked transfer coding: either is right.
struct RecordDigests {
  DigestCheck block = DigestCheck::kAbsent, payload = DigestCheck::kAbsent;
};
RecordDigests CheckDigests(const WarcRecord& record);

}  // namespace newswire::archive
