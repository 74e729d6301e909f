// SPDX-License-Identifier: Apache-2.0
//
// A shared object for LD_PRELOAD: writes down every change that a process makes below one folder,
// in order and with its data, so that tests/end_to_end/lossy_disk.py can say what a disk may hold
// after a power loss. For tests only.
//
//   NEWSWIRE_LOSSY_ROOT     the folder, absolute; what lies outside is not looked at
//   NEWSWIRE_LOSSY_JOURNAL  where the journal is appended
//   NEWSWIRE_LOSSY_FULL     while a file of this name exists, every write fails with EDQUOT
//   NEWSWIRE_LOSSY_CUT      the process is killed (SIGKILL) just before its change of this number,
//                           counted from 1; absent or 0: never
//
// One record of the journal: operation (1 byte), inode, number (8 bytes each: an offset or a size),
// lengths of two byte strings (4 each), the strings; little-endian.
//   c  file made       inode, path            w  written       inode, offset, -, data
//   t  size set        inode, size            f  made durable  inode (of a file or a folder)
//   m  folder made     inode, path            d  folder gone   path
//   u  name removed    path                   r  renamed       path, new path
// A call that changes something in a way that is not written down aborts the process.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constexpr int kMaxFd = 65536;

struct Disk {
  std::string root;
  int journal = -1;
  const char* full = nullptr;
  uint64_t cut = 0;
  uint64_t changes = 0;
  std::mutex mutex;  // one change at a time: the journal's order is the disk's
  std::atomic<bool> tracked[kMaxFd] = {};

  Disk() {
    const char* root_setting = getenv("NEWSWIRE_LOSSY_ROOT");
    const char* journal_setting = getenv("NEWSWIRE_LOSSY_JOURNAL");
    if (root_setting == nullptr || journal_setting == nullptr) {
      return;
    }
    root = root_setting;
    journal = static_cast<int>(syscall(SYS_openat, AT_FDCWD, journal_setting,
                                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    full = getenv("NEWSWIRE_LOSSY_FULL");
    const char* cut_setting = getenv("NEWSWIRE_LOSSY_CUT");
    cut = cut_setting == nullptr ? 0 : strtoull(cut_setting, nullptr, 10);
  }
};

Disk& TheDisk() {
  static auto* disk = new Disk;
  return *disk;
}

[[noreturn]] void NotModelled(const char* what) {
  fprintf(stderr, "lossy disk: %s is not modelled\n", what);
  abort();
}

template <typename F>
F Next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}
#define REAL(name) static const auto real = Next<decltype(&::name)>(#name)

bool Tracked(int fd) {
  Disk& disk = TheDisk();
  return fd >= 0 && fd < kMaxFd && disk.journal >= 0 && disk.tracked[fd];
}

// The absolute path without `.`, `..` and doubled slashes; empty when it is outside of the root.
std::string Inside(int dir, const char* path) {
  Disk& disk = TheDisk();
  if (disk.journal < 0 || path == nullptr) {
    return {};
  }
  std::string whole = path;
  if (whole.empty() || whole[0] != '/') {
    char base[4096] = "";
    if (dir == AT_FDCWD) {
      if (getcwd(base, sizeof base) == nullptr) {
        return {};
      }
    } else {
      const std::string link = "/proc/self/fd/" + std::to_string(dir);
      const ssize_t n = readlink(link.c_str(), base, sizeof base - 1);
      base[n < 0 ? 0 : n] = '\0';
    }
    whole = std::string(base) + "/" + whole;
  }
  std::string clean;
  for (size_t at = 0; at < whole.size();) {
    const size_t end = std::min(whole.find('/', at), whole.size());
    const std::string_view part = std::string_view(whole).substr(at, end - at);
    if (part == "..") {
      clean.resize(clean.rfind('/') == std::string::npos ? 0 : clean.rfind('/'));
    } else if (!part.empty() && part != ".") {
      clean += '/';
      clean += part;
    }
    at = end + 1;
  }
  const bool inside = clean == disk.root || clean.starts_with(disk.root + "/");
  return inside ? clean : std::string();
}

// Before a change, under the mutex.
void Count() {
  Disk& disk = TheDisk();
  if (++disk.changes == disk.cut) {
    kill(getpid(), SIGKILL);
    while (true) {
      pause();
    }
  }
}

void Note(char op, uint64_t inode, uint64_t number, std::string_view one = {},
          std::string_view two = {}) {
  std::string record(1, op);
  const auto put = [&record](uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      record += static_cast<char>(value >> (8 * i));
    }
  };
  put(inode, 8);
  put(number, 8);
  put(one.size(), 4);
  put(two.size(), 4);
  record += one;
  record += two;
  std::string_view rest = record;
  while (!rest.empty()) {
    const long n = syscall(SYS_write, TheDisk().journal, rest.data(), rest.size());
    if (n < 0) {
      NotModelled("a journal that cannot be written");
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
}

struct stat StatOf(int fd) {
  struct stat info{};
  fstat(fd, &info);
  return info;
}

template <typename Call>
int Opened(int dir, const char* path, int flags, const Call& call) {
  const std::string inside = Inside(dir, path);
  if (inside.empty()) {
    const int fd = call();
    if (fd >= 0 && fd < kMaxFd) {
      TheDisk().tracked[fd] = false;
    }
    return fd;
  }
  const std::lock_guard lock(TheDisk().mutex);
  struct stat before{};
  const bool existed = stat(inside.c_str(), &before) == 0;
  const bool creates = (flags & O_CREAT) != 0 && !existed;
  const bool empties = (flags & O_TRUNC) != 0 && existed && before.st_size > 0;
  if (creates || empties) {
    Count();
  }
  const int fd = call();
  if (fd < 0) {
    return fd;
  }
  if (fd >= kMaxFd || (flags & (O_SYNC | O_DSYNC)) != 0) {
    NotModelled("this open");
  }
  TheDisk().tracked[fd] = true;
  if (creates) {
    Note('c', StatOf(fd).st_ino, 0, inside);
  } else if (empties) {
    Note('t', before.st_ino, 0);
  }
  return fd;
}

template <typename Call>
ssize_t Written(int fd, off_t at, const struct iovec* parts, int count, const Call& call) {
  if (!Tracked(fd)) {
    return call();
  }
  const std::lock_guard lock(TheDisk().mutex);
  if (TheDisk().full != nullptr && access(TheDisk().full, F_OK) == 0) {
    errno = EDQUOT;
    return -1;
  }
  Count();
  const struct stat info = StatOf(fd);
  if (at < 0) {
    at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? info.st_size : lseek(fd, 0, SEEK_CUR);
  }
  const ssize_t n = call();
  if (n > 0) {
    std::string data;
    for (int i = 0; i < count; ++i) {
      data.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    data.resize(static_cast<size_t>(n));
    Note('w', info.st_ino, static_cast<uint64_t>(at), {}, data);
  }
  return n;
}

template <typename Call>
int Sized(int fd, uint64_t size, const Call& call) {
  if (!Tracked(fd)) {
    return call();
  }
  const std::lock_guard lock(TheDisk().mutex);
  Count();
  const int result = call();
  if (result == 0) {
    Note('t', StatOf(fd).st_ino, size);
  }
  return result;
}

template <typename Call>
int Synced(int fd, const Call& call) {
  if (!Tracked(fd)) {
    return call();
  }
  const std::lock_guard lock(TheDisk().mutex);
  Count();
  const int result = call();
  if (result == 0) {
    Note('f', StatOf(fd).st_ino, 0);
  }
  return result;
}

template <typename Call>
int Named(char op, const std::string& path, const std::string& other, const Call& call) {
  if (path.empty() && other.empty()) {
    return call();
  }
  if (op == 'r' && (path.empty() || other.empty())) {
    NotModelled("a rename over the folder's border");
  }
  const std::lock_guard lock(TheDisk().mutex);
  Count();
  const int result = call();
  if (result == 0) {
    struct stat info{};
    if (op == 'm') {
      stat(path.c_str(), &info);
    }
    Note(op, info.st_ino, 0, path, other);
  }
  return result;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

#define OPEN(name)                                                                 \
  int name(const char* path, int flags, ...) {                                     \
    REAL(name);                                                                    \
    va_list arguments;                                                             \
    va_start(arguments, flags);                                                    \
    const mode_t mode = ModeOf(flags, arguments);                                  \
    va_end(arguments);                                                             \
    return Opened(AT_FDCWD, path, flags, [&] { return real(path, flags, mode); }); \
  }
OPEN(open)
OPEN(open64)
#define OPENAT(name)                                                               \
  int name(int dir, const char* path, int flags, ...) {                            \
    REAL(name);                                                                    \
    va_list arguments;                                                             \
    va_start(arguments, flags);                                                    \
    const mode_t mode = ModeOf(flags, arguments);                                  \
    va_end(arguments);                                                             \
    return Opened(dir, path, flags, [&] { return real(dir, path, flags, mode); }); \
  }
OPENAT(openat)
OPENAT(openat64)
int __open_2(const char* path, int flags) { return open(path, flags); }
int __open64_2(const char* path, int flags) { return open64(path, flags); }
int creat(const char* path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char* path, mode_t mode) {
  return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < kMaxFd) {
    TheDisk().tracked[fd] = false;
  }
  return real(fd);
}

ssize_t write(int fd, const void* data, size_t size) {
  REAL(write);
  const struct iovec part{const_cast<void*>(data), size};
  return Written(fd, -1, &part, 1, [&] { return real(fd, data, size); });
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  REAL(pwrite);
  const struct iovec part{const_cast<void*>(data), size};
  return Written(fd, at, &part, 1, [&] { return real(fd, data, size, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  REAL(pwrite64);
  const struct iovec part{const_cast<void*>(data), size};
  return Written(fd, at, &part, 1, [&] { return real(fd, data, size, at); });
}
ssize_t writev(int fd, const struct iovec* parts, int count) {
  REAL(writev);
  return Written(fd, -1, parts, count, [&] { return real(fd, parts, count); });
}
ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
  REAL(pwritev);
  return Written(fd, at, parts, count, [&] { return real(fd, parts, count, at); });
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t at) {
  REAL(pwritev64);
  return Written(fd, at, parts, count, [&] { return real(fd, parts, count, at); });
}

int ftruncate(int fd, off_t size) noexcept {
  REAL(ftruncate);
  return Sized(fd, static_cast<uint64_t>(size), [&] { return real(fd, size); });
}
int ftruncate64(int fd, off64_t size) noexcept {
  REAL(ftruncate64);
  return Sized(fd, static_cast<uint64_t>(size), [&] { return real(fd, size); });
}
#define TRUNCATE(name, size_type)                       \
  int name(const char* path, size_type size) noexcept { \
    REAL(name);                                         \
    if (!Inside(AT_FDCWD, path).empty()) {              \
      NotModelled(#name);                               \
    }                                                   \
    return real(path, size);                            \
  }
TRUNCATE(truncate, off_t)
TRUNCATE(truncate64, off64_t)
#define FALLOCATE(name, size_type)                           \
  int name(int fd, int mode, size_type at, size_type size) { \
    REAL(name);                                              \
    if (Tracked(fd)) {                                       \
      NotModelled(#name);                                    \
    }                                                        \
    return real(fd, mode, at, size);                         \
  }
FALLOCATE(fallocate, off_t)
FALLOCATE(fallocate64, off64_t)
#define POSIX_FALLOCATE(name, size_type)           \
  int name(int fd, size_type at, size_type size) { \
    REAL(name);                                    \
    if (Tracked(fd)) {                             \
      NotModelled(#name);                          \
    }                                              \
    return real(fd, at, size);                     \
  }
POSIX_FALLOCATE(posix_fallocate, off_t)
POSIX_FALLOCATE(posix_fallocate64, off64_t)

int fsync(int fd) {
  REAL(fsync);
  return Synced(fd, [&] { return real(fd); });
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return Synced(fd, [&] { return real(fd); });
}

int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  return Named('r', Inside(AT_FDCWD, from), Inside(AT_FDCWD, to), [&] { return real(from, to); });
}
int renameat(int from_dir, const char* from, int to_dir, const char* to) noexcept {
  REAL(renameat);
  return Named('r', Inside(from_dir, from), Inside(to_dir, to),
               [&] { return real(from_dir, from, to_dir, to); });
}
int unlink(const char* path) noexcept {
  REAL(unlink);
  return Named('u', Inside(AT_FDCWD, path), {}, [&] { return real(path); });
}
int unlinkat(int dir, const char* path, int flags) noexcept {
  REAL(unlinkat);
  return Named((flags & AT_REMOVEDIR) != 0 ? 'd' : 'u', Inside(dir, path), {},
               [&] { return real(dir, path, flags); });
}
int rmdir(const char* path) noexcept {
  REAL(rmdir);
  return Named('d', Inside(AT_FDCWD, path), {}, [&] { return real(path); });
}
int remove(const char* path) noexcept {
  struct stat info{};
  return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) ? rmdir(path) : unlink(path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  return Named('m', Inside(AT_FDCWD, path), {}, [&] { return real(path, mode); });
}
int mkdirat(int dir, const char* path, mode_t mode) noexcept {
  REAL(mkdirat);
  return Named('m', Inside(dir, path), {}, [&] { return real(dir, path, mode); });
}
int link(const char* from, const char* to) noexcept {
  REAL(link);
  if (!Inside(AT_FDCWD, to).empty()) {
    NotModelled("link");
  }
  return real(from, to);
}
int symlink(const char* target, const char* path) noexcept {
  REAL(symlink);
  if (!Inside(AT_FDCWD, path).empty()) {
    NotModelled("symlink");
  }
  return real(target, path);
}
int dup(int fd) noexcept {
  REAL(dup);
  if (Tracked(fd)) {
    NotModelled("dup");
  }
  return real(fd);
}
ssize_t copy_file_range(int in, off64_t* in_at, int out, off64_t* out_at, size_t size,
                        unsigned flags) {
  REAL(copy_file_range);
  if (Tracked(out)) {
    NotModelled("copy_file_range");
  }
  return real(in, in_at, out, out_at, size, flags);
}
#define SENDFILE(name, at_type)                                      \
  ssize_t name(int out, int in, at_type* at, size_t size) noexcept { \
    REAL(name);                                                      \
    if (Tracked(out)) {                                              \
      NotModelled(#name);                                            \
    }                                                                \
    return real(out, in, at, size);                                  \
  }
SENDFILE(sendfile, off_t)
SENDFILE(sendfile64, off64_t)
FILE* fopen(const char* path, const char* mode) {
  REAL(fopen);
  if (strpbrk(mode, "wa+") != nullptr && !Inside(AT_FDCWD, path).empty()) {
    NotModelled("fopen for writing");
  }
  return real(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  REAL(fopen64);
  if (strpbrk(mode, "wa+") != nullptr && !Inside(AT_FDCWD, path).empty()) {
    NotModelled("fopen for writing");
  }
  return real(path, mode);
}

// SQLite maps its -shm file, which every start makes anew. Other shared writing would go by unseen.
#define MMAP(name, offset_type)                                                                  \
  void* name(void* at, size_t size, int protection, int flags, int fd,                           \
             offset_type offset) noexcept {                                                      \
    REAL(name);                                                                                  \
    if (fd >= 0 && (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 && Tracked(fd)) { \
      char target[4096] = "";                                                                    \
      const std::string link_path = "/proc/self/fd/" + std::to_string(fd);                       \
      const ssize_t n = readlink(link_path.c_str(), target, sizeof target - 1);                  \
      if (!std::string_view(target, n < 0 ? 0 : static_cast<size_t>(n)).ends_with("-shm")) {     \
        NotModelled("writing through mmap");                                                     \
      }                                                                                          \
    }                                                                                            \
    return real(at, size, protection, flags, fd, offset);                                        \
  }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

}  // extern "C"
