// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/new_file.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/durable_folder.h"

namespace newswire::archive {
namespace {

std::unexpected<Error> Exists(const std::filesystem::path& path) {
  return Fail(ErrorKind::kPermanent,
              fmt::format("{} exists already and is not overwritten", path.native()));
}

}  // namespace

Result<NewFile> NewFile::Create(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) {
    return Exists(path);
  }
  NewFile file(-1, path);
  file.fd_ = open(file.part().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file.fd_ < 0) {
    Error error = SystemError("creating", file.part());
    error.kind = ErrorKind::kPermanent;
    return std::unexpected(error);
  }
  return file;
}

NewFile::NewFile(NewFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

NewFile::~NewFile() {
  if (fd_ >= 0) {
    close(fd_);
    unlink(part().c_str());
  }
}

Status NewFile::Write(std::string_view bytes) {
  size_ += bytes.size();
  return WriteAll(fd_, bytes, part());
}

Status NewFile::Finish() {
  if (fsync(fd_) != 0) {
    return std::unexpected(SystemError("making durable", part()));
  }
  // A hard link, unlike a rename, never replaces.
  if (link(part().c_str(), path_.c_str()) != 0) {
    return errno == EEXIST ? Status(Exists(path_))
                           : Status(std::unexpected(SystemError("naming", path_)));
  }
  unlink(part().c_str());
  close(std::exchange(fd_, -1));
  const std::filesystem::path folder = path_.parent_path();
  return SyncFolder(folder.empty() ? "." : folder);
}

}  // namespace newswire::archive
