// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/visible_dates.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>

#include "transforms/text/dates.h"

namespace newswire::steps {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads digits at `*i`, between `least` and `most` of them; the number, or nothing.
std::optional<int> Number(std::string_view line, size_t* i, size_t least, size_t most) {
  size_t end = *i;
  int value = 0;
  while (end < line.size() && IsDigit(line[end]) && end - *i < most) {
    value = value * 10 + (line[end] - '0');
    ++end;
  }
  if (end - *i < least || (end < line.size() && IsDigit(line[end]))) {
    return std::nullopt;
  }
  *i = end;
  return value;
}

bool Skip(std::string_view line, size_t* i, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (line.substr(*i).starts_with(word)) {
      *i += word.size();
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<VisibleDate> FindNumericDate(std::string_view line) {
  for (size_t i = 0; i + 8 <= line.size(); ++i) {
    if (!IsDigit(line[i]) || (i > 0 && IsDigit(line[i - 1]))) {
      continue;
    }
    size_t at = i;
    const auto year = Number(line, &at, 4, 4);
    if (!year.has_value() || *year < 1995 || *year > 2100) {
      continue;
    }
    Skip(line, &at, {" "});
    if (!Skip(line, &at, {"-", "/", ".", "年", "－"})) {
      continue;
    }
    Skip(line, &at, {" "});
    const auto month = Number(line, &at, 1, 2);
    Skip(line, &at, {" "});
    if (!month.has_value() || *month < 1 || *month > 12 ||
        !Skip(line, &at, {"-", "/", ".", "月", "－"})) {
      continue;
    }
    Skip(line, &at, {" "});
    const auto day = Number(line, &at, 1, 2);
    if (!day.has_value() || *day < 1 || *day > 31) {
      continue;
    }
    Skip(line, &at, {"日", " 日"});
    VisibleDate date;
    date.begin = i;
    size_t end = at;
    Skip(line, &at, {" ", "T"});
    Skip(line, &at,
         {"| ", "星期一 ", "星期二 ", "星期三 ", "星期四 ", "星期五 ", "星期六 ", "星期日 "});
    const size_t clock = at;
    if (Number(line, &at, 1, 2).has_value() && Skip(line, &at, {":", "：", "时"}) &&
        Number(line, &at, 2, 2).has_value()) {
      date.with_time = true;
      Skip(line, &at, {"分"});
      const size_t minutes = at;
      if (!(Skip(line, &at, {":", "："}) && Number(line, &at, 2, 2).has_value())) {
        at = minutes;
      }
      date.text =
          std::string(line.substr(i, end - i)) + ' ' + std::string(line.substr(clock, at - clock));
    } else {
      date.text = std::string(line.substr(i, end - i));
    }
    date.end = date.with_time ? at : end;
    return date;
  }
  return std::nullopt;
}

namespace {

// Names under which scripts keep the time of publication, the clearest first. In lower case and
// without `_` and `-`, as Key gives them.
constexpr std::string_view kTimeKeys[] = {
    "datepublished", "publishedat", "publisheddate", "publishtime", "publishdate",
    "publishedtime", "pubdate",     "pubtime",       "ptime",       "firstpublished",
    "releasetime",   "releasedate", "issuetime",     "showtime",    "articletime",
    "newstime",      "ct",          "createtime",    "createdat",   "createdate",
};
constexpr size_t kMaxKey = 24, kMaxDate = 40;

bool IsKeyChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '-';
}

// The name that ends before `end`, in lower case and without `_` and `-`; "" when it is too long.
std::string Key(std::string_view text, size_t end) {
  std::string key;
  size_t begin = end;
  while (begin > 0 && IsKeyChar(text[begin - 1])) {
    if (end - --begin > kMaxKey) {
      return {};
    }
  }
  for (const char c : text.substr(begin, end - begin)) {
    if (c != '_' && c != '-') {
      key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  }
  return key;
}

// Unix seconds or milliseconds between 1995 and 2100, or a date.
bool IsTime(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), IsDigit)) {
    return (value.size() == 10 || value.size() == 13) && value[0] >= '1' && value[0] <= '3' &&
           (value[0] != '1' || value.substr(0, 2) >= "10") && text::ParseDate(value).has_value();
  }
  return value.size() >= 8 && text::ParseDate(value).has_value();
}

}  // namespace

std::string FindScriptDate(std::string_view html) {
  std::string best;
  size_t rank = std::size(kTimeKeys);
  // What follows a name: quotes, blanks, one `:` or `=`, blanks, a quote. Found from the mark.
  for (size_t mark = html.find_first_of(":="); mark != std::string_view::npos;
       mark = html.find_first_of(":=", mark + 1)) {
    size_t end = mark;
    while (end > 0 && (html[end - 1] == ' ' || html[end - 1] == '"' || html[end - 1] == '\'' ||
                       html[end - 1] == '\\')) {
      --end;
    }
    size_t begin = mark + 1;
    while (begin < html.size() && (html[begin] == ' ' || html[begin] == '"' ||
                                   html[begin] == '\'' || html[begin] == '\\')) {
      ++begin;
    }
    if (end == 0 || !IsKeyChar(html[end - 1]) || begin == html.size() || !IsDigit(html[begin])) {
      continue;
    }
    const std::string key = Key(html, end);
    const auto* known = std::find(std::begin(kTimeKeys), std::end(kTimeKeys), key);
    if (static_cast<size_t>(known - std::begin(kTimeKeys)) >= rank) {
      continue;
    }
    std::string_view value = html.substr(begin, kMaxDate);
    value = value.substr(0, value.find_first_of("\"'\\,;<>}&"));
    if (IsTime(value)) {
      best = value;
      rank = static_cast<size_t>(known - std::begin(kTimeKeys));
    }
  }
  return best;
}

}  // namespace newswire::steps
