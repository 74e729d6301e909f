// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/segment_writer.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/archive/folder.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(const std::filesystem::path& path,
                                                             uint32_t serial) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    return std::unexpected(SystemError("creating", path));
  }
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(fd, path, serial));
  writer->synced_ = false;
  writer->folder_synced_ = false;
  writer->sum_.emplace();
  return writer;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Continue(const std::filesystem::path& path,
                                                               uint32_t serial) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::unexpected(SystemError("opening", path));
  }
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(fd, path, serial));
  struct stat info{};
  if (fstat(fd, &info) != 0) {
    return std::unexpected(SystemError("asking for the size of", path));
  }
  writer->size_ = static_cast<uint64_t>(info.st_size);
  // What an earlier process wrote and a reader may already see must be durable before it counts.
  writer->synced_ = false;
  writer->folder_synced_ = false;
  return writer;
}

SegmentWriter::~SegmentWriter() { close(fd_); }

Status SegmentWriter::Append(std::string_view bytes) {
  std::string_view rest = bytes;
  synced_ = false;
  while (!rest.empty()) {
    const auto at = static_cast<off_t>(size_ + (bytes.size() - rest.size()));
    const ssize_t n = pwrite(fd_, rest.data(), rest.size(), at);
    if (n > 0) {
      rest.remove_prefix(static_cast<size_t>(n));
      NEWSWIRE_FAIL_POINT("archive.segment.partly_written");
      continue;
    }
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n == 0) {
      errno = ENOSPC;
    }
    const Error error = SystemError("writing", path_);
    if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
      Error lost = SystemError("cutting back", path_);
      lost.kind = ErrorKind::kCorruption;
      return std::unexpected(lost);
    }
    return std::unexpected(error);
  }
  if (sum_) {
    sum_->Add(bytes);
  }
  size_ += bytes.size();
  NEWSWIRE_FAIL_POINT("archive.segment.written");
  return {};
}

Status SegmentWriter::Sync() {
  if (!synced_) {
    NEWSWIRE_FAIL_POINT("archive.segment.before_sync");
    // After a failed fsync the kernel may have dropped what was not written: never transient.
    if (fdatasync(fd_) != 0) {
      Error lost = SystemError("making durable", path_);
      lost.kind = ErrorKind::kCorruption;
      return std::unexpected(lost);
    }
    synced_ = true;
  }
  if (!folder_synced_) {
    NEWSWIRE_FAIL_POINT("archive.segment.before_folder_sync");
    if (Status status = SyncFolder(path_.parent_path()); !status) {
      Error lost = status.error();
      lost.kind = ErrorKind::kCorruption;
      return std::unexpected(lost);
    }
    folder_synced_ = true;
  }
  NEWSWIRE_FAIL_POINT("archive.segment.synced");
  return {};
}

Status SegmentWriter::Seal() {
  NEWSWIRE_FAIL_POINT("archive.segment.before_seal");
  if (sum_) {
    const std::string sum = sum_->Finish();
    sum_.reset();
    return WriteSum(path_, sum);
  }
  const Result<std::string> sum = FileSum(path_);
  if (!sum) {
    return std::unexpected(sum.error());
  }
  return WriteSum(path_, *sum);
}

}  // namespace newswire::archive
