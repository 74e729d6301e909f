// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/charset.h"

#include <string>

#include <gtest/gtest.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>

namespace newswire::text {
namespace {

const std::string kChinese =
    "工信部：建立重点产业链供应链企业“白名单”，我们将会同各地联防联控机制。";
const std::string kTraditional =
    "工信部：建立重點產業鏈供應鏈企業的白名單，我們將會同各地聯防聯控機制。";
const std::string kJapanese =
    "これは日本語の文章です。ニュースを読んでいます。経済についての記事。";
const std::string kKorean = "한국 경제 뉴스입니다. 오늘 주식 시장은 상승했습니다.";

std::string Encode(const std::string& utf8, const char* charset) {
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(utf8);
  std::string out(static_cast<size_t>(text.length()) * 4 + 16, '\0');
  UErrorCode status = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(charset, &status);
  const int32_t length = ucnv_fromUChars(converter, out.data(), static_cast<int32_t>(out.size()),
                                         text.getBuffer(), text.length(), &status);
  ucnv_close(converter);
  EXPECT_TRUE(U_SUCCESS(status));
  out.resize(static_cast<size_t>(length));
  return out;
}

void Expect(const DecodedText& decoded, const std::string& text, const std::string& charset,
            CharsetEvidence evidence) {
  EXPECT_EQ(decoded.text, text);
  EXPECT_EQ(decoded.charset, charset);
  EXPECT_EQ(Name(decoded.evidence), Name(evidence));
}

TEST(DecodeText, TakesAByteOrderMarkFirst) {
  Expect(DecodeText("\xEF\xBB\xBF" + kChinese, "text/html; charset=gbk"), kChinese, "UTF-8",
         CharsetEvidence::kBom);
  Expect(DecodeText("\xFF\xFE" + Encode(kChinese, "UTF-16LE"), ""), kChinese, "UTF-16LE",
         CharsetEvidence::kBom);
  Expect(DecodeText("\xFE\xFF" + Encode(kChinese, "UTF-16BE"), ""), kChinese, "UTF-16BE",
         CharsetEvidence::kBom);
}

TEST(DecodeText, LetsValidUtf8WinOverDeclarations) {
  const std::string page = "<meta charset=gb2312>" + kChinese;
  Expect(DecodeText(page, "text/html; charset=iso-8859-1"), page, "UTF-8",
         CharsetEvidence::kValidUtf8);
}

TEST(DecodeText, ReadsGb2312AsGb18030) {
  // 镕 is in GBK but not in GB 2312.
  const std::string text = "朱镕基" + kChinese;
  const std::string bytes = Encode(text, "gb18030");
  Expect(DecodeText(bytes, "text/html; charset=gb2312"), text, "GB18030", CharsetEvidence::kHeader);
  Expect(DecodeText(bytes, "text/html; Charset=\"GBK\"; x=y"), text, "GB18030",
         CharsetEvidence::kHeader);
}

TEST(DecodeText, FindsAMetaTagAnywhereInTheHead) {
  const std::string page = "<html><head><style>" + std::string(5000, ' ') +
                           "</style><META http-equiv=Content-Type content='text/html; "
                           "charset=gb2312'></head><body>" +
                           kChinese;
  Expect(DecodeText(Encode(page, "gb18030"), "text/html"), page, "GB18030", CharsetEvidence::kMeta);
}

TEST(DecodeText, ReadsTheXmlDeclaration) {
  const std::string feed = "<?xml version=\"1.0\" encoding=\"GBK\"?><t>" + kChinese + "</t>";
  Expect(DecodeText(Encode(feed, "gb18030"), ""), feed, "GB18030",
         CharsetEvidence::kXmlDeclaration);
}

TEST(DecodeText, GuessesFromContent) {
  Expect(DecodeText(Encode(kChinese, "gb18030"), ""), kChinese, "GB18030",
         CharsetEvidence::kContent);
  Expect(DecodeText(Encode(kTraditional, "Big5"), ""), kTraditional, "Big5",
         CharsetEvidence::kContent);
  Expect(DecodeText(Encode(kJapanese, "Shift_JIS"), ""), kJapanese, "Shift_JIS",
         CharsetEvidence::kContent);
  Expect(DecodeText(Encode(kJapanese, "EUC-JP"), ""), kJapanese, "EUC-JP",
         CharsetEvidence::kContent);
  Expect(DecodeText(Encode(kKorean, "EUC-KR"), ""), kKorean, "EUC-KR", CharsetEvidence::kContent);
}

TEST(DecodeText, DoesNotBelieveAFalseUtf8Label) {
  const std::string bytes = Encode(kChinese, "gb18030");
  Expect(DecodeText(bytes, "text/html; charset=utf-8"), kChinese, "GB18030",
         CharsetEvidence::kContent);
}

TEST(DecodeText, ForgivesSmallDamageInUtf8) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += kChinese;
  }
  const DecodedText decoded = DecodeText(text + "\xE5\xB7", "text/html; charset=gbk");
  Expect(decoded, text + "\uFFFD", "UTF-8", CharsetEvidence::kValidUtf8);
  EXPECT_EQ(decoded.replaced, 1U);
}

TEST(DecodeText, FallsBackToWindows1252) {
  Expect(DecodeText("caf\xE9 \x93quoted\x94 \x80", ""), "café “quoted” €", "windows-1252",
         CharsetEvidence::kFallback);
  Expect(DecodeText("caf\xE9", "text/html; charset=iso-8859-1"), "café", "windows-1252",
         CharsetEvidence::kHeader);
  Expect(DecodeText("caf\xE9", "text/html; charset=klingon"), "café", "windows-1252",
         CharsetEvidence::kFallback);
}

TEST(DecodeText, ReadsOtherDeclaredCharsets) {
  for (const char* charset : {"windows-1251", "koi8-r"}) {
    const std::string text = "Новости экономики";
    EXPECT_EQ(DecodeText(Encode(text, charset), std::string("text/html;charset=") + charset).text,
              text)
        << charset;
  }
}

TEST(DecodeText, CountsWhatItReplaces) {
  const std::string bytes = Encode(kChinese, "gb18030") + "\xFF\xFF tail";
  const DecodedText decoded = DecodeText(bytes, "text/html; charset=gb18030");
  EXPECT_GE(decoded.replaced, 1U);
  EXPECT_TRUE(decoded.text.ends_with(" tail")) << decoded.text;
}

TEST(DecodeText, RemovesNul) {
  EXPECT_EQ(DecodeText(std::string("a\0b", 3), "").text, "ab");
  EXPECT_EQ(DecodeText("", "").text, "");
}

}  // namespace
}  // namespace newswire::text
