// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "transforms/model/timestamp.h"

// What `newswired archive ls|cat|verify` and `newswired inspect warc` do. Each writes its answer to
// `out` and one line per failure to `err`, and returns the exit status: 0, kFoundDamage when bytes
// were skipped or are wrong, kCannotRead when there was nothing to read. They read a folder that a
// running daemon owns too; what it is just writing is not damage.
namespace newswire::archive {

inline constexpr int kFoundDamage = 1;
inline constexpr int kCannotRead = 2;

struct ListFilter {
  std::string source;                     // exactly; empty: all
  std::string url;                        // a part of the URL or of the link; empty: all
  std::optional<UtcMillis> since, until;  // of fetched_at; since <= t < until
};
// One line per capture, fields separated by tabs: position, date, kind, source, role, HTTP status
// (`-` without one), URL.
int ListCaptures(const std::filesystem::path& dir, const ListFilter& filter, std::ostream& out,
                 std::ostream& err);

enum class CatPart {
  kRecords,  // the WARC records of the capture
  kPayload,  // the body as it was received
  kDecoded,  // the body without its content encoding
};
// `which`: a position (16 hex digits, as `ls` prints them) or a record id, with or without
// "urn:uuid:" and angle brackets.
int CatCapture(const std::filesystem::path& dir, std::string_view which, CatPart part,
               std::ostream& out, std::ostream& err);

// Reads every record of every segment: checksums, lengths, digests, that captures are whole; and
// sealed segments against their `.sha256`. Damage is printed to `out` as "<segment>: <what> at
// offset <n>", then one line per segment.
int VerifyArchive(const std::filesystem::path& dir, std::ostream& out, std::ostream& err);

// Any WARC file: one JSON object per record and line, in file order, with offset (of the gzip
// member or zstd frame when compressed), type, record_id, date, target_uri, http_status,
// content_type (of the HTTP payload if there is one), payload_length and payload_sha1 (base32) of
// what follows the HTTP header, as stored. Absent values are null. A damaged record is not listed:
// its line on `err` ends in "at offset <n>".
int InspectWarc(const std::filesystem::path& file, std::ostream& out, std::ostream& err);

}  // namespace newswire::archive
