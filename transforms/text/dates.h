// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "transforms/model/timestamp.h"

namespace newswire::text {

// A date as strangers write it: RFC 3339 and ISO 8601 (week and ordinal dates included), RFC
// 822/2822 (two-digit years, names of zones, wrong week days, missing seconds), asctime,
// `2022-04-19 13:06:03 +0800`, `2022年04月19日 13:06`, `April 19, 2022 1:06 PM EDT`, `19 avril
// 2022`, month names of the web's common languages, Unix seconds or milliseconds. White space
// around is ignored. Without an offset `Timestamp::offset` is empty and the instant is that of UTC
// (see WithZone). Years before 1900 and after 2199 are no dates. Total and bounded: text over 200
// bytes is no date.
std::optional<Timestamp> ParseDate(std::string_view text);

// Reads the wall time of `time` in an IANA zone when it has no offset; otherwise returns it
// unchanged. An unknown zone is UTC. At a gap or overlap the earlier offset is taken.
Timestamp WithZone(const Timestamp& time, std::string_view zone);

bool IsKnownZone(std::string_view zone);

}  // namespace newswire::text
