// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/front_matter.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::formats {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

FrontMatter Parse(const std::string& text) {
  const auto parsed = ParseFrontMatter(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(FrontMatter{});
}

const std::string kPost =
    "---\nlayout: post\ntitle: \"工信部：“一企一策”\"\ndate: 2022-04-19 13:06:03 +0800\n"
    "categories: emnews\ntags: 东财滚动新闻\n---\nbody";

TEST(FrontMatter, ReadsTheShapeOfTheFirstSite) {
  const FrontMatter front_matter = Parse(kPost);
  EXPECT_EQ(front_matter.layout, "post");
  EXPECT_EQ(front_matter.title, "工信部：“一企一策”");
  EXPECT_EQ(front_matter.date, "2022-04-19 13:06:03 +0800");
  EXPECT_THAT(front_matter.categories, ElementsAre("emnews"));
  EXPECT_THAT(front_matter.tags, ElementsAre("东财滚动新闻"));
  EXPECT_FALSE(front_matter.tolerant);
  EXPECT_EQ(kPost.substr(front_matter.body_offset), "body");
}

TEST(FrontMatter, AllowsEmptyLinesABomAndCrLf) {
  std::string crlf;
  for (const char c : kPost) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
  }
  for (const std::string& text : {"\n" + kPost, "\xEF\xBB\xBF" + kPost, " \r\n\n" + kPost, crlf}) {
    const FrontMatter front_matter = Parse(text);
    EXPECT_EQ(front_matter.title, "工信部：“一企一策”");
    EXPECT_THAT(front_matter.tags, ElementsAre("东财滚动新闻"));
    EXPECT_EQ(text.substr(front_matter.body_offset), "body");
  }
}

TEST(FrontMatter, RecoversTitlesThatAreNotYaml) {
  struct Case {
    std::string written, expected;
  };
  for (const auto& [written, expected] :
       {Case{R"("他说"你好"再见")", R"(他说"你好"再见)"}, Case{R"("A\C路径\")", R"(A\C路径\)"},
        Case{R"("C:\new\table")", R"(C:\new\table)"}, Case{"a: b: c", "a: b: c"},
        Case{"*ST股票", "*ST股票"}, Case{R"("引号 \"内\" 与 "外"")", R"(引号 "内" 与 "外")"},
        Case{"@提醒", "@提醒"}, Case{"'it''s", "'it''s"}, Case{"【快讯】: 涨", "【快讯】: 涨"}}) {
    const std::string text =
        "---\ntitle: " + written + "\ndate: 2022-04-19 13:06:03\ncategories: a  b\ntags: x\n---\n";
    const FrontMatter front_matter = Parse(text);
    EXPECT_EQ(front_matter.title, expected) << written;
    EXPECT_EQ(front_matter.date, "2022-04-19 13:06:03") << written;
    EXPECT_THAT(front_matter.categories, ElementsAre("a  b")) << written;
    EXPECT_THAT(front_matter.tags, ElementsAre("x")) << written;
    EXPECT_TRUE(front_matter.tolerant) << written;
  }
}

TEST(FrontMatter, KeepsASlugWithSpacesAsOneCategory) {
  EXPECT_THAT(Parse("---\ncategories: 21shijijingjibaodao  nancailicaitong \n---\n").categories,
              ElementsAre("21shijijingjibaodao  nancailicaitong"));
  EXPECT_THAT(Parse("---\ncategories: 21shijijingjibaodao 21caijingAPP\n---\n").categories,
              ElementsAre("21shijijingjibaodao 21caijingAPP"));
  EXPECT_THAT(Parse("---\ncategories: anxinguojizhengquan(xianggang)\n---\n").categories,
              ElementsAre("anxinguojizhengquan(xianggang)"));
}

TEST(FrontMatter, ReadsEmptyFieldsAsAbsent) {
  const FrontMatter front_matter =
      Parse("---\nlayout: post\ntitle: \"\"\ndate:  +0800\ncategories:\ntags: ~\n---\n");
  EXPECT_EQ(front_matter.title, "");
  EXPECT_EQ(front_matter.date, "+0800");
  EXPECT_THAT(front_matter.categories, IsEmpty());
  EXPECT_THAT(front_matter.tags, IsEmpty());
}

TEST(FrontMatter, ReadsListsOfBothKinds) {
  const FrontMatter flow = Parse("---\ncategories: [a, \"b c\"]\ntags:\n  - x\n  - y z\n---\n");
  EXPECT_THAT(flow.categories, ElementsAre("a", "b c"));
  EXPECT_THAT(flow.tags, ElementsAre("x", "y z"));
  const FrontMatter tolerant =
      Parse("---\ntitle: a: b\ncategories: [a, \"b c\"]\ntags:\n  - x\n  - y z\n---\n");
  EXPECT_TRUE(tolerant.tolerant);
  EXPECT_THAT(tolerant.categories, ElementsAre("a", "b c"));
  EXPECT_THAT(tolerant.tags, ElementsAre("x", "y z"));
}

TEST(FrontMatter, KeepsOtherScalarsInFileOrder) {
  const FrontMatter front_matter =
      Parse("---\nlang: zh\nauthor: 张三\nnested: {a: b}\nlast_modified_at: 2022-04-20\n---\n");
  EXPECT_THAT(front_matter.other,
              ElementsAre(Pair("lang", "zh"), Pair("last_modified_at", "2022-04-20")));
  EXPECT_THAT(front_matter.authors, ElementsAre("张三"));
}

TEST(FrontMatter, SaysWhenThereIsNone) {
  for (const char* text : {"", "body", "\n\n", "----\ntitle: x\n----\n", "---\ntitle: x\n",
                           "text\n---\ntitle: x\n---\n", "---"}) {
    EXPECT_FALSE(ParseFrontMatter(text)) << text;
  }
}

TEST(FrontMatter, RefusesAliasesAndDepthAsYaml) {
  const FrontMatter bomb = Parse("---\na: &a [x, x]\nb: [*a, *a]\ntitle: kept\n---\n");
  EXPECT_TRUE(bomb.tolerant);
  EXPECT_EQ(bomb.title, "kept");
  const FrontMatter deep =
      Parse("---\na: " + std::string(1000, '[') + std::string(1000, ']') + "\ntitle: kept\n---\n");
  EXPECT_TRUE(deep.tolerant);
  EXPECT_EQ(deep.title, "kept");
}

TEST(FrontMatter, IsTotalOnAnyBytes) {
  for (size_t length = 0; length <= kPost.size(); ++length) {
    (void)ParseFrontMatter(kPost.substr(0, length));
    std::string flipped = kPost;
    flipped[length % kPost.size()] = static_cast<char>(flipped[length % kPost.size()] ^ 0x15);
    (void)ParseFrontMatter(flipped);
  }
}

}  // namespace
}  // namespace newswire::formats
