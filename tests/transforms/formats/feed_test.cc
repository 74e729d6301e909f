// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed.h"

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

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kXml = "application/xml";

std::string Outcome(std::string_view bytes, std::string_view base) {
  const auto feed = ParseFeed(bytes, "", base);
  if (!feed) {
    std::string json = R"({"error":)";
    text::JsonWriter(json).String(feed.error().message);
    return json + "}";
  }
  return FeedToJson(*feed);
}

std::string Rss(std::string_view inside) {
  return fmt::format(R"(<rss version="2.0"><channel>{}</channel></rss>)", inside);
}

TEST(Feed, ReadsEachFileOfTheCorpus) {
  const auto cases = ReadCorpus("feeds");
  ASSERT_GE(cases.size(), 60U);
  for (const CorpusCase& one : cases) {
    EXPECT_EQ(Outcome(one.bytes, ""), one.expected) << one.name;
  }
}

// Whatever is read of a cut file is a prefix of what is read of the whole one, but for the last.
TEST(Feed, ReadsWhatIsThereOfATruncatedFile) {
  for (const CorpusCase& one : ReadCorpus("feeds")) {
    const auto whole = ParseFeed(one.bytes, "", "");
    for (size_t size = 0; size < one.bytes.size(); size += 1 + size / 40) {
      const auto cut = ParseFeed(std::string_view(one.bytes).substr(0, size), "", "");
      if (!cut || !whole) {
        continue;
      }
      EXPECT_LE(cut->entries.size(), whole->entries.size()) << one.name << " at " << size;
      const std::string json = FeedToJson(*cut);
      EXPECT_TRUE(text::IsValidUtf8(json)) << one.name << " at " << size;
      EXPECT_TRUE(text::JsonDocument::Parse(json)) << one.name << " at " << size;
    }
  }
}

TEST(Feed, SurvivesFlippedBitsAndLostBytes) {
  constexpr int kRounds = 60;
  constexpr uint32_t kSeed = 20240301;
  std::mt19937 random(kSeed);
  for (const CorpusCase& one : ReadCorpus("feeds")) {
    for (int round = 0; round < kRounds && !one.bytes.empty(); ++round) {
      std::string bytes = one.bytes;
      for (int flip = 0; flip <= round % 4; ++flip) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
      }
      if (round % 5 == 0) {
        bytes.erase(random() % bytes.size(), random() % 20);
      }
      const std::string json = Outcome(bytes, "https://base.example/");
      EXPECT_TRUE(text::IsValidUtf8(json)) << one.name << " round " << round;
      EXPECT_TRUE(text::JsonDocument::Parse(json)) << one.name << " round " << round;
    }
  }
}

TEST(Feed, ResolvesLinksAgainstTheDocumentBeforeTheFeedsOwnLink) {
  const std::string bytes =
      Rss("<link>https://site.example/</link><item><link>a</link><description>&lt;a "
          "href='b'>b&lt;/a></description></item>");
  const auto with_base = ParseFeed(bytes, kXml, "https://feeds.example/x/feed.xml");
  ASSERT_TRUE(with_base);
  EXPECT_EQ(with_base->entries[0].url, "https://feeds.example/x/a");
  EXPECT_EQ(with_base->entries[0].content, "<a href='https://feeds.example/x/b'>b</a>");
  const auto without = ParseFeed(bytes, kXml, "");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->entries[0].url, "https://site.example/a");
}

TEST(Feed, ReadsXmlAndJsonWhateverTheContentTypeSays) {
  for (const std::string_view type : {"text/html", "application/json", "text/plain", "", "x"}) {
    EXPECT_TRUE(ParseFeed(Rss("<title>t</title>"), type, "")) << type;
    EXPECT_TRUE(ParseFeed(R"({"version":"https://jsonfeed.org/version/1","items":[]})", type, ""))
        << type;
  }
}

TEST(Feed, TakesTheCharsetOfTheContentTypeBeforeTheDeclarations) {
  const auto feed = ParseFeed(
      "<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><title>\xCF\xEE\xF0"
      "\xF2</title></channel></rss>",
      "application/rss+xml; charset=windows-1251", "");
  ASSERT_TRUE(feed);
  EXPECT_EQ(feed->title, "Порт");
}

TEST(Feed, KeepsDatesAsWritten) {
  const auto feed = ParseFeed(Rss("<item><pubDate> soon </pubDate></item>"), kXml, "");
  ASSERT_TRUE(feed);
  EXPECT_EQ(feed->entries[0].published_raw, "soon");
  EXPECT_FALSE(feed->entries[0].published_at);
}

TEST(Feed, ReadsHowOftenToAsk) {
  const auto ttl = ParseFeed(Rss("<ttl> 45 </ttl>"), kXml, "");
  ASSERT_TRUE(ttl);
  EXPECT_EQ(ttl->ttl_minutes, 45U);
  const auto period = ParseFeed(
      Rss("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"),
      kXml, "");
  ASSERT_TRUE(period);
  EXPECT_EQ(period->ttl_minutes, 360U);
  EXPECT_FALSE(ParseFeed(Rss(""), kXml, "")->ttl_minutes);
}

TEST(Feed, StopsAtTenThousandEntries) {
  std::string items;
  for (int i = 0; i < 10'050; ++i) {
    items += "<item><title>t</title></item>";
  }
  const auto feed = ParseFeed(Rss(items), kXml, "");
  ASSERT_TRUE(feed);
  EXPECT_EQ(feed->entries.size(), 10'000U);
  EXPECT_THAT(feed->damaged, HasSubstr("10000"));
}

TEST(Feed, StopsAtElementsNestedTooDeep) {
  std::string deep;
  for (int i = 0; i < 5'000; ++i) {
    deep += "<div>";
  }
  const auto feed = ParseFeed(
      Rss("<item><title>kept</title></item><item><description>" + deep + "</description></item>"),
      kXml, "");
  ASSERT_TRUE(feed);
  ASSERT_FALSE(feed->entries.empty());
  EXPECT_EQ(feed->entries[0].title, "kept");
  EXPECT_FALSE(feed->damaged.empty());
}

TEST(Feed, BoundsWhatEntitiesExpandTo) {
  std::string subset = "<!ENTITY a0 \"" + std::string(1'000, 'x') + "\">";
  for (int i = 1; i < 8; ++i) {
    subset += fmt::format("<!ENTITY a{} \"", i);
    for (int n = 0; n < 10; ++n) {
      subset += fmt::format("&a{};", i - 1);
    }
    subset += "\">";
  }
  for (const std::string_view rest : {"", "& not well-formed"}) {
    const auto feed = ParseFeed(
        fmt::format(
            "<!DOCTYPE rss [{}]>{}", subset,
            Rss(fmt::format("<title>&a1;{}</title><item><title>&a7;</title></item>", rest))),
        kXml, "");
    ASSERT_TRUE(feed) << rest;
    EXPECT_GE(feed->title.size(), 10'000U) << rest;
    EXPECT_LT(FeedToJson(*feed).size(), size_t{200} << 10) << rest;
  }
}

TEST(Feed, NeverLoadsExternalEntities) {
  const auto feed = ParseFeed(
      "<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>" + Rss("<title>[&x;]</title>"),
      kXml, "");
  ASSERT_TRUE(feed);
  EXPECT_EQ(feed->title, "[&x;]");
}

// libxml2 alone takes minutes for these.
TEST(Feed, BoundsWhatManyNamesAndAttributesCost) {
  std::string names, attributes;
  for (int i = 0; i < 300'000; ++i) {
    names += fmt::format("<n{}/>", i);
    attributes += fmt::format(" a{}='1'", i);
  }
  const std::string kept = "<item><title>kept</title></item>";
  const auto many_names = ParseFeed(Rss(kept + names), kXml, "");
  ASSERT_TRUE(many_names);
  EXPECT_EQ(many_names->entries.at(0).title, "kept");
  EXPECT_THAT(many_names->damaged, HasSubstr("names"));
  const auto many_attributes = ParseFeed(Rss(kept + "<x" + attributes + "/>" + kept), kXml, "");
  ASSERT_TRUE(many_attributes);
  EXPECT_EQ(many_attributes->entries.size(), 2U);
}

TEST(Feed, NamesTheRootOfWhatIsNoFeed) {
  const auto page = ParseFeed("<html><body>x</body></html>", "text/html", "");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::kMalformed);
  EXPECT_THAT(page.error().message, HasSubstr("<html>"));
  EXPECT_FALSE(ParseFeed("", "", ""));
  EXPECT_FALSE(ParseFeed("{", "", ""));
  EXPECT_FALSE(ParseFeed("<", "", ""));
}

TEST(Feed, PrintsEveryKeyOfAnEmptyFeed) {
  EXPECT_EQ(FeedToJson(Feed{}),
            R"({"format":"rss","title":null,"description":null,"url":null,"language":null,)"
            R"("rights":null,"authors":[],"categories":[],"updated_at":null,"entries":[]})");
}

TEST(Feed, ReadsALargeFeedWithOneBadByteAsWellAsAGoodOne) {
  std::string items;
  for (int i = 0; i < 2'000; ++i) {
    items += fmt::format(
        "<item><title>Post {0}</title><description>&lt;p>Text {0}&lt;/p></description></item>", i);
  }
  const auto good = ParseFeed(Rss(items), kXml, "");
  const auto bad = ParseFeed(Rss(items + "<item><title>A & B</title></item>"), kXml, "");
  ASSERT_TRUE(good && bad);
  ASSERT_EQ(bad->entries.size(), 2'001U);
  EXPECT_EQ(bad->entries[1'999].summary, good->entries[1'999].summary);
  EXPECT_EQ(bad->entries[2'000].title, "A & B");
  EXPECT_THAT(bad->damaged, IsEmpty());
}

}  // namespace
}  // namespace newswire::formats
