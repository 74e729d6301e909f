// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

namespace newswire::archive {

inline constexpr size_t kMaxRecordHeader = size_t{256} << 10;
inline constexpr uint64_t kMaxBlock = uint64_t{256} << 20;  // a larger one is damage

// One WARC record: version, named fields, block.
struct WarcRecord {
  std::string version;  // "WARC/1.1"
  std::vector<HttpHeader> fields;
  std::string block;

  // The value of the first field of that name (without case), or "".
  std::string_view Field(std::string_view name) const;
  std::string_view type() const { return Field("WARC-Type"); }
  // Without angle brackets, which some writers put around WARC-Target-URI too.
  std::string_view id() const;
  std::string_view target_uri() const;
  // The record as it is stored, up to how its header lines were broken and folded.
  std::string Bytes() const;
};

std::string_view StripBrackets(std::string_view uri);

// The header of a record: its fields and where its block lies.
struct WarcHeader {
  WarcRecord record;  // block empty
  size_t header_length = 0;
  uint64_t block_length = 0;
};
// `text` begins at the version line and may go on behind the header. nullopt: the header does not
// end in `text` (more is needed, up to kMaxRecordHeader). kMalformed: this is no WARC record.
// Lenient: LF for CRLF, folded lines, any version.
Result<std::optional<WarcHeader>> ParseWarcHeader(std::string_view text);

// WARC-Date in any precision that WARC 1.0 or 1.1 allows: 2006-09-19T17:20:14.123456Z down to 2006.
std::optional<UtcMillis> ParseWarcDate(std::string_view text);

std::string NewUuid();                           // random, version 4: 8-4-4-4-12
std::string NewRecordId();                       // urn:uuid:...
std::string Sha1Digest(std::string_view bytes);  // "sha1:<base32>"

// Builds one record in place: fields, then the block, then Finish. Digests are patched in, so that
// the block is copied once.
class RecordBuilder {
 public:
  // Clears `out`.
  RecordBuilder(std::string& out, std::string_view type, std::string_view record_id,
                UtcMillis date);
  // Control characters in `value` become spaces: a field is one line.
  RecordBuilder& Field(std::string_view name, std::string_view value);
  RecordBuilder& UriField(std::string_view name, std::string_view uri);  // <uri>
  // Ends the header, with a place for the block's digest.
  void BeginBlock(uint64_t length);
  std::string& out() { return out_; }  // append the block's `length` bytes here
  // Fills in WARC-Block-Digest; ends the record.
  void Finish();
  // The block so far.
  std::string_view block() const;

 private:
  std::string& out_;
  size_t digest_at_ = 0;
  size_t block_at_ = 0;
};

}  // namespace newswire::archive
