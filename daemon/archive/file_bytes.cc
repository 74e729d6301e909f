// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/file_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace newswire::archive {
namespace {

constexpr size_t kWindow = size_t{256} << 10;

}  // namespace

Result<FileBytes> FileBytes::Open(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Fail(errno == ENOENT ? ErrorKind::kTransient : ErrorKind::kCorruption,
                fmt::format("opening {}: {}", path.native(), std::strerror(errno)));
  }
  FileBytes file(fd, path.filename());
  if (Status status = file.SetLimit(UINT64_MAX); !status) {
    return std::unexpected(status.error());
  }
  return file;
}

FileBytes::FileBytes(FileBytes&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      limit_(other.limit_),
      base_(other.base_),
      window_(std::move(other.window_)) {}

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  std::swap(limit_, other.limit_);
  std::swap(base_, other.base_);
  std::swap(window_, other.window_);
  return *this;
}

FileBytes::~FileBytes() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Status FileBytes::SetLimit(uint64_t limit) {
  struct stat info{};
  if (fstat(fd_, &info) != 0) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("asking for the size of {}: {}", name_, std::strerror(errno)));
  }
  limit_ = std::min(limit, static_cast<uint64_t>(info.st_size));
  return {};
}

Result<std::string_view> FileBytes::At(uint64_t offset, size_t count) {
  if (offset >= limit_) {
    return std::string_view{};
  }
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(count, limit_ - offset));
  if (offset < base_ || offset + wanted > base_ + window_.size()) {
    const auto length =
        static_cast<size_t>(std::min<uint64_t>(std::max(wanted, kWindow), limit_ - offset));
    int failure = 0;
    base_ = offset;
    window_.resize_and_overwrite(length, [&](char* memory, size_t size) {
      size_t got = 0;
      while (got < size) {
        const ssize_t n = pread(fd_, memory + got, size - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) {
          continue;
        }
        if (n <= 0) {
          failure = n < 0 ? errno : 0;
          break;
        }
        got += static_cast<size_t>(n);
      }
      return got;
    });
    if (failure != 0) {
      window_.clear();
      return Fail(ErrorKind::kCorruption, fmt::format("reading {}: {} at offset {}", name_,
                                                      std::strerror(failure), offset));
    }
  }
  return std::string_view(window_).substr(offset - base_, wanted);
}

}  // namespace newswire::archive
