// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/durable_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::publish {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = other.Release();
  }
  return *this;
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

void UniqueFd::Reset() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Error FileError(std::string_view what, const std::filesystem::path& file) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return Error{full ? ErrorKind::kTransient : ErrorKind::kCorruption,
               fmt::format("{} {}: {}", what, file.string(),
                           std::error_code(code, std::generic_category()).message())};
}

Status ReplaceFile(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::path temporary = file;
  temporary += ".tmp";
  {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.valid()) {
      return std::unexpected(FileError("creating", temporary));
    }
    while (!content.empty()) {
      const ssize_t n = ::write(fd.get(), content.data(), content.size());
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n < 0) {
        return std::unexpected(FileError("writing", temporary));
      }
      content.remove_prefix(static_cast<size_t>(n));
    }
    NEWSWIRE_FAIL_POINT("publish.file.before_sync");
    if (::fsync(fd.get()) != 0) {
      return std::unexpected(FileError("syncing", temporary));
    }
  }
  NEWSWIRE_FAIL_POINT("publish.file.before_rename");
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    return std::unexpected(FileError("renaming to", file));
  }
  NEWSWIRE_FAIL_POINT("publish.file.after_rename");
  return SyncFolder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

Result<std::optional<std::string>> ReadSmallFile(const std::filesystem::path& file,
                                                 size_t max_bytes) {
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return std::unexpected(FileError("opening", file));
  }
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return std::unexpected(FileError("reading", file));
    }
    if (n == 0) {
      return content;
    }
    content.append(buffer, static_cast<size_t>(n));
    if (content.size() > max_bytes) {
      return Fail(ErrorKind::kCorruption,
                  fmt::format("{} is larger than {} bytes", file.string(), max_bytes));
    }
  }
}

}  // namespace newswire::publish
