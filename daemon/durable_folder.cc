// SPDX-License-Identifier: Apache-2.0
#include "daemon/durable_folder.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/fail_point.h"

namespace newswire {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0777;  // the umask takes away

// Takes errno. `other` is the kind of what is no lack of room.
std::unexpected<Error> Failure(std::string_view doing, const fs::path& path, ErrorKind other) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT;
  return Fail(full ? ErrorKind::kTransient : other,
              fmt::format("{} {}: {}", doing, path.native(), std::strerror(code)));
}

}  // namespace

Status SyncFolder(const fs::path& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return Failure("opening the folder", folder, ErrorKind::kCorruption);
  }
  Status status;
  if (fsync(fd) != 0) {
    status = Failure("making durable the folder", folder, ErrorKind::kCorruption);
  }
  close(fd);
  return status;
}

Status MakeFolderDurably(const fs::path& folder) {
  std::error_code error;
  fs::path existing = fs::absolute(folder, error);
  if (!existing.has_filename()) {
    existing = existing.parent_path();  // "a/b/" is "a/b"
  }
  std::vector<fs::path> missing;
  while (!fs::exists(existing, error) && existing.has_relative_path()) {
    missing.push_back(existing);
    existing = existing.parent_path();
  }
  // Each folder's entry is made durable before anything is made in it, so only the deepest one that
  // exists can have an entry that is not.
  const fs::path above = existing.parent_path();
  if (access(above.c_str(), R_OK) == 0) {
    if (Status status = SyncFolder(above); !status) {
      return status;
    }
  }
  for (; !missing.empty(); missing.pop_back()) {
    const fs::path& next = missing.back();
    if (mkdir(next.c_str(), kMode) != 0 && errno != EEXIST) {
      return Failure("creating", next, ErrorKind::kConfig);
    }
    NEWSWIRE_FAIL_POINT("folder.made");
    if (Status status = SyncFolder(next.parent_path()); !status) {
      return status;
    }
  }
  if (!fs::is_directory(folder, error)) {
    return Fail(ErrorKind::kConfig, fmt::format("{} is not a folder", folder.native()));
  }
  return {};
}

}  // namespace newswire
