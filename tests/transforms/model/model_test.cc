// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/model/capture.h"
#include "transforms/model/position.h"
#include "transforms/model/post.h"
#include "transforms/model/source.h"
#include "transforms/model/timestamp.h"

namespace newswire {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

UtcMillis At(int64_t ms) { return UtcMillis{milliseconds{ms}}; }

TEST(Timestamp, FormatsUtc) {
  EXPECT_EQ(FormatUtc(At(1650344763000)), "2022-04-19T05:06:03Z");
  EXPECT_EQ(FormatUtc(At(1650344763007)), "2022-04-19T05:06:03.007Z");
  EXPECT_EQ(FormatUtcMillis(At(1650344763000)), "2022-04-19T05:06:03.000Z");
  EXPECT_EQ(FormatUtc(At(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Timestamp, FormatsWithTheOffsetAsWritten) {
  EXPECT_EQ(FormatLocal({.instant = At(1650344763000), .offset = minutes(480)}),
            "2022-04-19T13:06:03+08:00");
  EXPECT_EQ(FormatLocal({.instant = At(1650344763000), .offset = minutes(-210)}),
            "2022-04-19T01:36:03-03:30");
  EXPECT_EQ(FormatLocal({.instant = At(1650344763000), .offset = minutes(0)}),
            "2022-04-19T05:06:03Z");
  EXPECT_EQ(FormatLocal({.instant = At(1650344763000), .offset = std::nullopt}),
            "2022-04-19T05:06:03Z");
}

TEST(Timestamp, ReadsWhatItWrote) {
  for (const int64_t ms : {int64_t{0}, int64_t{1650344763007}, int64_t{-86400001}}) {
    for (const int offset : {0, 480, -210, 1439}) {
      const Timestamp time{.instant = At(ms), .offset = minutes(offset)};
      EXPECT_EQ(ParseRfc3339(FormatLocal(time)), time);
    }
  }
}

TEST(Timestamp, RefusesAnythingElse) {
  for (const char* text :
       {"", "2022-04-19", "2022-04-19 05:06:03Z", "2022-04-19T05:06:03", "2022-04-19T05:06:03z",
        "2022-04-19T24:00:00Z", "2022-02-30T00:00:00Z", "2022-04-19T05:06:60Z",
        "2022-04-19T05:06:03.Z", "2022-04-19T05:06:03+0800", "2022-04-19T05:06:03+08:00x",
        "2022-04-19T05:06:03+25:00"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(FindHeader, ComparesWithoutCaseAndTakesTheFirst) {
  const std::vector<HttpHeader> headers = {{"ETag", "a"}, {"content-TYPE", "x"}, {"etag", "b"}};
  EXPECT_EQ(FindHeader(headers, "etag"), "a");
  EXPECT_EQ(FindHeader(headers, "Content-Type"), "x");
  EXPECT_EQ(FindHeader(headers, "Location"), std::nullopt);
}

CaptureMetadata FullMetadata() {
  CaptureMetadata metadata;
  metadata.source = "finews";
  metadata.role = CaptureRole::kListing;
  metadata.body = BodyKind::kDetail;
  metadata.link = "https://example.com/工?a=\"b\"";
  metadata.entry = {.id = "guid",
                    .title = "工信部",
                    .summary = "s",
                    .published = "Tue, 19 Apr 2022 13:06:03 GMT",
                    .updated = "u",
                    .language = "zh",
                    .rights = "r",
                    .authors = {"a", "b"},
                    .categories = {"21shijijingjibaodao  nancailicaitong"}};
  metadata.publish_after = At(1650344763123);
  metadata.removal = Removal{.how = "http_410", .confirmed_at = At(1650344763000)};
  metadata.exchange = {.remote_address = "203.0.113.7:443",
                       .tls = "TLSv1.3",
                       .duration = milliseconds(42),
                       .redirects = {"https://a/", "https://b/"}};
  return metadata;
}

TEST(CaptureMetadata, ReadsWhatItWrote) {
  for (const CaptureMetadata& metadata : {FullMetadata(), CaptureMetadata{}}) {
    const auto read = CaptureMetadataFromJson(CaptureMetadataToJson(metadata));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, metadata) << CaptureMetadataToJson(metadata);
  }
}

TEST(CaptureMetadata, IgnoresUnknownKeys) {
  const auto read = CaptureMetadataFromJson(
      R"({"source":"s","role":"post","body":"page","link":"l","later":{"x":[1]}})");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->link, "l");
}

TEST(CaptureMetadata, RefusesWhatIsWrong) {
  for (const char* json : {"", "[]", R"({"role":"x","body":"page"})", R"({"role":"post"})",
                           R"({"role":"post","body":"page","publish_after":"soon"})",
                           R"({"role":"post","body":"page","removal":{"how":"x"}})"}) {
    const auto read = CaptureMetadataFromJson(json);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed);
  }
}

TEST(CaptureMetadata, WritesJsonEvenOfIllFormedBytes) {
  CaptureMetadata metadata;
  metadata.entry.title = "\xB9\xA4";
  const auto read = CaptureMetadataFromJson(CaptureMetadataToJson(metadata));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->entry.title, "\uFFFD\uFFFD");
}

Source FullSource() {
  Source source;
  source.id = "finews";
  source.kind = SourceKind::kJekyll;
  source.url = "https://finews.example/";
  source.feed = "https://finews.example/f.xml";
  source.sitemap = "https://finews.example/s.xml";
  source.body = BodyKind::kFeed;
  source.every = milliseconds(30'000);
  source.delay = milliseconds(1500);
  source.parallel = 4;
  source.recheck = {seconds(600), seconds(86'400)};
  source.robots = RobotsPolicy::kObey;
  source.backfill = {.kind = Backfill::Kind::kAge, .age = seconds(7200)};
  source.removal = {.confirm_after = seconds(60), .when_unlisted = true};
  source.id_policy = IdPolicy::kPattern;
  source.id_pattern = R"(/(\d+)\.html$)";
  source.timezone = "Asia/Shanghai";
  source.language = "zh";
  source.steps = {"decode", "clean"};
  source.categories = {{"中国证券报", "zhongguozhengquanbao"}, {"东财滚动新闻", "emnews"}};
  return source;
}

TEST(Source, ReadsWhatItWrote) {
  Source none;
  none.backfill.kind = Backfill::Kind::kNone;
  for (const Source& source : {FullSource(), Source{}, none}) {
    const auto read = SourceFromJson(SourceToJson(source));
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, source) << SourceToJson(source);
  }
}

TEST(Source, IgnoresUnknownKeysAndRefusesWrongTypes) {
  EXPECT_TRUE(SourceFromJson(R"({"id":"a","later":1})"));
  for (const char* json :
       {"", "3", R"({"id":3})", R"({"kind":"x"})", R"({"every":30})", R"({"every":"30 parsecs"})",
        R"({"parallel":"x"})", R"({"recheck":"x"})", R"({"recheck":[1]})", R"({"steps":[1]})",
        R"({"categories":[]})", R"({"removal":{"when_unlisted":"x"}})", R"({"backfill":"x"})"}) {
    const auto read = SourceFromJson(json);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed);
  }
}

TEST(Position, SortsAsItsHexDoes) {
  const Position a(1, Position::kMaxOffset);
  const Position b(2, 0);
  EXPECT_LT(a, b);
  EXPECT_LT(a.ToHex(), b.ToHex());
  EXPECT_EQ(Position::FromHex(a.ToHex()), a);
  EXPECT_EQ(Position::FromHex("xyz"), std::nullopt);
}

}  // namespace
}  // namespace newswire
