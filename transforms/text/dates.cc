// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/dates.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <unicode/basictz.h>
#include <unicode/normalizer2.h>
#include <unicode/timezone.h>
#include <unicode/uchar.h>

#include "transforms/text/date_words.h"
#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

using std::chrono::minutes;

constexpr size_t kMaxBytes = 200;
constexpr size_t kMaxTokens = 48;
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2199;
constexpr int kMaxOffsetMinutes = 18 * 60;

enum class Kind : uint8_t { kNumber, kWord, kMark, kSymbol };

struct Token {
  Kind kind = Kind::kSymbol;
  bool space_before = false;
  bool used = false;
  DateMeaning meaning{DateWord::kNoise, 0};  // kWord
  DateMark mark = DateMark::kYear;           // kMark
  char symbol = 0;                           // kSymbol; folded to ASCII
  int digits = 0;                            // kNumber: how many were written
  int64_t value = 0;                         // kNumber
};

using Tokens = std::vector<Token>;

// Full-width and typographic forms of what dates are made of.
char32_t FoldSymbol(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) {
    return c - 0xFEE0;
  }
  switch (c) {
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return '-';
    case 0x2236:
      return ':';
    case 0x3001:
      return ',';
    case 0x00B7:
    case 0x30FB:
    case 0x2022:
      return ',';
    default:
      return c;
  }
}

// Lower case without accents: what the word table holds.
void AppendFolded(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
    return;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  auto base = static_cast<UChar32>(c);
  icu::UnicodeString decomposed;
  if (U_SUCCESS(status) && nfd->getDecomposition(base, decomposed) != 0 &&
      u_charType(decomposed.char32At(decomposed.length() - 1)) == U_NON_SPACING_MARK) {
    base = decomposed.char32At(0);
  }
  const int8_t type = u_charType(base);
  if (type == U_NON_SPACING_MARK && (base < 0x0600 || base > 0x1CFF)) {
    return;  // a combining accent; Indic vowel signs stay
  }
  base = u_tolower(base);
  if (base == 0x0131) {  // dotless i
    base = 'i';
  } else if (base == 0x0142) {  // Polish l with stroke
    base = 'l';
  } else if (base == 0x00F8) {  // Nordic o with stroke
    base = 'o';
  } else if (base == 0x03C2) {  // final sigma
    base = 0x03C3;
  }
  AppendCodePoint(static_cast<char32_t>(base), out);
}

bool IsLetter(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  const auto code = static_cast<UChar32>(c);
  return u_isalpha(code) != 0 || u_charType(code) == U_NON_SPACING_MARK ||
         u_charType(code) == U_COMBINING_SPACING_MARK;
}

// nullopt: a character or word that no date has.
std::optional<Tokens> Tokenize(std::string_view text) {
  Tokens tokens;
  tokens.reserve(16);
  bool space = false;
  int parentheses = 0;
  for (size_t at = 0; at < text.size();) {
    if (tokens.size() >= kMaxTokens) {
      return std::nullopt;
    }
    const size_t begin = at;
    const char32_t c = FoldSymbol(NextCodePoint(text, &at));
    if (c == '(' || c == '[') {  // comments: (CST), (火), [Europe/Paris]
      ++parentheses;
      continue;
    }
    if (c == ')' || c == ']') {
      parentheses -= parentheses > 0 ? 1 : 0;
      space = true;
      continue;
    }
    if (parentheses > 0) {
      continue;
    }
    if (IsBlank(c)) {
      space = true;
      continue;
    }
    Token token;
    token.space_before = space;
    space = false;
    if (u_charDigitValue(static_cast<UChar32>(c)) >= 0 && u_isdigit(static_cast<UChar32>(c)) != 0) {
      token.kind = Kind::kNumber;
      char32_t digit = c;
      size_t next = at;
      while (u_isdigit(static_cast<UChar32>(digit)) != 0) {
        if (++token.digits > 18) {
          return std::nullopt;
        }
        token.value = token.value * 10 + u_charDigitValue(static_cast<UChar32>(digit));
        at = next;
        if (at >= text.size()) {
          break;
        }
        digit = FoldSymbol(NextCodePoint(text, &next));
      }
    } else if (const auto mark = FindDateMark(text.substr(begin))) {
      token.kind = Kind::kMark;
      token.mark = mark->mark;
      at = begin + mark->bytes;
    } else if (IsLetter(c)) {
      token.kind = Kind::kWord;
      std::string word;
      AppendFolded(c, word);
      size_t next = at;
      while (next < text.size()) {
        const char32_t letter = FoldSymbol(NextCodePoint(text, &next));
        if (!IsLetter(letter) || FindDateMark(text.substr(at))) {
          break;
        }
        AppendFolded(letter, word);
        at = next;
      }
      const auto meaning = FindDateWord(word);
      if (!meaning) {
        // RFC 822 military zones say nothing certain (RFC 5322 section 4.3).
        if (word.size() == 1 && word[0] >= 'a' && word[0] <= 'y' && !tokens.empty()) {
          token.meaning = {DateWord::kNoise,
                           word[0] == 'p' || word[0] == 'a' ? int16_t{1} : int16_t{0}};
        } else {
          return std::nullopt;
        }
      } else {
        token.meaning = *meaning;
      }
      if (word == "a" || word == "p") {  // a.m., p.m.
        const bool pm = word == "p";
        if (text.substr(at).starts_with(".m.") || text.substr(at).starts_with(".M.") ||
            text.substr(at).starts_with(".m") || text.substr(at).starts_with(".M")) {
          at += text.substr(at).starts_with(".m.") || text.substr(at).starts_with(".M.") ? 3 : 2;
          token.meaning = {pm ? DateWord::kAfternoon : DateWord::kMorning, 0};
        } else if (text.substr(at).starts_with(". m.")) {
          at += 4;
          token.meaning = {pm ? DateWord::kAfternoon : DateWord::kMorning, 0};
        }
      }
    } else if (c < 0x80 &&
               std::string_view(":-+/.,'_|").find(static_cast<char>(c)) != std::string_view::npos) {
      token.symbol = static_cast<char>(c);
    } else if (c == 0xBA || c == 0xB0 || c == 0xAA) {  // 1º
      continue;
    } else {
      return std::nullopt;
    }
    tokens.push_back(token);
  }
  return tokens;
}

// The pieces found so far.
struct Reading {
  bool has_time = false;
  int hour = 0, minute = 0, second = 0, millisecond = 0;
  std::optional<bool> afternoon = std::nullopt;
  std::optional<int> offset = std::nullopt;  // minutes
  int year = -1, month = -1, day = -1;
};

bool IsNumber(const Tokens& tokens, size_t at) {
  return at < tokens.size() && tokens[at].kind == Kind::kNumber && !tokens[at].used;
}
bool IsSymbol(const Tokens& tokens, size_t at, char symbol) {
  return at < tokens.size() && tokens[at].kind == Kind::kSymbol && tokens[at].symbol == symbol &&
         !tokens[at].used;
}
bool IsWord(const Tokens& tokens, size_t at, DateWord word) {
  return at < tokens.size() && tokens[at].kind == Kind::kWord && tokens[at].meaning.word == word;
}
bool IsMark(const Tokens& tokens, size_t at, DateMark mark) {
  return at < tokens.size() && tokens[at].kind == Kind::kMark && tokens[at].mark == mark;
}

int64_t Take(Tokens& tokens, size_t at) {
  tokens[at].used = true;
  return tokens[at].value;
}

// `.123` or `,123` at `*at`.
void ReadFraction(Tokens& tokens, size_t* at, Reading& reading) {
  const bool is_fraction = (IsSymbol(tokens, *at, '.') || IsSymbol(tokens, *at, ',')) &&
                           IsNumber(tokens, *at + 1) && !tokens[*at + 1].space_before &&
                           !tokens[*at].space_before;
  if (!is_fraction) {
    return;
  }
  int64_t value = tokens[*at + 1].value;
  int digits = tokens[*at + 1].digits;
  for (; digits > 3; --digits) {
    value /= 10;
  }
  for (; digits < 3; ++digits) {
    value *= 10;
  }
  reading.millisecond = static_cast<int>(value);
  tokens[*at].used = true;
  tokens[*at + 1].used = true;
  *at += 2;
}

// [+-]08:00, [+-]0800, [+-]8 at `*at`.
bool ReadNumericOffset(Tokens& tokens, size_t* at, Reading& reading) {
  const bool west = IsSymbol(tokens, *at, '-');
  if (!west && !IsSymbol(tokens, *at, '+')) {
    return false;
  }
  if (!IsNumber(tokens, *at + 1) || tokens[*at + 1].space_before) {
    return false;
  }
  const Token& number = tokens[*at + 1];
  int64_t total = 0;
  size_t end = *at + 2;
  if (number.digits == 4) {
    total = number.value / 100 * 60 + number.value % 100;
  } else if (number.digits == 6) {
    total = number.value / 10000 * 60 + number.value / 100 % 100;
  } else if (number.digits == 3) {
    total = number.value / 100 * 60 + number.value % 100;
  } else if (number.digits <= 2) {
    total = number.value * 60;
    if (IsSymbol(tokens, end, ':') && IsNumber(tokens, end + 1) && tokens[end + 1].digits == 2) {
      total += tokens[end + 1].value;
      end += 2;
    } else if (IsSymbol(tokens, end, '-') || IsSymbol(tokens, end, '/') ||
               IsSymbol(tokens, end, '.')) {
      return false;  // 13:06 -19.04.2022
    }
  } else {
    return false;
  }
  if (total > kMaxOffsetMinutes) {
    return false;
  }
  for (size_t i = *at; i < end; ++i) {
    tokens[i].used = true;
  }
  *at = end;
  reading.offset = static_cast<int>(west ? -total : total);
  return true;
}

// What may follow a time: am/pm and a zone.
void ReadAfterTime(Tokens& tokens, size_t at, Reading& reading) {
  for (int i = 0; i < 3 && at < tokens.size(); ++i) {
    Token& token = tokens[at];
    if (token.kind == Kind::kWord && !token.used) {
      const DateWord word = token.meaning.word;
      if (word == DateWord::kMorning || word == DateWord::kAfternoon) {
        reading.afternoon = word == DateWord::kAfternoon;
      } else if (word == DateWord::kZone || word == DateWord::kWeekdayOrZone) {
        reading.offset = token.meaning.value;
        token.used = true;
        ++at;
        if (reading.offset == 0 && at < tokens.size() && tokens[at].kind == Kind::kSymbol) {
          ReadNumericOffset(tokens, &at, reading);  // GMT+8
        }
        return;
      } else if (word != DateWord::kNoise) {
        return;
      }
      token.used = true;
      ++at;
    } else if (IsSymbol(tokens, at, ',')) {
      ++at;
    } else {
      size_t sign = at;
      ReadNumericOffset(tokens, &sign, reading);
      return;
    }
  }
}

// 上午 and its like stand before the time; so may am/pm.
void ReadBeforeTime(Tokens& tokens, size_t at, Reading& reading) {
  if (at == 0) {
    return;
  }
  Token& before = tokens[at - 1];
  if (before.kind == Kind::kMark &&
      (before.mark == DateMark::kMorning || before.mark == DateMark::kAfternoon)) {
    reading.afternoon = before.mark == DateMark::kAfternoon;
    before.used = true;
  } else if (before.kind == Kind::kWord && (before.meaning.word == DateWord::kMorning ||
                                            before.meaning.word == DateWord::kAfternoon)) {
    reading.afternoon = before.meaning.word == DateWord::kAfternoon;
    before.used = true;
  }
}

// Hour at `at`, then minute and second divided by `:` or by marks (13时06分03秒, 13h06).
bool ReadDividedTime(Tokens& tokens, size_t at, Reading& reading) {
  if (!IsNumber(tokens, at) || tokens[at].digits > 2) {
    return false;
  }
  const bool colon = IsSymbol(tokens, at + 1, ':');
  const bool marked = IsMark(tokens, at + 1, DateMark::kHour) ||
                      (IsWord(tokens, at + 1, DateWord::kHour) && !tokens[at + 1].space_before);
  if (!colon && !marked) {
    return false;
  }
  if (colon && (!IsNumber(tokens, at + 2) || tokens[at + 2].digits > 2)) {
    return false;
  }
  ReadBeforeTime(tokens, at, reading);
  reading.hour = static_cast<int>(Take(tokens, at));
  tokens[at + 1].used = true;
  size_t next = at + 2;
  if (IsNumber(tokens, next) && tokens[next].digits <= 2) {
    reading.minute = static_cast<int>(Take(tokens, next));
    ++next;
    if (IsMark(tokens, next, DateMark::kMinute) || IsSymbol(tokens, next, ':') ||
        IsMark(tokens, next, DateMark::kSecond)) {
      const bool more = !IsMark(tokens, next, DateMark::kSecond);
      tokens[next].used = true;
      ++next;
      if (more && IsNumber(tokens, next) && tokens[next].digits <= 2) {
        reading.second = static_cast<int>(Take(tokens, next));
        ++next;
        if (IsMark(tokens, next, DateMark::kSecond)) {
          tokens[next].used = true;
          ++next;
        }
        ReadFraction(tokens, &next, reading);
      }
    }
  }
  reading.has_time = true;
  ReadAfterTime(tokens, next, reading);
  return true;
}

// Hour alone before am/pm (1 PM), or `13.06 Uhr`, `kl. 13.06`.
bool ReadLooseTime(Tokens& tokens, size_t at, Reading& reading) {
  if (!IsNumber(tokens, at) || tokens[at].digits > 2) {
    return false;
  }
  if (IsWord(tokens, at + 1, DateWord::kMorning) || IsWord(tokens, at + 1, DateWord::kAfternoon)) {
    reading.hour = static_cast<int>(Take(tokens, at));
    reading.has_time = true;
    ReadAfterTime(tokens, at + 1, reading);
    return true;
  }
  const bool dotted = IsSymbol(tokens, at + 1, '.') && IsNumber(tokens, at + 2) &&
                      tokens[at + 2].digits == 2 && !IsSymbol(tokens, at + 3, '.') &&
                      !tokens[at + 2].space_before && at > 0 &&
                      (IsWord(tokens, at - 1, DateWord::kNoise) ||
                       (at > 1 && IsWord(tokens, at - 2, DateWord::kNoise)) ||
                       IsWord(tokens, at + 3, DateWord::kNoise));
  if (!dotted) {
    return false;
  }
  reading.hour = static_cast<int>(Take(tokens, at));
  tokens[at + 1].used = true;
  reading.minute = static_cast<int>(Take(tokens, at + 2));
  reading.has_time = true;
  ReadAfterTime(tokens, at + 3, reading);
  return true;
}

// `T` and digits without colons: T13, T1306, T130603.
bool ReadCompactTime(Tokens& tokens, size_t at, Reading& reading) {
  if (!IsWord(tokens, at, DateWord::kTimeSeparator) || !IsNumber(tokens, at + 1)) {
    return false;
  }
  const int digits = tokens[at + 1].digits;
  if (digits != 2 && digits != 4 && digits != 6) {
    return false;
  }
  int64_t value = Take(tokens, at + 1);
  if (digits == 6) {
    reading.second = static_cast<int>(value % 100);
    value /= 100;
  }
  if (digits >= 4) {
    reading.minute = static_cast<int>(value % 100);
    value /= 100;
  }
  reading.hour = static_cast<int>(value);
  size_t next = at + 2;
  if (digits == 6) {
    ReadFraction(tokens, &next, reading);
  }
  reading.has_time = true;
  ReadAfterTime(tokens, next, reading);
  return true;
}

void ReadTime(Tokens& tokens, Reading& reading) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (ReadDividedTime(tokens, i, reading)) {
      return;
    }
  }
  for (size_t i = 1; i < tokens.size(); ++i) {
    if (ReadCompactTime(tokens, i, reading)) {
      return;
    }
  }
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (ReadLooseTime(tokens, i, reading)) {
      return;
    }
  }
}

int FullYear(const Token& token) {
  const int year = static_cast<int>(token.value);
  if (token.digits <= 2) {  // RFC 5322 section 4.3
    return year < 50 ? 2000 + year : 1900 + year;
  }
  return token.digits == 3 ? 1900 + year : year;
}

void SetDate(Reading& reading, int64_t year, int64_t month, int64_t day) {
  reading.year = static_cast<int>(year);
  reading.month = static_cast<int>(month);
  reading.day = static_cast<int>(day);
}

// The day of a year (ordinal) or of an ISO 8601 week.
bool SetFromDays(Reading& reading, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  SetDate(reading, static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()));
  return true;
}

bool SetOrdinal(Reading& reading, int64_t year, int64_t day) {
  const std::chrono::year y{static_cast<int>(year)};
  if (day < 1 || day > (y.is_leap() ? 366 : 365)) {
    return false;
  }
  return SetFromDays(reading, std::chrono::sys_days{y / 1 / 1} + std::chrono::days{day - 1});
}

bool SetWeek(Reading& reading, int64_t year, int64_t week, int64_t day) {
  if (week < 1 || week > 53 || day < 1 || day > 7) {
    return false;
  }
  // Week 1 is the one with 4 January; weeks begin on Monday.
  const std::chrono::sys_days fourth{std::chrono::year{static_cast<int>(year)} / 1 / 4};
  const std::chrono::days since_monday{std::chrono::weekday{fourth}.iso_encoding() - 1};
  return SetFromDays(reading, fourth - since_monday + std::chrono::days{(week - 1) * 7 + day - 1});
}

// 2022年04月19日: numbers named by the mark behind them.
bool ReadMarkedDate(const Tokens& tokens, Reading& reading) {
  bool found = false;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!IsNumber(tokens, i) || tokens[i + 1].kind != Kind::kMark) {
      continue;
    }
    const auto value = static_cast<int>(tokens[i].value);
    if (tokens[i + 1].mark == DateMark::kYear) {
      if (tokens[i].digits != 4 && tokens[i].digits != 2) {
        return false;
      }
      reading.year = FullYear(tokens[i]);
      found = true;
    } else if (tokens[i + 1].mark == DateMark::kMonth) {
      reading.month = value;
    } else if (tokens[i + 1].mark == DateMark::kDay) {
      reading.day = value;
    } else {
      return false;
    }
  }
  if (!found) {
    return false;
  }
  if (reading.day > 0 && reading.month < 0) {
    return false;
  }
  // 2022年4月19: a last mark left out.
  if (reading.month > 0 && reading.day < 0 && IsNumber(tokens, tokens.size() - 1) &&
      tokens.back().digits <= 2) {
    reading.day = static_cast<int>(tokens.back().value);
  }
  reading.month = reading.month < 0 ? 1 : reading.month;
  reading.day = reading.day < 0 ? 1 : reading.day;
  return true;
}

// 19 April 2022, April 19, 2022, 22-Apr-19, 2004-július-13.
bool ReadNamedDate(const std::vector<Token>& numbers, int month, Reading& reading) {
  reading.month = month;
  if (numbers.size() == 1 && numbers[0].digits == 4) {
    reading.year = static_cast<int>(numbers[0].value);
    reading.day = 1;
    return true;
  }
  if (numbers.size() != 2) {
    return false;
  }
  const bool year_first = numbers[0].digits >= 3 && numbers[1].digits <= 2;
  const Token& year = year_first ? numbers[0] : numbers[1];
  const Token& day = year_first ? numbers[1] : numbers[0];
  if (day.digits > 2 || year.digits > 4) {
    return false;
  }
  reading.year = FullYear(year);
  reading.day = static_cast<int>(day.value);
  return true;
}

bool ReadNumericDate(const std::vector<Token>& numbers, char separator, bool time_seen,
                     Reading& reading) {
  if (numbers.size() == 3) {
    const int64_t a = numbers[0].value;
    const int64_t b = numbers[1].value;
    const int64_t c = numbers[2].value;
    if (numbers[1].digits > 2) {
      return false;
    }
    if (numbers[0].digits == 4 && numbers[2].digits <= 2) {
      SetDate(reading, a, b, c);
      return true;
    }
    if (numbers[0].digits > 2) {
      return false;
    }
    const bool short_year = numbers[2].digits == 2;
    if (!short_year && numbers[2].digits != 4) {
      return false;
    }
    if (short_year && separator == '-') {  // ISO 8601:2000 with two digits
      SetDate(reading, FullYear(numbers[0]), b, c);
      return true;
    }
    const int year = FullYear(numbers[2]);
    if (separator == '/') {  // day and month in an order that only the numbers can tell
      if (a > 12) {
        SetDate(reading, year, b, a);
      } else if (b > 12 || a == b) {
        SetDate(reading, year, a, b);
      } else {
        return false;
      }
      return true;
    }
    if (separator == '-' && b > 12) {
      SetDate(reading, year, a, b);
      return true;
    }
    SetDate(reading, year, b, a);
    return true;
  }
  if (numbers.size() == 2 && numbers[0].digits == 4 && separator != 0) {
    if (numbers[1].digits == 3) {
      return SetOrdinal(reading, numbers[0].value, numbers[1].value);
    }
    if (numbers[1].digits > 2) {
      return false;
    }
    SetDate(reading, numbers[0].value, numbers[1].value, 1);
    return true;
  }
  if (numbers.size() != 1) {
    return false;
  }
  const int64_t value = numbers[0].value;
  switch (numbers[0].digits) {
    case 4:
      SetDate(reading, value, 1, 1);
      return !time_seen;
    case 6:
      SetDate(reading, value / 100, value % 100, 1);
      return !time_seen;
    case 7:
      return SetOrdinal(reading, value / 1000, value % 1000);
    case 8:
      SetDate(reading, value / 10000, value / 100 % 100, value % 100);
      return true;
    default:
      return false;
  }
}

bool ReadDate(Tokens& tokens, Reading& reading) {
  bool marked = false;
  for (const Token& token : tokens) {
    marked = marked || (!token.used && token.kind == Kind::kMark && token.mark == DateMark::kYear);
  }
  if (marked) {
    return ReadMarkedDate(tokens, reading);
  }
  std::vector<Token> numbers;
  int month = 0;
  int doubtful_month = 0;
  size_t week_at = 0;
  char separator = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.used) {
      continue;
    }
    if (token.kind == Kind::kMark && token.mark != DateMark::kWeekday) {
      return false;
    }
    if (token.kind == Kind::kNumber) {
      numbers.push_back(token);
    } else if (token.kind == Kind::kSymbol && numbers.size() == 1 && separator == 0) {
      separator = token.symbol;
    } else if (token.kind == Kind::kWord) {
      switch (token.meaning.word) {
        case DateWord::kMonth:
          if (month != 0) {
            return false;
          }
          month = token.meaning.value;
          break;
        case DateWord::kMonthOrWeekday:
          doubtful_month = token.meaning.value;
          break;
        case DateWord::kWeek:
          week_at = i;
          break;
        case DateWord::kNextIsMonth:
          if (!IsNumber(tokens, i + 1)) {
            return false;
          }
          month = static_cast<int>(tokens[i + 1].value);
          ++i;
          break;
        case DateWord::kZone:
        case DateWord::kHour:
          return false;
        default:
          break;
      }
    }
  }
  if (week_at > 0) {
    if (numbers.size() == 2 && numbers[1].digits == 3) {  // 2003W523
      return SetWeek(reading, numbers[0].value, numbers[1].value / 10, numbers[1].value % 10);
    }
    if ((numbers.size() != 2 && numbers.size() != 3) || numbers[0].digits != 4) {
      return false;
    }
    return SetWeek(reading, numbers[0].value, numbers[1].value,
                   numbers.size() == 3 ? numbers[2].value : 1);
  }
  if (month == 0) {
    month = doubtful_month;
  }
  if (month != 0) {
    return ReadNamedDate(numbers, month, reading);
  }
  return ReadNumericDate(numbers, separator, reading.has_time, reading);
}

std::optional<Timestamp> Compose(const Reading& reading) {
  int hour = reading.hour;
  if (reading.afternoon) {
    if (*reading.afternoon && hour < 12) {
      hour += 12;
    } else if (!*reading.afternoon && hour == 12) {
      hour = 0;
    }
  }
  const int second = reading.second == 60 ? 59 : reading.second;  // leap second
  const bool midnight = hour == 24 && reading.minute == 0 && reading.second == 0;
  if (hour > 24 || (hour == 24 && !midnight) || reading.minute > 59 || second > 59) {
    return std::nullopt;
  }
  if (reading.year < kFirstYear || reading.year > kLastYear || reading.month < 1 ||
      reading.day < 1) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{reading.year},
                                         std::chrono::month{static_cast<unsigned>(reading.month)},
                                         std::chrono::day{static_cast<unsigned>(reading.day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  Timestamp time;
  time.instant = UtcMillis{std::chrono::sys_days{date}.time_since_epoch()} +
                 std::chrono::hours{hour} + minutes{reading.minute} + std::chrono::seconds{second} +
                 std::chrono::milliseconds{reading.millisecond};
  time.date_only = !reading.has_time;
  if (reading.offset && reading.has_time) {
    time.offset = minutes{*reading.offset};
    time.instant -= *time.offset;
  }
  return time;
}

bool IsAllDigits(std::string_view text) {
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return false;
    }
  }
  return !text.empty();
}

// Digits alone that are no calendar date: Unix time, or a date and time without any separator.
std::optional<Timestamp> ReadDigits(std::string_view text) {
  int64_t value = 0;
  for (const char c : text) {
    value = value * 10 + (c - '0');
  }
  if (text.size() == 12 || text.size() == 14) {
    Reading reading{.has_time = true};
    if (text.size() == 14) {
      reading.second = static_cast<int>(value % 100);
      value /= 100;
    }
    reading.minute = static_cast<int>(value % 100);
    reading.hour = static_cast<int>(value / 100 % 100);
    value /= 10000;
    SetDate(reading, value / 10000, value / 100 % 100, value % 100);
    return Compose(reading);
  }
  int64_t milliseconds = 0;
  if (text.size() == 9 || text.size() == 10) {
    milliseconds = value * 1000;
  } else if (text.size() == 13) {
    milliseconds = value;
  } else if (text.size() == 16) {
    milliseconds = value / 1000;
  } else {
    return std::nullopt;
  }
  const UtcMillis instant{std::chrono::milliseconds{milliseconds}};
  if (instant >= std::chrono::sys_days{std::chrono::year{kLastYear + 1} / 1 / 1}) {
    return std::nullopt;
  }
  return Timestamp{.instant = instant, .offset = minutes{0}};
}

std::optional<int> TwoDigits(std::string_view text, size_t at) {
  if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' ||
      text[at + 1] > '9') {
    return std::nullopt;
  }
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// `Tue, 19 Apr 2022 13:06:03 GMT` or with `+0800`: what most feeds write, read without tokens.
std::optional<Timestamp> ReadRfc822Fast(std::string_view text) {
  constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 29 || text.size() > 31 || text[3] != ',' || text[4] != ' ' || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' || text[25] != ' ') {
    return std::nullopt;
  }
  const auto day = TwoDigits(text, 5);
  const size_t month = kNames.find(text.substr(8, 3));
  const auto century = TwoDigits(text, 12);
  const auto year = TwoDigits(text, 14);
  const auto hour = TwoDigits(text, 17);
  const auto minute = TwoDigits(text, 20);
  const auto second = TwoDigits(text, 23);
  if (!day || month == std::string_view::npos || month % 3 != 0 || !century || !year || !hour ||
      !minute || !second) {
    return std::nullopt;
  }
  Reading reading{.has_time = true, .hour = *hour, .minute = *minute, .second = *second};
  const std::string_view zone = text.substr(26);
  if (zone == "GMT") {
    reading.offset = 0;
  } else {
    const auto hours = TwoDigits(zone, 1);
    const auto mins = TwoDigits(zone, 3);
    if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-') || !hours || !mins) {
      return std::nullopt;
    }
    const int total = *hours * 60 + *mins;
    if (total > kMaxOffsetMinutes) {
      return std::nullopt;
    }
    reading.offset = zone[0] == '-' ? -total : total;
  }
  SetDate(reading, *century * 100 + *year, static_cast<int64_t>(month / 3 + 1), *day);
  return Compose(reading);
}

icu::UnicodeString ZoneId(std::string_view zone) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(zone.data(), static_cast<int>(zone.size())));
}

std::unique_ptr<icu::TimeZone> MakeZone(std::string_view zone) {
  std::unique_ptr<icu::TimeZone> made(icu::TimeZone::createTimeZone(ZoneId(zone)));
  if (made == nullptr || *made == icu::TimeZone::getUnknown()) {
    made.reset(icu::TimeZone::getGMT()->clone());
  }
  return made;
}

}  // namespace

std::optional<Timestamp> ParseDate(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return std::nullopt;
  }
  text = TrimBlank(text);
  if (text.size() < 4) {
    return std::nullopt;
  }
  if (auto time = ParseRfc3339(text)) {
    const auto year = static_cast<int>(
        std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time->instant)}.year());
    if (year >= kFirstYear && year <= kLastYear) {
      return time;
    }
    return std::nullopt;
  }
  if (auto time = ReadRfc822Fast(text)) {
    return time;
  }
  if (IsAllDigits(text) && text.size() > 8) {
    return ReadDigits(text);
  }
  auto tokens = Tokenize(text);
  if (!tokens) {
    return std::nullopt;
  }
  // Unix seconds with a fraction.
  if (tokens->size() == 3 && IsNumber(*tokens, 0) && (*tokens)[0].digits == 10 &&
      IsSymbol(*tokens, 1, '.') && IsNumber(*tokens, 2)) {
    return ReadDigits(text.substr(0, 10));
  }
  Reading reading;
  ReadTime(*tokens, reading);
  if (!ReadDate(*tokens, reading)) {
    return std::nullopt;
  }
  return Compose(reading);
}

Timestamp WithZone(const Timestamp& time, std::string_view zone) {
  if (time.offset) {
    return time;
  }
  Timestamp zoned = time;
  if (zone == "UTC" || zone.empty()) {
    zoned.offset = minutes{0};
    return zoned;
  }
  // Made once per thread and zone: making one costs more than reading a date.
  thread_local std::string known_name;
  thread_local std::unique_ptr<icu::TimeZone> known;
  if (known == nullptr || known_name != zone) {
    known = MakeZone(zone);
    known_name = zone;
  }
  UErrorCode status = U_ZERO_ERROR;
  int32_t raw = 0;
  int32_t saving = 0;
  const auto wall = static_cast<UDate>(time.instant.time_since_epoch().count());
  if (const auto* basic = dynamic_cast<const icu::BasicTimeZone*>(known.get())) {
    basic->getOffsetFromLocal(wall, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, saving,
                              status);
  } else {
    known->getOffset(wall, 1, raw, saving, status);
  }
  zoned.offset = minutes{U_SUCCESS(status) ? (raw + saving) / 60'000 : 0};
  zoned.instant -= *zoned.offset;
  return zoned;
}

bool IsKnownZone(std::string_view zone) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString canonical;
  UBool is_system = 0;
  icu::TimeZone::getCanonicalID(ZoneId(zone), canonical, is_system, status);
  return U_SUCCESS(status) && is_system != 0;
}

}  // namespace newswire::text
