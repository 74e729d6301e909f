// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/archive/record_stream.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// The blocks of the snapshot parts in a stretch of an archive, in order; all else is stepped over
// by its hints. What is damaged is missing. Memory: one part. One thread.
class SnapshotParts {
 public:
  // From the record at `first` to `end`. Errors of both calls are the disk's.
  SnapshotParts(std::filesystem::path dir, Position first, Position end)
      : dir_(std::move(dir)), next_(first), end_(end) {}

  Result<std::optional<std::string>> Next();

 private:
  Result<bool> OpenSegment();

  const std::filesystem::path dir_;
  Position next_;  // where reading goes on
  const Position end_;
  std::filesystem::path path_;
  std::unique_ptr<RecordStream> stream_;
};

}  // namespace newswire::archive
