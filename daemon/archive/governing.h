// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/archive/archive.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// The configuration that governs what lies at `offset` of a segment: the newest whole warcinfo
// below it. Bytes at or beyond `limit` are not looked at. nullopt: there is none, `offset` is the
// begin. kCorruption: `offset` is no place to read from, because no capture or record begins there.
Result<std::optional<WarcInfo>> GoverningAt(const Segment& segment, uint64_t offset,
                                            uint64_t limit);

}  // namespace newswire::archive
