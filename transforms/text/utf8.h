// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace newswire::text {

// Text is valid UTF-8 everywhere behind the decoder. All functions here are total: an ill-formed
// sequence counts as one U+FFFD per maximal subpart (Unicode 15, section 3.9).

bool IsValidUtf8(std::string_view bytes);
// Replaces ill-formed sequences; `*replaced` is increased by their number.
std::string MakeValidUtf8(std::string_view bytes, size_t* replaced);
size_t CountCodePoints(std::string_view text);
// Decodes the code point at `*offset` and advances it. At the end: 0.
char32_t NextCodePoint(std::string_view text, size_t* offset);
void AppendCodePoint(char32_t code_point, std::string& out);
// The longest prefix of at most `max_bytes` that ends between two code points.
std::string_view TruncateToBytes(std::string_view text, size_t max_bytes);
// Unicode White_Space, plus U+FEFF, U+200B..U+200F, U+2060: what a reader sees as nothing.
bool IsBlank(char32_t code_point);
bool IsZeroWidth(char32_t code_point);
std::string_view TrimBlank(std::string_view text);
// NFC; zero-width characters dropped; runs of blank characters (U+00A0 and U+3000 included) become
// one space; trimmed. The form of titles, names, paragraphs.
std::string CollapseBlank(std::string_view text);
std::string NormalizeNfc(std::string_view text);
// Han, Hiragana, Katakana, Hangul, Thai: characters that carry as much as two Latin letters.
bool IsDense(char32_t code_point);
// Length in Latin letters: a dense character counts 2 (thresholds must use this).
size_t WeightedLength(std::string_view text);
std::string ToLowerAscii(std::string_view text);
bool EqualsIgnoreAsciiCase(std::string_view a, std::string_view b);

}  // namespace newswire::text
