// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transforms/model/error.h"

namespace newswire::archive {

// Sorts any number of lines by their bytes in bounded memory: what does not fit lies in unnamed
// files of a folder, sorted run by run, and is merged. One thread. Errors are those of the disk.
class LineSorter {
 public:
  // At most about `memory_bytes` of lines are held.
  LineSorter(std::filesystem::path folder, size_t memory_bytes);

  // `line` ends with its only line feed.
  Status Add(std::string line);
  // Gives all lines in order; equal ones once. `give` returns false to end early.
  Status Finish(const std::function<bool(const std::string&)>& give);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using Run = std::unique_ptr<std::FILE, CloseFile>;

  Result<Run> MakeRun() const;
  Status Spill();
  Status Merge(std::vector<Run> runs, const std::function<bool(const std::string&)>& give) const;

  const std::filesystem::path folder_;
  const size_t memory_bytes_;
  size_t held_bytes_ = 0;
  std::vector<std::string> lines_;
  std::vector<Run> runs_;
};

}  // namespace newswire::archive
