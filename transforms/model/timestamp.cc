// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/timestamp.h"

#include <cstdlib>

namespace newswire {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr minutes kMaxOffset{24 * 60 - 1};

void AppendDigits(int64_t value, int width, std::string& out) {
  char digits[20];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits, static_cast<size_t>(width));
}

void AppendDateAndTime(UtcMillis time, bool always_fraction, std::string& out) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date{day};
  const int64_t ms = (time - day).count();
  int year = static_cast<int>(date.year());
  if (year < 0) {
    out.push_back('-');
    year = -year;
  }
  AppendDigits(year, 4, out);
  out.push_back('-');
  AppendDigits(static_cast<unsigned>(date.month()), 2, out);
  out.push_back('-');
  AppendDigits(static_cast<unsigned>(date.day()), 2, out);
  out.push_back('T');
  AppendDigits(ms / 3'600'000, 2, out);
  out.push_back(':');
  AppendDigits(ms / 60'000 % 60, 2, out);
  out.push_back(':');
  AppendDigits(ms / 1'000 % 60, 2, out);
  if (always_fraction || ms % 1'000 != 0) {
    out.push_back('.');
    AppendDigits(ms % 1'000, 3, out);
  }
}

// Reads exactly `width` digits at `*at`.
std::optional<int> ReadDigits(std::string_view text, size_t* at, size_t width) {
  if (text.size() - *at < width) {
    return std::nullopt;
  }
  int value = 0;
  for (size_t i = 0; i < width; ++i) {
    const char c = text[*at + i];
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  *at += width;
  return value;
}

bool ReadChar(std::string_view text, size_t* at, char wanted) {
  if (*at >= text.size() || text[*at] != wanted) {
    return false;
  }
  ++*at;
  return true;
}

}  // namespace

std::string FormatUtc(UtcMillis instant) {
  std::string out;
  out.reserve(24);
  AppendDateAndTime(instant, false, out);
  out.push_back('Z');
  return out;
}

std::string FormatUtcMillis(UtcMillis instant) {
  std::string out;
  out.reserve(24);
  AppendDateAndTime(instant, true, out);
  out.push_back('Z');
  return out;
}

std::string FormatLocal(const Timestamp& time) {
  if (!time.offset) {
    return FormatUtc(time.instant);
  }
  std::string out;
  out.reserve(29);
  AppendDateAndTime(time.instant + *time.offset, false, out);
  if (time.offset->count() == 0) {
    out.push_back('Z');
    return out;
  }
  const int64_t offset = std::abs(time.offset->count());
  out.push_back(time.offset->count() < 0 ? '-' : '+');
  AppendDigits(offset / 60, 2, out);
  out.push_back(':');
  AppendDigits(offset % 60, 2, out);
  return out;
}

std::optional<Timestamp> ParseRfc3339(std::string_view text) {
  size_t at = 0;
  const auto year = ReadDigits(text, &at, 4);
  if (!year || !ReadChar(text, &at, '-')) {
    return std::nullopt;
  }
  const auto month = ReadDigits(text, &at, 2);
  if (!month || !ReadChar(text, &at, '-')) {
    return std::nullopt;
  }
  const auto day = ReadDigits(text, &at, 2);
  if (!day || !ReadChar(text, &at, 'T')) {
    return std::nullopt;
  }
  const auto hour = ReadDigits(text, &at, 2);
  if (!hour || !ReadChar(text, &at, ':')) {
    return std::nullopt;
  }
  const auto minute = ReadDigits(text, &at, 2);
  if (!minute || !ReadChar(text, &at, ':')) {
    return std::nullopt;
  }
  const auto second = ReadDigits(text, &at, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  int64_t ms = 0;
  if (ReadChar(text, &at, '.')) {
    const size_t begin = at;
    int64_t scale = 100;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      ms += (text[at] - '0') * scale;
      scale /= 10;
    }
    if (at == begin) {
      return std::nullopt;
    }
  }
  minutes offset{0};
  if (!ReadChar(text, &at, 'Z')) {
    const bool west = at < text.size() && text[at] == '-';
    if (!west && (at >= text.size() || text[at] != '+')) {
      return std::nullopt;
    }
    ++at;
    const auto hours = ReadDigits(text, &at, 2);
    if (!hours || !ReadChar(text, &at, ':')) {
      return std::nullopt;
    }
    const auto mins = ReadDigits(text, &at, 2);
    if (!mins || *mins > 59) {
      return std::nullopt;
    }
    offset = minutes{*hours * 60 + *mins};
    if (offset > kMaxOffset) {
      return std::nullopt;
    }
    offset = west ? -offset : offset;
  }
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (at != text.size() || !date.ok()) {
    return std::nullopt;
  }
  const UtcMillis wall = UtcMillis{std::chrono::sys_days{date}.time_since_epoch()} +
                         std::chrono::hours{*hour} + minutes{*minute} +
                         std::chrono::seconds{*second} + milliseconds{ms};
  return Timestamp{.instant = wall - offset, .offset = offset};
}

}  // namespace newswire
