// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace newswire {

// A place in one archive: 24 bits of segment serial and 39 bits of byte offset, totally ordered.
// Serials are never reused. An event and a state row carry the first byte of their capture; "as of
// P" means what lies below P; a checkpoint is the first byte after a whole capture.
class Position {
 public:
  static constexpr int kOffsetBits = 39;
  static constexpr uint64_t kMaxOffset = (uint64_t{1} << kOffsetBits) - 1;
  static constexpr uint32_t kMaxSerial = (uint32_t{1} << 24) - 1;

  constexpr Position() = default;
  constexpr Position(uint32_t serial, uint64_t offset)
      : value_((uint64_t{serial} << kOffsetBits) | offset) {}
  static constexpr Position FromValue(uint64_t value) {
    Position position;
    position.value_ = value;
    return position;
  }

  constexpr uint32_t serial() const { return static_cast<uint32_t>(value_ >> kOffsetBits); }
  constexpr uint64_t offset() const { return value_ & kMaxOffset; }
  constexpr uint64_t value() const { return value_; }

  std::string ToHex() const;  // 16 lower-case digits: sorts as the position does
  static std::optional<Position> FromHex(std::string_view text);

  constexpr auto operator<=>(const Position&) const = default;

 private:
  uint64_t value_ = 0;
};

}  // namespace newswire
