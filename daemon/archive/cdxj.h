// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "transforms/model/error.h"

namespace newswire::archive {

inline constexpr size_t kIndexMemory = size_t{64} << 20;  // lines held before they go to files

// `archive index`: a CDXJ index of WARC files, as pywb and OpenWayback read it. One line per
// response, resource and revisit record, sorted by bytes:
//   <SURT key> <14-digit UTC time> {"url", "mime", "status", "digest", "length", "offset",
//   "filename"}
// All values are text. `mime` of a revisit is warc/revisit; `digest` is the payload's, base32 of
// SHA-1 without label; `offset` and `length` are those of the record's gzip member (of the record
// in a plain file); `filename` is without folder. Sorted in at most `memory` bytes and files in
// `temporary`. Damage is named on `err` and passed over, and so is a file whose gzip members
// (zstd frames) hold many records, which an index cannot point to. `archive` is the folder that the
// files are segments of, or empty. `give` gets each line. The exit status is that of tools.h.
int IndexFiles(const std::vector<std::filesystem::path>& files,
               const std::filesystem::path& archive, const std::filesystem::path& temporary,
               size_t memory, const std::stop_token& stop,
               const std::function<Status(const std::string&)>& give, std::ostream& err);

}  // namespace newswire::archive
