// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/sha256.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// The segment that is being written. One thread.
class SegmentWriter {
 public:
  // Makes the file; it must not exist. Durable after the first Sync.
  static Result<std::unique_ptr<SegmentWriter>> Create(const std::filesystem::path& path,
                                                       uint32_t serial);
  // Goes on at the end of a file.
  static Result<std::unique_ptr<SegmentWriter>> Continue(const std::filesystem::path& path,
                                                         uint32_t serial);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  // All of `bytes` or nothing: what a full disk (kTransient) let through is cut back. kCorruption:
  // the file's end is not known any more; nothing may be appended.
  Status Append(std::string_view bytes);
  // Makes durable what was appended, and the file's name.
  Status Sync();
  // Writes the `.sha256`. Everything must be synced.
  Status Seal();

  const std::filesystem::path& path() const { return path_; }
  uint32_t serial() const { return serial_; }
  uint64_t size() const { return size_; }
  bool synced() const { return synced_; }

 private:
  SegmentWriter(int fd, std::filesystem::path path, uint32_t serial)
      : fd_(fd), path_(std::move(path)), serial_(serial) {}

  int fd_;
  std::filesystem::path path_;
  uint32_t serial_;
  uint64_t size_ = 0;
  bool synced_ = true;
  bool folder_synced_ = true;
  std::optional<Sha256Stream> sum_;  // of the whole file, when it was begun here
};

}  // namespace newswire::archive
