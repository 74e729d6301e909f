// SPDX-License-Identifier: Apache-2.0
#include "fetchers/sources/folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace newswire::sources {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 8;
constexpr size_t kMaxFiles = 1'000'000;

bool IsPostName(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.front() == '#' || name.back() == '~') {
    return false;
  }
  return name.ends_with(".md") || name.ends_with(".markdown");
}

std::string FileUrl(const fs::path& path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=:@";
  std::string url = "file://";
  for (const char byte : path.string()) {
    if (kPlain.find(byte) != std::string_view::npos) {
      url.push_back(byte);
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return url;
}

std::string VersionOf(const struct stat& status) {
  return fmt::format("{}-{}.{:09}-{}", status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ino);
}

bool Inside(const fs::path& root, const fs::path& path) {
  const auto [root_end, _] = std::ranges::mismatch(root, path);
  return root_end == root.end();
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> SystemError(const fs::path& path, std::string_view doing) {
  return Fail(ErrorKind::kTransient,
              fmt::format("{}: {}: {}", path.string(), doing, std::strerror(errno)));
}

}  // namespace

Result<std::vector<PostFile>> ListPostFiles(const Source& source) {
  std::error_code error;
  const fs::path root = fs::canonical(source.url, error);
  if (error) {
    return Fail(ErrorKind::kTransient, fmt::format("{}: {}", source.url, error.message()));
  }
  std::vector<PostFile> files;
  fs::recursive_directory_iterator entry(root, fs::directory_options::skip_permission_denied,
                                         error);
  if (error) {
    return Fail(ErrorKind::kTransient, fmt::format("{}: {}", source.url, error.message()));
  }
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) {
      return Fail(ErrorKind::kTransient, fmt::format("{}: {}", source.url, error.message()));
    }
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error)) {
      if (name.starts_with('.') || entry.depth() + 1 >= kMaxDepth) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    if (!IsPostName(name)) {
      continue;
    }
    if (entry->is_symlink(error)) {
      const fs::path target = fs::canonical(entry->path(), error);
      if (error || !Inside(root, target)) {
        error.clear();
        continue;
      }
    }
    struct stat status{};
    if (::stat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
      continue;  // gone since it was listed, or no file
    }
    if (files.size() == kMaxFiles) {
      return Fail(ErrorKind::kPermanent,
                  fmt::format("{}: more than {} posts in one folder", source.url, kMaxFiles));
    }
    files.push_back(
        {.path = entry->path(), .url = FileUrl(entry->path()), .version = VersionOf(status)});
  }
  std::ranges::sort(files, [](const PostFile& a, const PostFile& b) {
    return std::pair(a.path.filename(), a.path) < std::pair(b.path.filename(), b.path);
  });
  return files;
}

Result<Capture> ReadPostFile(const PostFile& file, size_t max_bytes, const Clock& clock) {
  const Descriptor fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    return SystemError(file.path, "opening");
  }
  Capture capture;
  capture.kind = CaptureKind::kResource;
  capture.url = file.url;
  capture.fetched_at = clock.Wall();
  capture.content_type = "text/markdown; charset=utf-8";
  capture.body.resize(max_bytes + 1);
  size_t size = 0;
  while (size < capture.body.size()) {
    const ssize_t got = ::read(fd.get(), capture.body.data() + size, capture.body.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return SystemError(file.path, "reading");
    }
    if (got == 0) {
      break;
    }
    size += static_cast<size_t>(got);
  }
  if (size > max_bytes) {
    capture.truncated = "length";
    size = max_bytes;
  }
  capture.body.resize(size);
  capture.body.shrink_to_fit();
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0 || VersionOf(status) != file.version) {
    return Fail(ErrorKind::kTransient,
                fmt::format("{}: changed while it was read", file.path.string()));
  }
  return capture;
}

}  // namespace newswire::sources
