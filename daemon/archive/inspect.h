// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>

namespace newswire::archive {

// Any WARC file: one JSON object per record and line, in file order, with offset (of the gzip
// member or zstd frame when compressed), type, record_id, date, target_uri, http_status,
// content_type (of the HTTP payload if there is one), payload_length and payload_sha1 (base32) of
// what follows the HTTP header, as stored. Absent values are null. A damaged record is not listed:
// its line on `err` ends in "at offset <n>". The exit status is that of tools.h.
int InspectWarc(const std::filesystem::path& file, std::ostream& out, std::ostream& err);

}  // namespace newswire::archive
