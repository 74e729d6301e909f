// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

namespace newswire::relay {

// A regular file in a tar. Offsets count bytes of the tar itself, before compression.
struct TarMember {
  std::string name;     // as the tar has it: bytes of a stranger, never a path to open
  uint64_t offset = 0;  // of its first header block
  uint64_t end = 0;     // after its data, or after what was read of it
  UtcMillis modified;   // its own time; 1970 where that is none
  std::string body;     // at most `max_bytes` of it
  bool cut = false;     // there was more
};

// Blocks that are no member, or a member that is not whole.
struct TarDamage {
  uint64_t offset = 0;
  uint64_t length = 0;  // bytes skipped; 0: to the end, however far that is
  std::string reason;
};

// Reads tars of every common form (ustar, pax, GNU long names and sparse files), plain or gzip,
// from a file, without writing any. Links, folders, devices and files that `wanted` does not want
// are passed over; damaged blocks are named and reading goes on with the next header, and a torn
// end is named and is the end. Memory: one member of `max_bytes` and the library's buffers. One
// thread.
class TarReader {
 public:
  using Wanted = std::function<bool(std::string_view name)>;
  using Item = std::variant<TarMember, TarDamage>;

  // kPermanent: the file cannot be opened.
  static Result<std::unique_ptr<TarReader>> Open(const std::filesystem::path& file,
                                                 uint64_t max_bytes, Wanted wanted);
  ~TarReader();

  // The next member that is wanted, or damage; nullopt at the end. kPermanent: this is no tar.
  Result<std::optional<Item>> Next();
  // Members whose header lies below `offset` are passed over without being read. Before Next.
  void SkipTo(uint64_t offset);
  uint64_t file_bytes_read() const;  // of the file as it is stored: for progress

 private:
  struct Impl;
  explicit TarReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire::relay
