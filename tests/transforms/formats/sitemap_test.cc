// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/sitemap.h"

#include <random>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/formats/corpus.h"
#include "transforms/formats/inspect.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kBase = "https://s.example/maps/sitemap.xml";

std::string Outcome(std::string_view bytes) {
  const auto sitemap = ParseSitemap(bytes, kBase);
  if (!sitemap) {
    std::string json = R"({"error":)";
    text::JsonWriter(json).String(sitemap.error().message);
    return json + "}";
  }
  return SitemapToJson(*sitemap);
}

TEST(Sitemap, ReadsEachFileOfTheCorpus) {
  const auto cases = ReadCorpus("sitemaps");
  ASSERT_GE(cases.size(), 20U);
  for (const CorpusCase& one : cases) {
    EXPECT_EQ(Outcome(one.bytes), one.expected) << one.name;
  }
}

TEST(Sitemap, ReadsOnlyWholeUrlsOfATruncatedFile) {
  for (const CorpusCase& one : ReadCorpus("sitemaps")) {
    const auto whole = ParseSitemap(one.bytes, kBase);
    if (!whole || whole->kind == SitemapKind::kText) {
      continue;  // the last line of a text has no end that could be missing
    }
    for (size_t size = 0; size < one.bytes.size(); ++size) {
      const auto cut = ParseSitemap(std::string_view(one.bytes).substr(0, size), kBase);
      if (!cut) {
        continue;
      }
      ASSERT_LE(cut->entries.size(), whole->entries.size()) << one.name << " at " << size;
      for (size_t i = 0; i < cut->entries.size(); ++i) {
        EXPECT_EQ(cut->entries[i].url, whole->entries[i].url) << one.name << " at " << size;
      }
    }
  }
}

TEST(Sitemap, SurvivesFlippedBits) {
  constexpr int kRounds = 200;
  std::mt19937 random(20240302);
  for (const CorpusCase& one : ReadCorpus("sitemaps")) {
    for (int round = 0; round < kRounds && !one.bytes.empty(); ++round) {
      std::string bytes = one.bytes;
      for (int flip = 0; flip <= round % 4; ++flip) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
      }
      EXPECT_TRUE(text::JsonDocument::Parse(Outcome(bytes))) << one.name << " round " << round;
    }
  }
}

TEST(Sitemap, StopsAtFiftyThousandEntries) {
  std::string urls, lines;
  for (int i = 0; i < 50'010; ++i) {
    urls += fmt::format("<url><loc>https://s.example/{}</loc></url>", i);
    lines += fmt::format("https://s.example/{}\n", i);
  }
  for (const std::string& bytes : {"<urlset>" + urls + "</urlset>", lines}) {
    const auto sitemap = ParseSitemap(bytes, kBase);
    ASSERT_TRUE(sitemap);
    EXPECT_EQ(sitemap->entries.size(), 50'000U);
    EXPECT_THAT(sitemap->damaged, HasSubstr("50000"));
  }
}

TEST(Sitemap, SaysWhatItIsNot) {
  const auto page = ParseSitemap("<html></html>", kBase);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::kMalformed);
  EXPECT_THAT(page.error().message, HasSubstr("<html>"));
  EXPECT_FALSE(ParseSitemap("\x1F\x8Bnonsense", kBase));
  EXPECT_FALSE(ParseSitemap("", kBase));
}

}  // namespace
}  // namespace newswire::formats
