// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/position.h"

#include <charconv>

#include <fmt/core.h>

namespace newswire {

std::string Position::ToHex() const { return fmt::format("{:016x}", value_); }

std::optional<Position> Position::FromHex(std::string_view text) {
  if (text.empty() || text.size() > 16) {
    return std::nullopt;
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || value >> 63 != 0) {
    return std::nullopt;
  }
  return FromValue(value);
}

}  // namespace newswire
