// SPDX-License-Identifier: Apache-2.0
#include "daemon/disk_room.h"

#include <sys/statvfs.h>

namespace newswire {

bool HasRoom(const std::filesystem::path& folder, uint64_t min_free) {
  struct statvfs info{};
  return statvfs(folder.c_str(), &info) == 0 && uint64_t{info.f_bavail} * info.f_frsize > min_free;
}

}  // namespace newswire
