// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/utf8.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace newswire::text {
namespace {

TEST(Utf8, ValidatesByTable37) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain ascii, long enough for words of eight"));
  EXPECT_TRUE(IsValidUtf8("工信部\U0001F600é"));
  EXPECT_FALSE(IsValidUtf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsValidUtf8("12345678\xE5\xB7"));  // cut
  EXPECT_FALSE(IsValidUtf8("\x80"));
}

TEST(Utf8, ReplacesMaximalSubparts) {
  // Unicode 15, section 3.9, table 3-11.
  size_t replaced = 0;
  EXPECT_EQ(MakeValidUtf8("a\xF1\x80\x80\xE1\x80\xC2"
                          "b\x80"
                          "c\x80\xBF"
                          "d",
                          &replaced),
            "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
  EXPECT_EQ(replaced, 6U);
}

TEST(Utf8, CountsAndWalksCodePoints) {
  const std::string text = "a工\U0001F600";
  EXPECT_EQ(CountCodePoints(text), 3U);
  size_t at = 0;
  EXPECT_EQ(NextCodePoint(text, &at), U'a');
  EXPECT_EQ(NextCodePoint(text, &at), U'工');
  EXPECT_EQ(NextCodePoint(text, &at), U'\U0001F600');
  EXPECT_EQ(NextCodePoint(text, &at), U'\0');
  EXPECT_EQ(at, text.size());
}

TEST(Utf8, AppendsEveryLength) {
  std::string out;
  for (const char32_t c : {U'a', U'é', U'工', U'\U0001F600', static_cast<char32_t>(0xD800)}) {
    AppendCodePoint(c, out);
  }
  EXPECT_EQ(out, "aé工\U0001F600\uFFFD");
}

TEST(Utf8, TruncatesBetweenCodePoints) {
  EXPECT_EQ(TruncateToBytes("a工b", 1), "a");
  EXPECT_EQ(TruncateToBytes("a工b", 2), "a");
  EXPECT_EQ(TruncateToBytes("a工b", 4), "a工");
  EXPECT_EQ(TruncateToBytes("a工b", 9), "a工b");
  EXPECT_EQ(TruncateToBytes("工", 0), "");
}

TEST(Utf8, TrimsWhatAReaderSeesAsNothing) {
  EXPECT_EQ(TrimBlank(" \u3000\u200B\uFEFF工 信\u00A0\r\n"), "工 信");
  EXPECT_EQ(TrimBlank("\u3000\u3000"), "");
  EXPECT_EQ(TrimBlank("\x80 x \xE3\x80"), "\x80 x \xE3\x80");  // ill-formed bytes are no blanks
}

TEST(Utf8, CollapsesBlanksAndComposes) {
  EXPECT_EQ(CollapseBlank("\u3000\u3000一季度\u00A0 \n工业\u200B经济 "), "一季度 工业经济");
  EXPECT_EQ(CollapseBlank("Cafe\u0301  au   lait"), "Café au lait");
  EXPECT_EQ(CollapseBlank(""), "");
  EXPECT_EQ(CollapseBlank(" \t "), "");
  EXPECT_EQ(CollapseBlank("a\u00ADb"), "a\u00ADb");
}

// Eight bytes at a time must give what one at a time gives.
TEST(Utf8, CollapsesTheSameWhereverWordsFall) {
  const std::vector<std::string> parts = {" ",      "  ", "a", "bc",     "\x7F", "\n",        "工",
                                          "\u3000", "é",  "~", "\u200B", "\xE5", "\U0001F600"};
  const auto slowly = [](const std::string& text) {
    std::string out;
    bool pending = false;
    for (size_t at = 0; at < text.size();) {
      const char32_t c = NextCodePoint(text, &at);
      if (IsZeroWidth(c)) {
        continue;
      }
      if (IsBlank(c)) {
        pending = !out.empty();
        continue;
      }
      if (pending) {
        out.push_back(' ');
        pending = false;
      }
      AppendCodePoint(c, out);
    }
    return out;
  };
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (size_t i = random() % 40; i > 0; --i) {
      text += parts[random() % parts.size()];
    }
    EXPECT_EQ(CollapseBlank(text), slowly(text));
    size_t replaced = 0;
    EXPECT_EQ(IsValidUtf8(text), MakeValidUtf8(text, &replaced) == text);
    size_t points = 0;
    const std::string valid = MakeValidUtf8(text, &replaced);
    for (size_t at = 0; at < valid.size(); ++points) {
      NextCodePoint(valid, &at);
    }
    EXPECT_EQ(CountCodePoints(valid), points);
  }
}

TEST(Utf8, KeepsJoinersThatCarryMeaning) {
  EXPECT_EQ(CollapseBlank("می\u200Cشود"), "می\u200Cشود");
  EXPECT_EQ(CollapseBlank("\U0001F468\u200D\U0001F469"), "\U0001F468\u200D\U0001F469");
  EXPECT_EQ(CollapseBlank("ab\u200Dcd 工\u200C信"), "abcd 工信");
}

TEST(Utf8, NormalizesToNfc) {
  EXPECT_EQ(NormalizeNfc("e\u0301"), "é");
  EXPECT_EQ(NormalizeNfc("\u212B"), "Å");  // ångström sign
  EXPECT_EQ(NormalizeNfc("か\u3099"), "が");
  EXPECT_EQ(NormalizeNfc("\u1112\u1161\u11AB"), "한");
  EXPECT_EQ(NormalizeNfc("\u0387"), "\u00B7");
  EXPECT_EQ(NormalizeNfc("工信部：“白名单”，ガ"), "工信部：“白名单”，ガ");
}

TEST(Utf8, WeighsDenseScriptsTwice) {
  EXPECT_EQ(WeightedLength("工信部5G"), 8U);
  EXPECT_EQ(WeightedLength("Ünïcode"), 7U);
  EXPECT_TRUE(IsDense(U'한'));
  EXPECT_TRUE(IsDense(U'か'));
  EXPECT_TRUE(IsDense(U'ก'));
  EXPECT_FALSE(IsDense(U'я'));
}

TEST(Utf8, ComparesAsciiWithoutCase) {
  EXPECT_TRUE(EqualsIgnoreAsciiCase("Content-TYPE", "content-type"));
  EXPECT_FALSE(EqualsIgnoreAsciiCase("a", "ab"));
  EXPECT_EQ(ToLowerAscii("ÀB工"), "Àb工");
}

}  // namespace
}  // namespace newswire::text
