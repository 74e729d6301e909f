// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::control {

inline constexpr std::string_view kSocketName = "control.sock";  // in data_dir

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A unix domain socket that listens, mode 0600. What an ended process left under that name is
// replaced: the caller owns the archive's lock, so nobody else may be listening. The path may be
// longer than sockaddr_un holds (108 bytes): its folder is then reached through /proc/self/fd.
Result<Descriptor> Listen(const std::filesystem::path& path);
// Connected; nullopt when nobody listens there.
Result<std::optional<Descriptor>> Connect(const std::filesystem::path& path);

// What has been read from a socket and not been used. Never blocks.
class Inbox {
 public:
  // Reads what is there, at most until `most` bytes are held. False: the other side has ended.
  Result<bool> Read(int fd, size_t most);
  // A line without its line feed, when one is whole.
  std::optional<std::string> TakeLine();
  // `size` bytes, when they are there.
  std::optional<std::string> TakeBytes(size_t size);
  size_t size() const { return bytes_.size() - at_; }

 private:
  void Consume(size_t size);
  std::string bytes_;
  size_t at_ = 0;
};

// Writes as much as goes without waiting, and takes it off `bytes`. kPermanent: the other side has
// ended.
Status WriteSome(int fd, std::string& bytes);

}  // namespace newswire::control
