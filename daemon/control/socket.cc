// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace newswire::control {
namespace {

constexpr int kBacklog = 8;
constexpr size_t kReadStep = size_t{256} << 10;
constexpr size_t kCompactAt = size_t{1} << 20;

Error SystemFailure(std::string_view doing, const std::filesystem::path& path) {
  return {ErrorKind::kPermanent,
          fmt::format("{} {}: {}", doing, path.native(), std::strerror(errno))};
}

// The address, and the folder that it may go through.
struct Address {
  sockaddr_un name{};
  Descriptor folder;
};

Result<Address> AddressOf(const std::filesystem::path& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string text = path.native();
  if (text.size() >= sizeof address.name.sun_path) {
    const std::filesystem::path parent = path.parent_path();
    address.folder = Descriptor(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!address.folder) {
      return std::unexpected(SystemFailure("opening the folder", parent));
    }
    text = fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.filename().native());
  }
  std::copy_n(text.c_str(), text.size() + 1, address.name.sun_path);
  return address;
}

Result<Descriptor> MakeSocket(const std::filesystem::path& path) {
  Descriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) {
    return std::unexpected(SystemFailure("making a socket for", path));
  }
  return made;
}

const sockaddr* Generic(const sockaddr_un& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Result<Descriptor> Listen(const std::filesystem::path& path) {
  Result<Address> address = AddressOf(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  Result<Descriptor> made = MakeSocket(path);
  if (!made) {
    return made;
  }
  // On Linux the file gets the mode that the socket has when it is bound.
  if (fchmod(made->get(), S_IRUSR | S_IWUSR) != 0) {
    return std::unexpected(SystemFailure("setting the mode of", path));
  }
  unlink(path.c_str());
  if (bind(made->get(), Generic(address->name), sizeof address->name) != 0 ||
      listen(made->get(), kBacklog) != 0) {
    return std::unexpected(SystemFailure("listening on", path));
  }
  return made;
}

Result<std::optional<Descriptor>> Connect(const std::filesystem::path& path) {
  Result<Address> address = AddressOf(path);
  if (!address) {
    return std::unexpected(address.error());
  }
  Result<Descriptor> made = MakeSocket(path);
  if (!made) {
    return std::unexpected(made.error());
  }
  if (connect(made->get(), Generic(address->name), sizeof address->name) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) {
      return std::nullopt;
    }
    return std::unexpected(SystemFailure("connecting to", path));
  }
  return std::optional<Descriptor>(std::move(*made));
}

Result<bool> Inbox::Read(int fd, size_t most) {
  while (size() < most) {
    const size_t old = bytes_.size();
    const size_t wanted = std::min(kReadStep, most - size());
    bytes_.resize(old + wanted);
    const ssize_t n = recv(fd, bytes_.data() + old, wanted, 0);
    bytes_.resize(old + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n == 0) {
      return false;
    }
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return errno == EAGAIN || errno == EWOULDBLOCK ? Result<bool>(true) : Result<bool>(false);
    }
  }
  return true;
}

void Inbox::Consume(size_t size) {
  at_ += size;
  if (at_ == bytes_.size() || at_ > kCompactAt) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
}

std::optional<std::string> Inbox::TakeLine() {
  const size_t end = bytes_.find('\n', at_);
  if (end == std::string::npos) {
    return std::nullopt;
  }
  std::string line = bytes_.substr(at_, end - at_);
  Consume(line.size() + 1);
  return line;
}

std::optional<std::string> Inbox::TakeBytes(size_t wanted) {
  if (size() < wanted) {
    return std::nullopt;
  }
  std::string taken = bytes_.substr(at_, wanted);
  Consume(wanted);
  return taken;
}

Status WriteSome(int fd, std::string& bytes) {
  size_t written = 0;
  Status status;
  while (written < bytes.size()) {
    const ssize_t n = send(fd, bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
    if (n >= 0) {
      written += static_cast<size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      status = Fail(ErrorKind::kPermanent,
                    fmt::format("the other side has ended: {}", std::strerror(errno)));
      break;
    }
  }
  bytes.erase(0, written);
  return status;
}

}  // namespace newswire::control
