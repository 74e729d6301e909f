// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/archive.h"
#include "transforms/model/error.h"

// What lies in an archive folder beside the records: lock, uuid, serial, sums. Blocking I/O.
namespace newswire::archive {

// newswire-<instance>-<serial, 8 digits>.warc.gz
std::string SegmentName(std::string_view instance, uint32_t serial);
std::optional<uint32_t> SerialOf(std::string_view file_name);
bool IsInstanceName(std::string_view instance);  // [A-Za-z0-9._-], 1 to 64

// A failed system call as an Error: kTransient when the disk is full (ENOSPC, EDQUOT, EFBIG),
// kCorruption else. Takes errno.
Error SystemError(std::string_view doing, const std::filesystem::path& path);

// Writes all of it where `fd` stands; `path` is for the error. Errors are SystemError's.
Status WriteAll(int fd, std::string_view bytes, const std::filesystem::path& path);

// After success the file holds `content` durably; after a failure or a crash the old content or the
// new one.
Status WriteFileDurably(const std::filesystem::path& path, std::string_view content);

// An exclusive flock on a file, held as long as the object lives.
class FolderLock {
 public:
  // kConfig when another process holds it.
  static Result<FolderLock> Take(const std::filesystem::path& dir);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};
// Whether some process holds the lock now.
bool IsLocked(const std::filesystem::path& dir);

// The archive's uuid; made, with the file `serial`, when there is none.
struct Identity {
  std::string uuid;
  bool made = false;
};
Result<Identity> ReadOrMakeIdentity(const std::filesystem::path& dir);

// The highest serial that was ever used, so that none is used again. nullopt: the file is missing.
Result<std::optional<uint32_t>> ReadHighestSerial(const std::filesystem::path& dir);
Status WriteHighestSerial(const std::filesystem::path& dir, uint32_t serial);

std::filesystem::path SumPath(const std::filesystem::path& segment);
// SHA-256 of a file, in hex.
Result<std::string> FileSum(const std::filesystem::path& file);
// Writes `<segment>.sha256`, as sha256sum does. `sum` is the file's, in hex.
Status WriteSum(const std::filesystem::path& segment, std::string_view sum);
Result<std::string> ReadSum(const std::filesystem::path& segment);  // in hex
// kCorruption: the `.sha256` is not the line that WriteSum writes for this sum.
Status CheckSumLine(const std::filesystem::path& segment, std::string_view sum);

}  // namespace newswire::archive
