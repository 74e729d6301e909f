// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/utf8.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

namespace newswire::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

uint8_t Byte(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// Number of ASCII bytes from `at` on.
size_t SkipAscii(std::string_view text, size_t at) {
  while (at + 8 <= text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ull) != 0) {
      break;
    }
    at += 8;
  }
  while (at < text.size() && Byte(text, at) < 0x80) {
    ++at;
  }
  return at;
}

struct Decoded {
  char32_t code_point;  // kReplacement for an ill-formed sequence
  uint8_t length;       // bytes taken: of an ill-formed sequence, its maximal subpart
  bool valid;
};

// Unicode 15, table 3-7.
Decoded DecodeAt(std::string_view text, size_t at) {
  const uint8_t lead = Byte(text, at);
  if (lead < 0x80) {
    return {lead, 1, true};
  }
  int needed = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  char32_t value = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    needed = 1;
    value = lead & 0x1Fu;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    needed = 2;
    value = lead & 0x0Fu;
    low = lead == 0xE0 ? 0xA0 : 0x80;
    high = lead == 0xED ? 0x9F : 0xBF;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    needed = 3;
    value = lead & 0x07u;
    low = lead == 0xF0 ? 0x90 : 0x80;
    high = lead == 0xF4 ? 0x8F : 0xBF;
  } else {
    return {kReplacement, 1, false};
  }
  uint8_t taken = 1;
  for (; needed > 0; --needed, ++taken) {
    if (at + taken >= text.size()) {
      return {kReplacement, taken, false};
    }
    const uint8_t byte = Byte(text, at + taken);
    if (byte < low || byte > high) {
      return {kReplacement, taken, false};
    }
    low = 0x80;
    high = 0xBF;
    value = (value << 6) | (byte & 0x3Fu);
  }
  return {value, taken, true};
}

bool IsContinuation(std::string_view text, size_t at) { return (Byte(text, at) & 0xC0) == 0x80; }

// Bytes of the character at `at` when it is one of the plain ones that make up nearly all text and
// need no thought: well-formed, two or three bytes long; else 0.
size_t CommonLength(std::string_view text, size_t at) {
  const uint8_t lead = Byte(text, at);
  if (lead >= 0xE1) {
    const bool common = lead <= 0xEF && lead != 0xED && at + 2 < text.size() &&
                        IsContinuation(text, at + 1) && IsContinuation(text, at + 2);
    return common ? 3 : 0;
  }
  return lead >= 0xC2 && lead <= 0xDF && at + 1 < text.size() && IsContinuation(text, at + 1) ? 2
                                                                                              : 0;
}

// The same, of characters that are neither blank nor without width.
size_t InkLength(std::string_view text, size_t at) {
  const uint8_t lead = Byte(text, at);
  if (lead < 0x80) {
    return lead > 0x20 && lead < 0x7F ? 1 : 0;
  }
  const uint8_t next = at + 1 < text.size() ? Byte(text, at + 1) : 0;
  const bool doubtful = lead == 0xC2 || (lead == 0xE1 && next == 0x9A) ||
                        (lead == 0xE2 && (next == 0x80 || next == 0x81)) ||
                        (lead == 0xE3 && next == 0x80) || (lead == 0xEF && next == 0xBB);
  return doubtful ? 0 : CommonLength(text, at);
}

// How many of eight bytes are ASCII ink and single spaces, the first and the last of them ink: 8, 7
// when only the eighth is a space, or 0.
size_t InkInWord(const char* bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101ull;
  constexpr uint64_t kHighs = 0x8080808080808080ull;
  uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  const uint64_t printable = ((word | kHighs) - kOnes * 0x20) & ~(word + kOnes) & ~word & kHighs;
  const uint64_t spaces = ~(((word ^ (kOnes * ' ')) | kHighs) - kOnes) & kHighs;
  if (printable != kHighs || (spaces & (spaces << 8)) != 0 || bytes[0] == ' ') {
    return 0;
  }
  return bytes[7] == ' ' ? 7 : 8;
}

// End of the run from `at` on of ink and single spaces between ink.
size_t SkipInk(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (at + 8 <= text.size()) {
      if (const size_t count = InkInWord(text.data() + at); count > 0) {
        at += count;
        continue;
      }
    }
    if (const size_t length = InkLength(text, at); length > 0) {
      at += length;
    } else if (text[at] == ' ' && at + 1 < text.size() && InkLength(text, at + 1) > 0) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

char32_t LastCodePoint(std::string_view text) {
  size_t at = text.size();
  while (at > 0 && IsContinuation(text, at - 1)) {
    --at;
  }
  return at > 0 ? DecodeAt(text, at - 1).code_point : 0;
}

// True when every character is known to be unchanged by NFC and by what may follow it: the common
// case of Latin-1, Cyrillic, Han, kana, hangul and their punctuation. False: ask ICU.
bool IsPlainlyNfc(std::string_view text) {
  for (size_t at = SkipAscii(text, 0); at < text.size();) {
    const uint8_t lead = Byte(text, at);
    const uint8_t next = at + 1 < text.size() ? Byte(text, at + 1) : 0;
    const uint8_t last = at + 2 < text.size() ? Byte(text, at + 2) : 0;
    if (lead < 0x80) {
      at = SkipAscii(text, at);
    } else if (lead < 0xCC || lead == 0xCF || lead == 0xD0 || lead == 0xD1 ||
               (lead == 0xCE && next != 0x87)) {
      at += 2;
    } else if ((lead >= 0xE4 && lead <= 0xE9) || (lead >= 0xEB && lead <= 0xED) ||
               (lead == 0xE2 && next == 0x80 && last >= 0x82) ||
               (lead == 0xE3 && (next == 0x81 || next == 0x83 || (next == 0x80 && last < 0xAA) ||
                                 (next == 0x82 && last != 0x99 && last != 0x9A))) ||
               (lead == 0xEF && (next == 0xBC || next == 0xBD))) {
      at += 3;
    } else {
      return false;
    }
  }
  return true;
}

// Joiners carry meaning in Arabic and Indic scripts and inside emoji.
bool KeepsJoiner(char32_t before, char32_t joiner) {
  if (joiner != 0x200C && joiner != 0x200D) {
    return false;
  }
  return (before >= 0x0600 && before <= 0x1CFF) ||
         (joiner == 0x200D &&
          (before >= 0x1F000 || before == 0xFE0F || (before >= 0x2600 && before <= 0x27BF)));
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  for (size_t at = SkipAscii(bytes, 0); at < bytes.size();) {
    if (const size_t length = CommonLength(bytes, at); length > 0) {
      at += length;
      continue;
    }
    const Decoded decoded = DecodeAt(bytes, at);
    if (!decoded.valid) {
      return false;
    }
    at = decoded.length > 1 ? at + decoded.length : SkipAscii(bytes, at);
  }
  return true;
}

std::string MakeValidUtf8(std::string_view bytes, size_t* replaced) {
  std::string out;
  out.reserve(bytes.size());
  size_t good = 0;  // start of the stretch that is copied as it is
  for (size_t at = SkipAscii(bytes, 0); at < bytes.size(); at = SkipAscii(bytes, at)) {
    const Decoded decoded = DecodeAt(bytes, at);
    if (!decoded.valid) {
      out.append(bytes, good, at - good);
      out.append("\xEF\xBF\xBD");
      good = at + decoded.length;
      ++*replaced;
    }
    at += decoded.length;
  }
  out.append(bytes, good);
  return out;
}

size_t CountCodePoints(std::string_view text) {
  constexpr uint64_t kLowBits = 0x0101010101010101ull;
  size_t continuations = 0;
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    continuations += static_cast<size_t>(std::popcount((word >> 7) & ~(word >> 6) & kLowBits));
  }
  for (; at < text.size(); ++at) {
    continuations += IsContinuation(text, at) ? 1 : 0;
  }
  return text.size() - continuations;
}

char32_t NextCodePoint(std::string_view text, size_t* offset) {
  if (*offset >= text.size()) {
    return 0;
  }
  const Decoded decoded = DecodeAt(text, *offset);
  *offset += decoded.length;
  return decoded.code_point;
}

void AppendCodePoint(char32_t code_point, std::string& out) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    code_point = kReplacement;
  }
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
    return;
  }
  if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code_point >> 6)));
  } else {
    if (code_point < 0x10000) {
      out.push_back(static_cast<char>(0xE0 | (code_point >> 12)));
    } else {
      out.push_back(static_cast<char>(0xF0 | (code_point >> 18)));
      out.push_back(static_cast<char>(0x80 | ((code_point >> 12) & 0x3F)));
    }
    out.push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
  }
  out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
}

std::string_view TruncateToBytes(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  size_t end = max_bytes;
  while (end > 0 && (Byte(text, end) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

bool IsZeroWidth(char32_t code_point) {
  return code_point == 0xFEFF || (code_point >= 0x200B && code_point <= 0x200F) ||
         code_point == 0x2060;
}

bool IsBlank(char32_t code_point) {
  if (code_point < 0x80) {
    return code_point == ' ' || (code_point >= 0x09 && code_point <= 0x0D);
  }
  switch (code_point) {
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return (code_point >= 0x2000 && code_point <= 0x200A) || IsZeroWidth(code_point);
  }
}

std::string_view TrimBlank(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    const Decoded decoded = DecodeAt(text, begin);
    if (!IsBlank(decoded.code_point)) {
      break;
    }
    begin += decoded.length;
  }
  size_t end = text.size();
  while (end > begin) {
    size_t start = end - 1;
    while (start > begin && end - start < 4 && (Byte(text, start) & 0xC0) == 0x80) {
      --start;
    }
    const Decoded decoded = DecodeAt(text.substr(0, end), start);
    if (!decoded.valid || start + decoded.length != end || !IsBlank(decoded.code_point)) {
      break;
    }
    end = start;
  }
  return text.substr(begin, end - begin);
}

std::string CollapseBlank(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool blank_pending = false;
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = SkipInk(text, at); end > at && text[at] != ' ') {
      if (blank_pending) {
        out.push_back(' ');
        blank_pending = false;
      }
      out.append(text, at, end - at);
      at = end;
      continue;
    }
    const Decoded decoded = DecodeAt(text, at);
    if (IsZeroWidth(decoded.code_point)) {
      if (!blank_pending && KeepsJoiner(LastCodePoint(out), decoded.code_point)) {
        out.append(text, at, decoded.length);
      }
    } else if (IsBlank(decoded.code_point)) {
      blank_pending = !out.empty();
    } else {
      if (blank_pending) {
        out.push_back(' ');
        blank_pending = false;
      }
      if (decoded.valid) {
        out.append(text, at, decoded.length);
      } else {
        AppendCodePoint(kReplacement, out);
      }
    }
    at += decoded.length;
  }
  return IsPlainlyNfc(out) ? out : NormalizeNfc(out);
}

std::string NormalizeNfc(std::string_view text) {
  if (IsPlainlyNfc(text)) {
    return std::string(text);
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  std::string out;
  out.reserve(text.size());
  icu::StringByteSink<std::string> sink(&out);
  if (U_SUCCESS(status)) {
    nfc->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink,
                       nullptr, status);
  }
  return U_SUCCESS(status) ? out : std::string(text);
}

bool IsDense(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x3040 && c <= 0x30FF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0x0E00 && c <= 0x0E7F) || (c >= 0x1100 && c <= 0x11FF) ||
         (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFF66 && c <= 0xFF9D) || (c >= 0x20000 && c <= 0x323AF);
}

size_t WeightedLength(std::string_view text) {
  size_t length = 0;
  for (size_t at = 0; at < text.size();) {
    if (Byte(text, at) < 0x80) {
      ++length;
      ++at;
      continue;
    }
    const Decoded decoded = DecodeAt(text, at);
    length += IsDense(decoded.code_point) ? 2 : 1;
    at += decoded.length;
  }
  return length;
}

std::string ToLowerAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return out;
}

bool EqualsIgnoreAsciiCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] - 'A' + 'a') : b[i];
    if (x != y) {
      return false;
    }
  }
  return true;
}

}  // namespace newswire::text
