// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace newswire {

// An instant in UTC, in milliseconds since 1970-01-01T00:00:00Z.
using UtcMillis = std::chrono::sys_time<std::chrono::milliseconds>;

// When something was published, as its publisher wrote it: the instant and the offset it was
// written with. No offset means that the text had none and that nothing (no source time zone)
// supplied one; the instant is then that of UTC. A value type.
struct Timestamp {
  UtcMillis instant;
  std::optional<std::chrono::minutes> offset;
  bool date_only = false;  // the text named a day and no time of day

  bool operator==(const Timestamp&) const = default;
};

// RFC 3339. `FormatUtc` ends in Z; a fraction is written only when the milliseconds are not zero.
// `FormatLocal` uses the offset as written: 2022-04-19T10:45:38+08:00.
std::string FormatUtc(UtcMillis instant);
std::string FormatUtcMillis(UtcMillis instant);  // always with three digits of fraction
std::string FormatLocal(const Timestamp& time);

// Strict RFC 3339 (what we wrote ourselves). Anything else: nullopt. For what strangers write see
// transforms/text/dates.h.
std::optional<Timestamp> ParseRfc3339(std::string_view text);

}  // namespace newswire
