// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/gzip_member.h"
#include "daemon/archive/record_stream.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// Bytes of a segment of ours that no checksum of a record covers: which of them are not what
// Newswire writes. One thread.
class MemberCheck {
 public:
  struct Difference {
    uint64_t offset = 0, length = 0;
    std::string what;
  };

  static Result<MemberCheck> Open(const std::filesystem::path& segment);

  // The first byte of the record's gzip header that differs; nullopt when none does.
  Result<std::optional<Difference>> Header(const StoredRecord& record);

  // Makes each member again out of what it holds and names those whose bytes differ: in a segment
  // whose records are all right, they hold what was changed. Empty when all are the same.
  // kPermanent when the segment was compressed in a way that cannot be repeated here. At most `max`
  // are named.
  static Result<std::vector<Difference>> Repeat(const std::filesystem::path& segment, size_t max);

 private:
  explicit MemberCheck(FileBytes file) : file_(std::move(file)) {}

  FileBytes file_;
};

}  // namespace newswire::archive
