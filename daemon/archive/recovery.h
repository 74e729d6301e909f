// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/archive/archive.h"
#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

namespace newswire::archive {

// At most so many bytes are written between two fsyncs, and one capture more.
inline constexpr uint64_t kMaxUnsynced = uint64_t{8} << 20;

struct Tail {
  uint64_t end = 0;                // after the last whole capture, control record or warcinfo
  bool holds_unit = false;         // a capture or a control record
  std::optional<UtcMillis> begun;  // date of the warcinfo at its head
};

// Where the last whole capture, control record or warcinfo of a segment ends, and so where a crash
// left a torn tail. Members are stepped over by their hints; what may not have been fsynced is read
// and verified. Damage with whole ones behind it is not the tail: it stays, for readers to name.
Result<Tail> FindTail(const std::filesystem::path& segment);

// Cuts the segment back to `end`, durably; logs what was cut. Nothing happens when it ends there.
Status CutTail(const Segment& segment, uint64_t end);

}  // namespace newswire::archive
