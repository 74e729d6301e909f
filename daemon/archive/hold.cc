// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/hold.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/warc_record.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "holds";
constexpr std::string_view kLock = "lock";
constexpr std::string_view kSuffix = ".hold";
constexpr uint32_t kEverything = 0;

Error CannotHold(std::string_view doing, const fs::path& path) {
  Error error = SystemError(doing, path);
  error.kind = ErrorKind::kTransient;
  return error;
}

int Lock(int fd, int how) {
  int result = 0;
  do {
    result = flock(fd, how);
  } while (result != 0 && errno == EINTR);
  return result;
}

Result<int> OpenLock(const fs::path& archive_dir) {
  const fs::path dir = archive_dir / kFolder;
  std::error_code error;
  fs::create_directory(dir, error);
  if (error) {
    errno = error.value();
    return std::unexpected(CannotHold("creating", dir));
  }
  const fs::path file = dir / kLock;
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return std::unexpected(CannotHold("opening", file));
  }
  return fd;
}

// What a hold's file says.
uint32_t SerialHeld(int fd) {
  std::array<char, 16> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  uint32_t serial = kEverything;
  if (length > 0) {
    std::from_chars(text.data(), text.data() + length, serial);
  }
  return serial;
}

}  // namespace

Hold::Hold(int fd, fs::path file) : fd_(fd), file_(std::move(file)) {}
Hold::Hold(Hold&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), file_(std::move(other.file_)) {}

Result<Hold> Hold::Take(const fs::path& archive_dir, uint32_t serial) {
  const Result<int> lock = OpenLock(archive_dir);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (Lock(*lock, LOCK_EX) != 0) {
    const Error error = CannotHold("locking", archive_dir / kFolder);
    close(*lock);
    return std::unexpected(error);
  }
  const fs::path file = archive_dir / kFolder / (NewUuid() + std::string(kSuffix));
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const std::string text = fmt::format("{}\n", serial);
  const bool made = fd >= 0 && Lock(fd, LOCK_EX | LOCK_NB) == 0 &&
                    write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const Error error = made ? Error{} : CannotHold("writing", file);
  close(*lock);
  if (made) {
    return Hold(fd, file);
  }
  if (fd >= 0) {
    unlink(file.c_str());
    close(fd);
  }
  return std::unexpected(error);
}

Hold::~Hold() {
  if (fd_ >= 0) {
    unlink(file_.c_str());
    close(fd_);
  }
}

RetirementLock::RetirementLock(int fd, fs::path dir) : fd_(fd), dir_(std::move(dir)) {}
RetirementLock::RetirementLock(RetirementLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), dir_(std::move(other.dir_)) {}

RetirementLock::~RetirementLock() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Result<std::optional<RetirementLock>> RetirementLock::Take(const fs::path& archive_dir) {
  const Result<int> lock = OpenLock(archive_dir);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (Lock(*lock, LOCK_EX | LOCK_NB) == 0) {
    return std::optional<RetirementLock>(RetirementLock(*lock, archive_dir / kFolder));
  }
  const bool busy = errno == EWOULDBLOCK;
  const Error error = CannotHold("locking", archive_dir / kFolder);
  close(*lock);
  if (busy) {
    return std::optional<RetirementLock>();
  }
  return std::unexpected(error);
}

Result<std::optional<uint32_t>> RetirementLock::LowestHeld() const {
  std::optional<uint32_t> lowest;
  std::error_code error;
  for (fs::directory_iterator it(dir_, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kSuffix) {
      continue;
    }
    const int fd = open(it->path().c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      if (errno != ENOENT) {
        lowest = kEverything;
      }
      continue;
    }
    if (Lock(fd, LOCK_EX | LOCK_NB) == 0) {
      NEWSWIRE_FAIL_POINT("archive.hold.before_removing_stale");
      unlink(it->path().c_str());
    } else {
      const uint32_t held = SerialHeld(fd);
      lowest = std::min(lowest.value_or(held), held);
    }
    close(fd);
  }
  if (error) {
    return Fail(ErrorKind::kTransient,
                fmt::format("listing {}: {}", dir_.native(), error.message()));
  }
  return lowest;
}

}  // namespace newswire::archive
