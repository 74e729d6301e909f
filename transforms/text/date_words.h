// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace newswire::text {

// What a word of a date can mean. Private to the date reader (dates.cc).
enum class DateWord : uint8_t {
  kMonth,           // value: 1 to 12
  kWeekday,         // ignored: publishers get it wrong
  kMonthOrWeekday,  // French and Spanish `mar`: value is the month
  kZone,            // value: minutes east of UTC, after a time only
  kWeekdayOrZone,   // Czech `út`, else universal time
  kMorning,         // am
  kAfternoon,       // pm
  kNoise,           // of, at, de, Uhr: allowed and without meaning
  kHour,            // hour marker between numbers: 13h06
  kTimeSeparator,   // T
  kWeek,            // W
  kNextIsMonth,     // Vietnamese tháng
};

struct DateMeaning {
  DateWord word;
  int16_t value;
};

// `folded`: in lower case, accents removed. nullopt: no word of any date.
std::optional<DateMeaning> FindDateWord(std::string_view folded);

// A marker of East Asian dates that `text` starts with, longest first.
enum class DateMark : uint8_t {
  kYear,
  kMonth,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMorning,
  kAfternoon,
  kWeekday
};
struct FoundMark {
  DateMark mark;
  size_t bytes;
};
std::optional<FoundMark> FindDateMark(std::string_view text);

}  // namespace newswire::text
