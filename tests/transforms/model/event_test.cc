// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/event.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

UtcMillis At(int64_t ms) { return UtcMillis{std::chrono::milliseconds{ms}}; }

Post SamplePost() {
  Post post;
  post.id = "finews:202204192347943667";
  post.source = "finews";
  post.category = {.slug = "emnews", .name = "东财滚动新闻"};
  post.title = "工信部：“一企一策”";
  post.language = "zh";
  post.publisher = "财联社";
  post.tags = {"东财滚动新闻"};
  post.url = "https://finews.example/emnews/2022/04/19/202204192347943667.html";
  post.published_at = Timestamp{.instant = At(1650336338000), .offset = std::chrono::minutes(480)};
  post.fetched_at = At(1650344763007);
  post.text = "第一段。\n二";
  post.blocks = {{.kind = BlockKind::kParagraph, .level = 0, .span = {0, 4}},
                 {.kind = BlockKind::kHeading, .level = 3, .span = {5, 6}}};
  post.links = {{.url = "https://a/", .text = "段", .span = {2, 3}}};
  post.images = {{.url = "https://a/i.png", .alt = "", .caption = "图"}};
  post.document = 2;
  post.archive = {.segment = "newswire-a-000001.warc.gz",
                  .offset = 77,
                  .record_id = "urn:uuid:1",
                  .position = Position(1, 77),
                  .end = Position(1, 99)};
  post.pipeline = "0.1.0+1f2e3d4c";
  post.digest.whole[0] = 0xAB;
  return post;
}

TEST(MakeEvent, WritesTheKeysInTheirOrder) {
  const Event event = MakeEvent(SamplePost(), {}, "emnews", 1'000'000);
  EXPECT_EQ(
      event.value,
      R"({"id":"finews:202204192347943667","type":"post.published","revision":1,"changed":[],)"
      R"("source":"finews","category":{"slug":"emnews","name":"东财滚动新闻"},)"
      R"("title":"工信部：“一企一策”","summary":null,"language":"zh","publisher":"财联社",)"
      R"("authors":[],"tags":["东财滚动新闻"],)"
      R"("url":"https://finews.example/emnews/2022/04/19/202204192347943667.html",)"
      R"("original_url":null,"published_at":"2022-04-19T10:45:38+08:00","updated_at":null,)"
      R"("fetched_at":"2022-04-19T05:06:03.007Z","text":"第一段。\n二",)"
      R"("blocks":[{"kind":"paragraph","span":[0,4]},{"kind":"heading","level":3,"span":[5,6]}],)"
      R"("links":[{"url":"https://a/","text":"段","span":[2,3]}],)"
      R"("images":[{"url":"https://a/i.png","alt":null,"caption":"图"}],)"
      R"("securities":[],"boards":[],"indicators":[],"figures":[],"story":null,)"
      R"("digest":"sha256:ab00000000000000000000000000000000000000000000000000000000000000",)"
      R"("archive":{"segment":"newswire-a-000001.warc.gz","offset":77,"record":"urn:uuid:1",)"
      R"("document":2},"pipeline":"0.1.0+1f2e3d4c"})");
}

TEST(MakeEvent, AddressesTheCloudEvent) {
  const Event event =
      MakeEvent(SamplePost(), {.type = EventType::kRevised, .revision = 2, .changed = {"title"}},
                "emnews", 1'000'000);
  EXPECT_EQ(event.key, "finews:202204192347943667");
  EXPECT_EQ(event.topic_slug, "emnews");
  EXPECT_EQ(event.published, At(1650336338000));
  EXPECT_THAT(
      CloudEventHeaders(event),
      ElementsAre(
          Pair("ce_specversion", "1.0"),
          Pair("ce_id", "finews:202204192347943667#" + Position(1, 77).ToHex() + "~1f2e3d4c"),
          Pair("ce_source", "urn:newswire:finews"), Pair("ce_type", "post.revised"),
          Pair("ce_time", "2022-04-19T05:06:03.007Z"), Pair("ce_subject", SamplePost().url),
          Pair("ce_sequence", Position(1, 77).ToHex()),
          Pair("ce_dataschema", std::string(EventSchemaUri())),
          Pair("content-type", "application/json")));
  EXPECT_THAT(event.value, HasSubstr(R"("revision":2,"changed":["title"])"));
}

TEST(MakeEvent, DropsStandoffDataBeforeText) {
  Post post = SamplePost();
  for (int i = 0; i < 100; ++i) {
    post.links.push_back(post.links[0]);
  }
  const Event event = MakeEvent(post, {}, "emnews", 2000);
  EXPECT_LE(event.value.size(), 2000U);
  EXPECT_THAT(event.value, HasSubstr(R"("text":"第一段。\n二")"));
  EXPECT_THAT(event.value, HasSubstr(R"("links":[],"images":[])"));
  EXPECT_TRUE(event.value.ends_with(R"("truncated":true})")) << event.value;
}

TEST(MakeEvent, CutsTheEndOfTheTextAndClipsBlocks) {
  Post post = SamplePost();
  post.text.clear();
  post.blocks.clear();
  for (uint32_t i = 0; i < 400; ++i) {
    post.text += i > 0 ? "\n第一\"段" : "第一\"段";
    post.blocks.push_back({.kind = BlockKind::kParagraph, .level = 0, .span = {i * 5, i * 5 + 4}});
  }
  for (const size_t max : {1500U, 3000U, 3001U, 3002U, 5000U}) {
    const Event event = MakeEvent(post, {}, "emnews", max);
    EXPECT_LE(event.value.size(), max);
    EXPECT_GT(event.value.size(), max - 80) << "as much as fits is kept";
    const auto document = text::JsonDocument::Parse(event.value);
    ASSERT_TRUE(document) << document.error();
    const auto blocks = document->root()["blocks"];
    const auto length =
        static_cast<int64_t>(text::CountCodePoints(document->root()["text"].string_or("")));
    ASSERT_GT(blocks.size(), 0U);
    EXPECT_LE(*blocks.at(blocks.size() - 1)["span"].at(1).integer(), length);
    EXPECT_LT(*blocks.at(blocks.size() - 1)["span"].at(0).integer(), length);
  }
}

TEST(MakeEvent, ShortensFieldsWhenNothingElseHelps) {
  Post post = SamplePost();
  post.title = std::string(100'000, 'x');
  post.summary = std::string(100'000, 'y');
  post.tags.assign(5000, "tag");
  const Event event = MakeEvent(post, {}, "emnews", 10'000);
  EXPECT_LE(event.value.size(), 10'000U);
  const auto document = text::JsonDocument::Parse(event.value);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root()["text"].string(), post.text);
  EXPECT_EQ(document->root()["truncated"].boolean(), true);
}

TEST(MakeRemovedEvent, SaysWhatWhenAndHow) {
  Transformed capture;
  capture.source = "finews";
  capture.address = SamplePost().archive;
  capture.fetched_at = At(1650344763007);
  capture.pipeline = "0.1.0+1f2e3d4c";
  capture.removal = Removal{.how = "http_410", .confirmed_at = At(1650344763000)};
  const Event event = MakeRemovedEvent(capture, "finews:1", "https://a/1", 3, "emnews");
  EXPECT_EQ(event.value,
            R"({"id":"finews:1","type":"post.removed","revision":3,"changed":["removed"],)"
            R"("source":"finews","url":"https://a/1",)"
            R"("removal":{"how":"http_410","confirmed_at":"2022-04-19T05:06:03.000Z"},)"
            R"("fetched_at":"2022-04-19T05:06:03.007Z",)"
            R"("archive":{"segment":"newswire-a-000001.warc.gz","offset":77,)"
            R"("record":"urn:uuid:1","document":0},"pipeline":"0.1.0+1f2e3d4c"})");
  EXPECT_EQ(event.key, "finews:1");
  EXPECT_EQ(event.topic_slug, "emnews");
}

TEST(MakeDeadLetterEvent, NamesPositionStepAndReason) {
  DeadLetter letter;
  letter.source = "finews";
  letter.url = "https://a/1";
  letter.document = 1;
  letter.step = "decode";
  letter.reason = "compressed body ends early";
  letter.fetched_at = At(1650344763007);
  letter.archive = SamplePost().archive;
  letter.pipeline = "0.1.0+1f2e3d4c";
  const Event event = MakeDeadLetterEvent(letter);
  EXPECT_EQ(event.topic_slug, "dead-letter");
  EXPECT_EQ(event.value,
            R"({"type":"post.dead_letter","source":"finews","url":"https://a/1","step":"decode",)"
            R"("reason":"compressed body ends early","position":")" +
                Position(1, 77).ToHex() +
                R"(","fetched_at":"2022-04-19T05:06:03.007Z",)"
                R"("archive":{"segment":"newswire-a-000001.warc.gz","offset":77,)"
                R"("record":"urn:uuid:1","document":1},"pipeline":"0.1.0+1f2e3d4c"})");
}

}  // namespace
}  // namespace newswire
