// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::publish {

// Replaces `file` by `content`: temporary file beside it, fsync, rename, fsync of the folder. After
// a crash the file holds the old or the new content, whole. kTransient: disk full; kCorruption: I/O
// error.
Status ReplaceFile(const std::filesystem::path& file, std::string_view content);

// nullopt: there is no such file. More than `max_bytes` is kCorruption.
Result<std::optional<std::string>> ReadSmallFile(const std::filesystem::path& file,
                                                 size_t max_bytes = size_t{16} << 20);

// An error of the current errno: ENOSPC, EDQUOT are kTransient, all else kCorruption.
Error FileError(std::string_view what, const std::filesystem::path& file);

// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release();
  void Reset();

 private:
  int fd_ = -1;
};

}  // namespace newswire::publish
