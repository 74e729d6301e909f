// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/language.h"

#include <algorithm>
#include <vector>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>
#include <unicode/uversion.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kSampleBytes = size_t{4} << 10;     // for scripts
constexpr size_t kStatisticsBytes = size_t{3} << 9;  // for CLD2, which costs 60 ns a byte
constexpr size_t kMinLetters = 8;                    // fewer say nothing, unless the script does
constexpr size_t kMaxTagBytes = 35;                  // RFC 5646 section 4.4.1
constexpr std::string_view kCld2 = "cld2 2015-08-06";

bool IsAsciiAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Primary(std::string_view tag) { return tag.substr(0, tag.find('-')); }

// How many letters of each script a text has.
struct Scripts {
  size_t han = 0, kana = 0, hangul = 0, other = 0;
};

Scripts CountScripts(std::string_view text) {
  Scripts scripts;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<uint8_t>(text[at]);
    if (byte < 0x80) {
      scripts.other += IsAsciiAlpha(text[at]) ? 1 : 0;
      ++at;
      continue;
    }
    const char32_t c = NextCodePoint(text, &at);
    if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
        (c >= 0x20000 && c <= 0x323AF)) {
      ++scripts.han;
    } else if (c >= 0x3041 && c <= 0x30FA) {
      ++scripts.kana;
    } else if (c >= 0xAC00 && c <= 0xD7A3) {
      ++scripts.hangul;
    } else if (c >= 0xC0 && !(c >= 0x2000 && c <= 0x303F) && !(c >= 0xFF00 && c <= 0xFFEF)) {
      ++scripts.other;
    }
  }
  return scripts;
}

// Chinese, Japanese and Korean are told by their scripts: surer and faster than statistics, also
// for one short line. A Latin name weighs less than a Han character.
std::string_view FromScript(const Scripts& scripts) {
  const size_t east_asian = scripts.han + scripts.kana + scripts.hangul;
  if (east_asian == 0 || east_asian * 3 < scripts.other) {
    return "";
  }
  if (scripts.hangul * 2 > east_asian) {
    return "ko";
  }
  if (scripts.kana * 10 > east_asian) {
    return "ja";
  }
  return scripts.han * 2 > east_asian ? "zh" : "";
}

// CLD2's codes that BCP 47 writes otherwise.
std::string FromCld2Code(std::string_view code) {
  if (code == "iw") {
    return "he";
  }
  if (code == "jw") {
    return "jv";
  }
  if (code == "in") {
    return "id";
  }
  if (code == "mo") {
    return "ro";
  }
  if (code == "tl") {
    return "fil";
  }
  if (code == "un" || code.starts_with("xx")) {
    return "";
  }
  return CanonicalLanguage(code);
}

std::string FromStatistics(std::string_view text, std::string_view hint) {
  const std::string hint_text(Primary(hint));
  const CLD2::CLDHints hints = {
      .content_language_hint = hint_text.empty() ? nullptr : hint_text.c_str(),
      .tld_hint = nullptr,
      .encoding_hint = CLD2::UNKNOWN_ENCODING,
      .language_hint = CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int text_bytes = 0;
  bool reliable = false;
  int valid_prefix = 0;
  const CLD2::Language best = CLD2::ExtDetectLanguageSummaryCheckUTF8(
      text.data(), static_cast<int>(text.size()), /*is_plain_text=*/true, &hints, /*flags=*/0,
      languages, percents, scores, nullptr, &text_bytes, &reliable, &valid_prefix);
  if (!reliable || best == CLD2::UNKNOWN_LANGUAGE) {
    return "";
  }
  return FromCld2Code(CLD2::LanguageCode(best));
}

std::vector<std::string_view> SplitTag(std::string_view tag) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = tag.find_first_of("-_");
    parts.push_back(tag.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    tag.remove_prefix(end + 1);
  }
}

}  // namespace

std::string DetectLanguage(std::string_view text, std::string_view hint) {
  text = TruncateToBytes(text, kSampleBytes);
  const std::string declared = CanonicalLanguage(hint);
  const Scripts scripts = CountScripts(text);
  std::string found(FromScript(scripts));
  if (found.empty() && scripts.other + scripts.han >= kMinLetters) {
    found = FromStatistics(TruncateToBytes(text, kStatisticsBytes), declared);
  }
  // A declared tag that agrees says more: pt-BR, zh-Hant-HK.
  if (!declared.empty() && Primary(declared) == Primary(found)) {
    return declared;
  }
  return found;
}

std::string CanonicalLanguage(std::string_view tag) {
  tag = TrimBlank(tag);
  if (tag.empty() || tag.size() > kMaxTagBytes) {
    return "";
  }
  const std::vector<std::string_view> parts = SplitTag(tag.substr(0, tag.find('.')));
  std::string out;
  bool extension = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    const bool alpha = std::ranges::all_of(part, IsAsciiAlpha);
    const bool alphanumeric =
        std::ranges::all_of(part, [](char c) { return IsAsciiAlpha(c) || IsAsciiDigit(c); });
    if (part.empty() || part.size() > 8 || !alphanumeric) {
      return "";
    }
    std::string canonical = ToLowerAscii(part);
    if (i == 0) {
      if (!alpha || part.size() < 2 || part.size() > 3) {
        return "";
      }
    } else {
      out.push_back('-');
      if (!extension && part.size() == 4 && alpha) {  // script
        canonical[0] = static_cast<char>(canonical[0] - 'a' + 'A');
      } else if (!extension && part.size() == 2 && alpha) {  // region
        for (char& c : canonical) {
          c = static_cast<char>(c - 'a' + 'A');
        }
      } else if (part.size() == 1) {
        extension = true;
      }
    }
    out += canonical;
  }
  return out;
}

std::string LibraryVersions() { return "icu " U_ICU_VERSION ", " + std::string(kCld2); }

}  // namespace newswire::text
