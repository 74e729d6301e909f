// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/json.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::text {
namespace {

TEST(Json, ReadsValuesByKeyAndIndex) {
  const auto document = JsonDocument::Parse(
      R"( {"a":[1,-2,3.5,true,null,"工\n"],"b":{"c":"d"},"n":9223372036854775807} )");
  ASSERT_TRUE(document) << document.error();
  const JsonValue root = document->root();
  EXPECT_TRUE(root.is_object());
  EXPECT_EQ(root.size(), 3U);
  EXPECT_EQ(root["a"].size(), 6U);
  EXPECT_EQ(root["a"].at(1).integer(), -2);
  EXPECT_EQ(root["a"].at(2).number(), 3.5);
  EXPECT_EQ(root["a"].at(2).integer(), std::nullopt);
  EXPECT_EQ(root["a"].at(3).boolean(), true);
  EXPECT_TRUE(root["a"].at(4).is_null());
  EXPECT_EQ(root["a"].at(5).string(), "工\n");
  EXPECT_EQ(root["b"]["c"].string_or("x"), "d");
  EXPECT_EQ(root["n"].integer(), std::numeric_limits<int64_t>::max());
}

TEST(Json, AnswersNothingForWhatIsMissing) {
  const auto document = JsonDocument::Parse("[]");
  ASSERT_TRUE(document);
  const JsonValue missing = document->root()["x"].at(3)["y"];
  EXPECT_FALSE(missing.exists());
  EXPECT_FALSE(missing.is_null());
  EXPECT_EQ(missing.size(), 0U);
  EXPECT_EQ(missing.string(), std::nullopt);
  EXPECT_EQ(missing.Dump(), "");
}

TEST(Json, RefusesWhatIsNotJsonNamingTheByte) {
  for (const char* bad : {"", "{", "{\"a\":}", "[1,]", "{'a':1}", "[1] x", "nul", "\"\t\""}) {
    EXPECT_FALSE(JsonDocument::Parse(bad)) << bad;
  }
  EXPECT_THAT(JsonDocument::Parse("[1,]").error().message, testing::HasSubstr("at byte 3"));
  EXPECT_EQ(JsonDocument::Parse("[1,]").error().kind, ErrorKind::kMalformed);
}

TEST(Json, RefusesIllFormedUtf8) {
  EXPECT_FALSE(JsonDocument::Parse("\"\xC0\xAF\""));
  EXPECT_FALSE(JsonDocument::Parse("\"\xED\xA0\x80\""));
}

TEST(Json, ReplacesHalfASurrogatePair) {
  const auto document =
      JsonDocument::Parse(R"(["\ud83d","\udc00x","\ud83d\ude00","\\ud83d","\ud83d\n"])");
  ASSERT_TRUE(document) << document.error();
  EXPECT_EQ(document->root().at(0).string(), "\uFFFD");
  EXPECT_EQ(document->root().at(1).string(), "\uFFFDx");
  EXPECT_EQ(document->root().at(2).string(), "\U0001F600");
  EXPECT_EQ(document->root().at(3).string(), "\\ud83d");
  EXPECT_EQ(document->root().at(4).string(), "\uFFFD\n");
}

TEST(Json, SkipsAByteOrderMark) { EXPECT_TRUE(JsonDocument::Parse("\xEF\xBB\xBF{}")); }

TEST(Json, LimitsDepthWithoutRecursion) {
  EXPECT_TRUE(JsonDocument::Parse(std::string(128, '[') + std::string(128, ']')));
  const auto deep = JsonDocument::Parse(std::string(1'000'000, '['));
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().message, testing::HasSubstr("128"));
}

TEST(Json, DumpsWhatItRead) {
  const std::string json =
      R"({"a":[1,-2,3.5,true,false,null,"工\n\"\\"],"b":{},"u":18446744073709551615})";
  const auto document = JsonDocument::Parse(json);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().Dump(), json);
}

TEST(Json, VisitsMembersInOrder) {
  const auto document = JsonDocument::Parse(R"({"z":1,"a":2,"z":3})");
  ASSERT_TRUE(document);
  std::string keys;
  document->root().ForEachMember([&](std::string_view key, JsonValue value) {
    keys += key;
    keys += std::to_string(*value.integer());
  });
  EXPECT_EQ(keys, "z1a2z3");
}

TEST(JsonWriter, WritesNestedValuesInOrder) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("a").BeginArray().Int(-1).Uint(2).EndArray();
  json.Key("b").BeginObject().EndObject();
  json.Key("c").StringOrNull("").Key("d").Bool(true).Key("e").Double(6.5);
  json.Key("f").Double(std::numeric_limits<double>::infinity()).Key("g").Raw("[1]");
  json.Key("h").BeginArray().BeginObject().EndObject().BeginArray().EndArray().EndArray();
  json.EndObject();
  EXPECT_EQ(out, R"({"a":[-1,2],"b":{},"c":null,"d":true,"e":6.5,"f":null,"g":[1],"h":[{},[]]})");
}

TEST(JsonWriter, EscapesOnlyWhatMustBe) {
  std::string out;
  JsonWriter(out).String(std::string_view("\"\\/\b\f\n\r\t\x01\x7F工\0", 14));
  EXPECT_EQ(out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F工\\u0000\"");
}

}  // namespace
}  // namespace newswire::text
