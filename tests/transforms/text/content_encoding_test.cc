// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/content_encoding.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "tests/support/deflated.h"
#include "transforms/text/encode_content.h"

namespace newswire::text {
namespace {

constexpr DecodeLimits kLimits;

std::string Gzip(const std::string& text) { return Deflated(text, 31); }

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

// "<html>hello hello hello</html>" as the brotli tool writes it, stored without compression.
std::string BrotliStored(const std::string& text) {
  std::string out;
  // RFC 7932: WBITS 16 (1 bit 0), ISLAST 0, MNIBBLES 4, MLEN-1, ISUNCOMPRESSED 1, then a last empty
  // meta-block.
  const uint32_t header =
      0U | (0U << 1) | (0U << 2) | (static_cast<uint32_t>(text.size() - 1) << 4) | (1U << 20);
  out.push_back(static_cast<char>(header & 0xFF));
  out.push_back(static_cast<char>((header >> 8) & 0xFF));
  out.push_back(static_cast<char>((header >> 16) & 0xFF));
  out += text;
  out.push_back('\x03');
  return out;
}

const std::string kPage = "<html>hello hello hello 工信部</html>";

TEST(DecodeContent, UndoesEachEncoding) {
  EXPECT_EQ(DecodeContent(kPage, "", kLimits), kPage);
  EXPECT_EQ(DecodeContent(kPage, "identity", kLimits), kPage);
  EXPECT_EQ(DecodeContent(Gzip(kPage), "gzip", kLimits), kPage);
  EXPECT_EQ(DecodeContent(Gzip(kPage), " X-GZIP ", kLimits), kPage);
  EXPECT_EQ(DecodeContent(Deflated(kPage, 15), "deflate", kLimits), kPage);
  EXPECT_EQ(DecodeContent(Deflated(kPage, -15), "deflate", kLimits), kPage);
  EXPECT_EQ(DecodeContent(Zstd(kPage), "zstd", kLimits), kPage);
  EXPECT_EQ(DecodeContent(BrotliStored(kPage), "br", kLimits), kPage);
}

TEST(EncodeContent, MakesWhatDecodeContentUndoes) {
  for (const char* encoding :
       {"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", " BR "}) {
    for (const std::string& body : {std::string(kPage), std::string()}) {
      const auto encoded = EncodeContent(body, encoding);
      ASSERT_TRUE(encoded) << encoding;
      EXPECT_EQ(DecodeContent(*encoded, encoding, kLimits), body) << encoding;
    }
  }
  EXPECT_LT(EncodeContent(std::string(10'000, 'x'), "br")->size(), 100U);
  EXPECT_EQ(EncodeContent(kPage, "rot13").error().kind, ErrorKind::kPermanent);
}

TEST(DecodeContent, UndoesListsInReverse) {
  EXPECT_EQ(DecodeContent(Gzip(Zstd(kPage)), "zstd, gzip", kLimits), kPage);
  const auto four = DecodeContent(kPage, "gzip,gzip,gzip,gzip", kLimits);
  ASSERT_FALSE(four);
  EXPECT_EQ(four.error().kind, ErrorKind::kMalformed);
}

TEST(DecodeContent, ReadsConcatenatedGzipMembers) {
  EXPECT_EQ(DecodeContent(Gzip("one") + Gzip("two"), "gzip", kLimits), "onetwo");
  EXPECT_EQ(DecodeContent(Gzip("one") + "trailing bytes", "gzip", kLimits), "one");
}

TEST(DecodeContent, ReturnsWhatWasNeverEncoded) {
  for (const char* encoding : {"gzip", "br", "deflate", "zstd", "utf-8", "gzip, gzip"}) {
    EXPECT_EQ(DecodeContent(kPage, encoding, kLimits), kPage) << encoding;
  }
}

TEST(DecodeContent, NamesDamage) {
  const std::string gzip = Gzip(std::string(5000, 'a') + kPage);
  for (size_t length = 2; length < gzip.size(); ++length) {
    EXPECT_FALSE(DecodeContent(gzip.substr(0, length), "gzip", kLimits)) << length;
  }
  EXPECT_THAT(DecodeContent(gzip.substr(0, 20), "gzip", kLimits).error().message,
              testing::HasSubstr("ends early"));
  std::string broken = gzip;
  broken[gzip.size() / 2] = static_cast<char>(~broken[gzip.size() / 2]);
  EXPECT_FALSE(DecodeContent(broken, "gzip", kLimits));
  const std::string zstd = Zstd(kPage);
  EXPECT_FALSE(DecodeContent(zstd.substr(0, zstd.size() - 3), "zstd", kLimits));
  EXPECT_FALSE(DecodeContent("\x01\x02\x03", "mystery", kLimits));
}

TEST(DecodeContent, StopsABomb) {
  const std::string zeros(size_t{4} << 20, '\0');
  const auto ratio = DecodeContent(Gzip(zeros), "gzip", kLimits);
  ASSERT_FALSE(ratio);
  EXPECT_THAT(ratio.error().message, testing::HasSubstr("100 times"));
  const auto size = DecodeContent(Gzip(kPage), "gzip", {.max_bytes = 10});
  ASSERT_FALSE(size);
  EXPECT_THAT(size.error().message, testing::HasSubstr("10 bytes"));
  EXPECT_FALSE(DecodeContent(kPage, "", {.max_bytes = 10}));
  EXPECT_FALSE(DecodeContent(Zstd(zeros), "zstd", kLimits));
}

}  // namespace
}  // namespace newswire::text
