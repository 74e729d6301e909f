// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/sha256.h"
#include "daemon/archive/warc_record.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "newswire-";
constexpr std::string_view kSuffix = ".warc.gz";
constexpr size_t kSerialDigits = 8;
constexpr size_t kMaxInstance = 64;
constexpr size_t kReadStep = size_t{256} << 10;
constexpr size_t kHexSum = 64;

// A small file's content, without white space at the end; kTransient when it does not exist.
Result<std::string> ReadSmallFile(const fs::path& path) {
  Result<FileBytes> file = FileBytes::Open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  const Result<std::string_view> bytes = file->At(0, 4096);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  const size_t end = bytes->find_last_not_of(" \r\n");
  return std::string(bytes->substr(0, end == std::string_view::npos ? 0 : end + 1));
}

}  // namespace

std::string SegmentName(std::string_view instance, uint32_t serial) {
  return fmt::format("{}{}-{:08}{}", kPrefix, instance, serial, kSuffix);
}

std::optional<uint32_t> SerialOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  if (name.size() < kSerialDigits + 2 || name[name.size() - kSerialDigits - 1] != '-' ||
      !IsInstanceName(name.substr(0, name.size() - kSerialDigits - 1))) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(name.size() - kSerialDigits);
  uint32_t serial = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), serial);
  if (error != std::errc{} || end != digits.data() + digits.size() || serial == 0 ||
      serial > Position::kMaxSerial) {
    return std::nullopt;
  }
  return serial;
}

bool IsInstanceName(std::string_view instance) {
  return !instance.empty() && instance.size() <= kMaxInstance &&
         std::ranges::all_of(instance, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Error SystemError(std::string_view doing, const fs::path& path) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return {full ? ErrorKind::kTransient : ErrorKind::kCorruption,
          fmt::format("{} {}: {}", doing, path.native(), std::strerror(code))};
}

Status WriteAll(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EINTR) {
      return std::unexpected(SystemError("writing", path));
    }
  }
  return {};
}

Status WriteFileDurably(const fs::path& path, std::string_view content) {
  const fs::path temporary = path.native() + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return std::unexpected(SystemError("creating", temporary));
  }
  Status status = WriteAll(fd, content, temporary);
  NEWSWIRE_FAIL_POINT("archive.file.before_sync");
  if (status && fsync(fd) != 0) {
    status = std::unexpected(SystemError("making durable", temporary));
  }
  close(fd);
  NEWSWIRE_FAIL_POINT("archive.file.before_rename");
  if (status && rename(temporary.c_str(), path.c_str()) != 0) {
    status = std::unexpected(SystemError("renaming", temporary));
  }
  if (!status) {
    unlink(temporary.c_str());
    return status;
  }
  NEWSWIRE_FAIL_POINT("archive.file.after_rename");
  return SyncFolder(path.parent_path());
}

Result<FolderLock> FolderLock::Take(const fs::path& dir) {
  const fs::path path = dir / "lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return std::unexpected(SystemError("opening", path));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const Error error =
        held ? Error{ErrorKind::kPermanent,
                     fmt::format("another process works on the archive {}", dir.native())}
             : SystemError("locking", path);
    close(fd);
    return std::unexpected(error);
  }
  return FolderLock(fd);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock::~FolderLock() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

bool IsLocked(const fs::path& dir) {
  const int fd = open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return locked;
}

Result<std::string> ReadUuid(const fs::path& dir) {
  Result<std::string> uuid = ReadSmallFile(dir / "uuid");
  if (!uuid) {
    return uuid;
  }
  constexpr size_t kUuidLength = 36;
  if (uuid->size() != kUuidLength) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} does not hold a uuid", (dir / "uuid").native()));
  }
  return uuid;
}

Result<Identity> ReadOrMakeIdentity(const fs::path& dir) {
  Result<std::string> uuid = ReadUuid(dir);
  if (uuid) {
    return Identity{std::move(*uuid), false};
  }
  if (uuid.error().kind != ErrorKind::kTransient) {
    return std::unexpected(uuid.error());
  }
  // The serial first: an archive with a uuid always has one.
  Result<std::optional<uint32_t>> serial = ReadHighestSerial(dir);
  if (!serial) {
    return std::unexpected(serial.error());
  }
  if (!serial->has_value()) {
    if (Status status = WriteHighestSerial(dir, 0); !status) {
      return std::unexpected(status.error());
    }
  }
  Identity made{NewUuid(), true};
  if (Status status = WriteFileDurably(dir / "uuid", made.uuid + "\n"); !status) {
    return std::unexpected(status.error());
  }
  return made;
}

Result<std::optional<uint32_t>> ReadHighestSerial(const fs::path& dir) {
  const Result<std::string> text = ReadSmallFile(dir / "serial");
  if (!text) {
    if (text.error().kind == ErrorKind::kTransient) {
      return std::nullopt;
    }
    return std::unexpected(text.error());
  }
  uint32_t serial = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), serial);
  if (error != std::errc{} || end != text->data() + text->size()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} does not hold a number", (dir / "serial").native()));
  }
  return std::optional<uint32_t>(serial);
}

Status WriteHighestSerial(const fs::path& dir, uint32_t serial) {
  return WriteFileDurably(dir / "serial", fmt::format("{}\n", serial));
}

fs::path SumPath(const fs::path& segment) { return segment.native() + ".sha256"; }

Result<std::string> FileSum(const fs::path& path) {
  Result<FileBytes> file = FileBytes::Open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  Sha256Stream sum;
  for (uint64_t at = 0; at < file->limit(); at += kReadStep) {
    const Result<std::string_view> bytes = file->At(at, kReadStep);
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    sum.Add(*bytes);
  }
  return sum.Finish();
}

namespace {

std::string SumLine(const fs::path& segment, std::string_view sum) {
  return fmt::format("{}  {}", sum, segment.filename().native());
}

}  // namespace

Status WriteSum(const fs::path& segment, std::string_view sum) {
  return WriteFileDurably(SumPath(segment), SumLine(segment, sum) + "\n");
}

Status CheckSumLine(const fs::path& segment, std::string_view sum) {
  const Result<std::string> text = ReadSmallFile(SumPath(segment));
  if (!text) {
    return std::unexpected(text.error());
  }
  return *text == SumLine(segment, sum)
             ? Status()
             : Fail(ErrorKind::kCorruption, "its .sha256 does not name it as sha256sum does");
}

Result<std::string> ReadSum(const fs::path& segment) {
  Result<std::string> text = ReadSmallFile(SumPath(segment));
  if (!text) {
    return text;
  }
  if (text->size() < kHexSum) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} holds no SHA-256", SumPath(segment).native()));
  }
  text->resize(kHexSum);
  return text;
}

Result<std::vector<Segment>> ListSegments(const fs::path& dir) {
  std::vector<Segment> segments;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    const std::optional<uint32_t> serial = SerialOf(path.filename().native());
    if (!serial) {
      continue;
    }
    std::error_code gone;
    const uint64_t size = fs::file_size(path, gone);
    if (gone) {
      continue;  // retired just now
    }
    segments.push_back({path, *serial, size, fs::exists(SumPath(path), gone)});
  }
  if (error) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("listing {}: {}", dir.native(), error.message()));
  }
  std::ranges::sort(segments, {}, &Segment::serial);
  for (size_t i = 0; i + 1 < segments.size(); ++i) {
    if (segments[i].serial == segments[i + 1].serial) {
      return Fail(ErrorKind::kCorruption,
                  fmt::format("{} and {} have the same serial", segments[i].path.native(),
                              segments[i + 1].path.filename().native()));
    }
    segments[i].sealed = true;
  }
  return segments;
}

}  // namespace newswire::archive
