// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::archive {

// A file opened for reading, seen through one window in memory (256 KiB, or the largest piece asked
// for). One thread.
class FileBytes {
 public:
  // kTransient when there is no such file, kCorruption when it cannot be opened.
  static Result<FileBytes> Open(const std::filesystem::path& path);
  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&& other) noexcept;
  ~FileBytes();

  // Nothing at or beyond `limit` is read. Never above the size that the file has now.
  Status SetLimit(uint64_t limit);
  uint64_t limit() const { return limit_; }
  // Up to `count` bytes from `offset`, fewer only at the limit. Valid until the next call.
  Result<std::string_view> At(uint64_t offset, size_t count);
  const std::string& name() const { return name_; }  // without folder

 private:
  FileBytes(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  int fd_ = -1;
  std::string name_;
  uint64_t limit_ = 0;
  uint64_t base_ = 0;  // of window_ in the file
  std::string window_;
};

}  // namespace newswire::archive
