// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::archive {

// A file that appears whole or not at all, and never in the place of another one: written beside as
// `<name>.part`, fsynced, then given its name. One thread.
class NewFile {
 public:
  // kPermanent: there is a file of that name, or of `<name>.part` that cannot be replaced.
  static Result<NewFile> Create(const std::filesystem::path& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();  // without Finish nothing stays

  Status Write(std::string_view bytes);
  // Durable and named. kPermanent: meanwhile there is a file of that name.
  Status Finish();
  uint64_t size() const { return size_; }

 private:
  NewFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  std::filesystem::path part() const { return path_.native() + ".part"; }

  int fd_;
  std::filesystem::path path_;
  uint64_t size_ = 0;
};

}  // namespace newswire::archive
