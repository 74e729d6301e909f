// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/entities.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <libxml/HTMLparser.h>

#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

struct CodeRange {
  uint32_t first, last;
};
// Where HTML 4's named characters lie: the search in libxml2's table is linear.
constexpr auto kNamedRanges = std::to_array<CodeRange>({{34, 62},
                                                        {160, 255},
                                                        {338, 402},
                                                        {710, 732},
                                                        {913, 982},
                                                        {8194, 8260},
                                                        {8364, 8364},
                                                        {8465, 8501},
                                                        {8592, 8660},
                                                        {8704, 9002},
                                                        {9674, 9830}});
constexpr size_t kLongestName = 8;  // thetasym
constexpr size_t kLongestReference = 32;

struct Named {
  std::string_view name;
  std::string character;
};

// libxml2's table of HTML 4 names, sorted for search; made once.
const std::vector<Named>& NamedCharacters() {
  static const std::vector<Named> kTable = [] {
    std::vector<Named> table;
    for (const auto& [first, last] : kNamedRanges) {
      for (uint32_t code = first; code <= last; ++code) {
        if (const htmlEntityDesc* entity = htmlEntityValueLookup(code)) {
          Named named{.name = entity->name, .character = {}};
          text::AppendCodePoint(code, named.character);
          table.push_back(std::move(named));
        }
      }
    }
    std::ranges::sort(table, {}, &Named::name);
    return table;
  }();
  return kTable;
}

// Windows-1252 from 0x80 on; 0: not assigned.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool IsNameByte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9');
}

int DigitValue(char digit, bool hex) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (hex && digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  if (hex && digit >= 'A' && digit <= 'F') {
    return digit - 'A' + 10;
  }
  return -1;
}

ReferenceMatch AppendNumber(std::string_view text, std::string& out) {
  size_t at = 2;
  const bool hex = at < text.size() && (text[at] == 'x' || text[at] == 'X');
  at += hex ? 1 : 0;
  const size_t digits = at;
  uint32_t code = 0;
  for (; at < text.size() && at < kLongestReference; ++at) {
    const int value = DigitValue(text[at], hex);
    if (value < 0) {
      break;
    }
    code = std::min<uint32_t>(code * (hex ? 16 : 10) + static_cast<uint32_t>(value), 0x110000);
  }
  if (at == digits) {
    return {};
  }
  AppendNumericReference(code, out);
  return {.length = at < text.size() && text[at] == ';' ? at + 1 : at};
}

std::string_view SkipSpace(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

}  // namespace

std::string_view HtmlEntity(std::string_view name) {
  const std::vector<Named>& table = NamedCharacters();
  const auto found = std::ranges::lower_bound(table, name, {}, &Named::name);
  return found != table.end() && found->name == name ? std::string_view(found->character)
                                                     : std::string_view();
}

void AppendNumericReference(uint32_t code, std::string& out) {
  if (code >= 0x80 && code < 0xA0 && kWindows1252[code - 0x80] != 0) {
    code = kWindows1252[code - 0x80];
  }
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) || code == 0xFFFE ||
      code == 0xFFFF) {
    code = 0xFFFD;
  } else if (code < 0x20 && code != '\t' && code != '\n' && code != '\r') {
    code = ' ';
  }
  text::AppendCodePoint(code, out);
}

ReferenceMatch AppendReference(std::string_view text, std::string& out) {
  if (text.size() < 3) {
    return {};
  }
  if (text[1] == '#') {
    return AppendNumber(text, out);
  }
  size_t end = 1;
  while (end < text.size() && end <= kLongestName + 1 && IsNameByte(text[end])) {
    ++end;
  }
  const std::string_view name = text.substr(1, end - 1);
  const bool closed = end < text.size() && text[end] == ';';
  if (!closed && name != "amp" && name != "lt" && name != "gt" && name != "quot" &&
      name != "nbsp") {
    return {};
  }
  const std::string_view character = HtmlEntity(name);
  if (character.empty()) {
    return {};
  }
  out += character;
  return {.length = closed ? end + 1 : end};
}

void EntityTable::Declare(std::string_view name, std::string_view value) {
  if (name.empty() || name.size() > 256) {
    return;
  }
  if (declared_.size() >= kMaxEntities || value.size() > kMaxEntityBytes) {
    exhausted_ = true;
    return;
  }
  declared_.try_emplace(std::string(name), value);
}

void EntityTable::DeclareAll(std::string_view internal_subset) {
  constexpr std::string_view kDeclaration = "<!ENTITY";
  for (size_t at = internal_subset.find(kDeclaration); at != std::string_view::npos;
       at = internal_subset.find(kDeclaration, at)) {
    at += kDeclaration.size();
    std::string_view rest = SkipSpace(internal_subset.substr(at));
    const size_t name_end = rest.find_first_of(" \t\r\n\"'>");
    if (name_end == std::string_view::npos) {
      return;
    }
    const std::string_view name = rest.substr(0, name_end);
    rest = SkipSpace(rest.substr(name_end));
    if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) {
      continue;  // external or parameter entity
    }
    const size_t close = rest.find(rest[0], 1);
    if (close == std::string_view::npos) {
      return;
    }
    Declare(name, rest.substr(1, close - 1));
    at = static_cast<size_t>(rest.data() - internal_subset.data()) + close + 1;
  }
}

bool EntityTable::AppendExpansion(std::string_view value, int depth, std::string& out) {
  if (depth > kMaxDepth || ++references_ > kMaxReferences) {
    return false;
  }
  while (!value.empty()) {
    const size_t ampersand = std::min(value.find('&'), value.size());
    out += value.substr(0, ampersand);
    value.remove_prefix(ampersand);
    if (out.size() > kMaxEntityBytes) {
      return false;
    }
    if (value.empty()) {
      break;
    }
    const size_t close = value.substr(0, 258).find(';');
    if (close != std::string_view::npos) {
      if (const auto found = declared_.find(value.substr(1, close - 1)); found != declared_.end()) {
        value.remove_prefix(close + 1);
        if (!AppendExpansion(found->second, depth + 1, out)) {
          return false;
        }
        continue;
      }
    }
    const ReferenceMatch match = AppendReference(value, out);
    if (match.length == 0) {
      out += '&';
    }
    value.remove_prefix(std::max<size_t>(match.length, 1));
  }
  return true;
}

std::optional<std::string_view> EntityTable::Expand(std::string_view name) {
  const auto found = declared_.empty() ? declared_.end() : declared_.find(name);
  if (found == declared_.end()) {
    const std::string_view character = HtmlEntity(name);
    return character.empty() ? std::nullopt : std::optional(character);
  }
  expansion_.clear();
  if (exhausted_ || !AppendExpansion(found->second, 1, expansion_) ||
      expanded_bytes_ + expansion_.size() > kMaxDocumentBytes) {
    exhausted_ = true;
    return std::string_view();
  }
  expanded_bytes_ += expansion_.size();
  return expansion_;
}

}  // namespace newswire::formats
