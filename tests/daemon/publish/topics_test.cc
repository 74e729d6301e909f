// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/publish/output.h"

namespace newswire::publish {
namespace {

using testing::HasSubstr;

TEST(TopicSlug, KeepsWhatTopicsCanHold) {
  EXPECT_EQ(TopicSlug("emnews"), "emnews");
  EXPECT_EQ(TopicSlug("Zhong Guo_2022"), "zhong-guo-2022");
  EXPECT_EQ(TopicSlug("a//b  c"), "a-b-c");
  EXPECT_EQ(TopicSlug("--a--"), "a");
  EXPECT_EQ(TopicSlug(std::string(300, 'x')), std::string(100, 'x'));
}

TEST(TopicSlug, SendsReservedAndEmptyNamesToOther) {
  for (const char* slug : {"", "checkpoint", "Dead Letter", "dead-letter", "other", "frontier",
                           "FRONTIER", "新闻", "///"}) {
    EXPECT_EQ(TopicSlug(slug), "other") << slug;
  }
}

TEST(TopicPattern, NeedsPrefixAndOnePlace) {
  EXPECT_TRUE(CheckTopicPattern("news.{category}"));
  EXPECT_TRUE(CheckTopicPattern("a_b-C.{category}.v1"));
  for (const char* pattern : {"", "news", "{category}", "{category}.news", "n.{category}{category}",
                              "n ws.{category}", "news.{category}/x", "__x.{category}"}) {
    auto ok = CheckTopicPattern(pattern);
    ASSERT_FALSE(ok) << pattern;
    EXPECT_EQ(ok.error().kind, ErrorKind::kConfig);
    EXPECT_THAT(ok.error().message, HasSubstr("kafka.topic"));
  }
  EXPECT_FALSE(CheckTopicPattern(std::string(150, 'a') + "{category}"));
}

TEST(TopicName, AppliesPatternAndKeepsDeadLettersApart) {
  EXPECT_EQ(TopicPrefix("news.{category}.v1"), "news.");
  EXPECT_EQ(TopicName("news.{category}.v1", "emnews"), "news.emnews.v1");
  EXPECT_EQ(TopicName("news.{category}.v1", "other"), "news.other.v1");
  EXPECT_EQ(TopicName("news.{category}.v1", "dead-letter"), "news.dead-letter");
  EXPECT_EQ(TopicName("news.{category}", "checkpoint"), "news.other");
}

TEST(Checkpoint, ReadsBackWhatItWrote) {
  const Checkpoint checkpoint{.archive = "0b7d",
                              .position = Position(3, 77),
                              .last_capture = Position(3, 5),
                              .last_record = "urn:uuid:1",
                              .events = 42};
  const std::string json = CheckpointToJson(checkpoint, UtcMillis());
  auto read = CheckpointFromJson(json);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, checkpoint) << json;
}

TEST(Checkpoint, RefusesOtherVersionsAndDamage) {
  for (const char* json :
       {"", "{}", "nonsense", R"({"v":2})", R"({"v":1,"archive":"a"})",
        R"({"v":1,"archive":"a","position":"xx","last_capture":"0","events":1})"}) {
    auto read = CheckpointFromJson(json);
    ASSERT_FALSE(read) << json;
    EXPECT_EQ(read.error().kind, ErrorKind::kCorruption);
  }
}

}  // namespace
}  // namespace newswire::publish
