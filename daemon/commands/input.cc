// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/input.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/core.h>

namespace newswire::commands {
namespace {

constexpr size_t kChunk = 64 * 1024;

Result<std::string> ReadAll(std::istream& in, size_t max_bytes) {
  std::string bytes;
  while (in && bytes.size() <= max_bytes) {
    const size_t before = bytes.size();
    bytes.resize(before + kChunk);
    in.read(bytes.data() + before, static_cast<std::streamsize>(kChunk));
    bytes.resize(before + static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) {
    return Fail(ErrorKind::kPermanent, "cannot be read");
  }
  if (bytes.size() > max_bytes) {
    return Fail(ErrorKind::kPermanent, fmt::format("larger than {} bytes", max_bytes));
  }
  return bytes;
}

}  // namespace

Result<std::string> ReadInput(const std::string& file, std::istream& in, size_t max_bytes) {
  if (file == "-") {
    auto bytes = ReadAll(in, max_bytes);
    return bytes ? std::move(bytes) : WithContext(bytes.error(), "standard input");
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: is a folder", file));
  }
  std::ifstream opened(file, std::ios::binary);
  if (!opened) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("{}: {}", file, std::generic_category().message(errno)));
  }
  auto bytes = ReadAll(opened, max_bytes);
  return bytes ? std::move(bytes) : WithContext(bytes.error(), file);
}

}  // namespace newswire::commands
