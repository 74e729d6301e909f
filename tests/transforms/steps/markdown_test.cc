// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"

namespace newswire::steps {
namespace {

using testing::HasSubstr;
using testing::Not;

void RunSteps(StepFixture& fixture, const std::string& text) {
  fixture.Markdown(text);
  ASSERT_TRUE(Decode(fixture.document));
  ASSERT_TRUE(ReadFrontMatter(fixture.document));
  ASSERT_TRUE(RenderMarkdown(fixture.document));
}

const std::string kHead = "---\ntitle: x\n---\n";

TEST(MarkdownStep, TakesDigestAndFootOff) {
  for (const std::string end : {"\n", "\r\n"}) {
    StepFixture fixture;
    RunSteps(fixture,
             kHead + "> 摘要&amp;一。（财联社）" + end + end + "<p>正文<span>一</span></p>" + end +
                 " <p>二</p>" + end + end + "<http://hk.example/news/1797,1.html>" + end + end +
                 "[返回东财滚动新闻](//finews.example/emnews/)｜[返回首页](//finews.example/)");
    EXPECT_EQ(fixture.document.digest, "摘要&一。（财联社）");
    EXPECT_EQ(fixture.document.source_link, "http://hk.example/news/1797,1.html");
    EXPECT_THAT(fixture.document.html, HasSubstr("<p>正文<span>一</span></p>"));
    EXPECT_THAT(fixture.document.html, HasSubstr("<p>二</p>"));
    EXPECT_THAT(fixture.document.html, Not(HasSubstr("返回")));
    EXPECT_THAT(fixture.document.html, Not(HasSubstr("摘要")));
    EXPECT_THAT(fixture.document.html, Not(HasSubstr("hk.example")));
    EXPECT_TRUE(fixture.document.is_fragment);
  }
}

TEST(MarkdownStep, KnowsEveryShapeOfFoot) {
  for (const std::string foot :
       {"[返回东财滚动新闻](../emnews/)\n[返回首页](../)",
        "[返回东财滚动新闻](./emnews/)\n[返回首页](./)\n", "[返回首页](//finews.example/)",
        "[返回a](//b/)|[返回首页](//b/)  \n\n", ""}) {
    StepFixture fixture;
    RunSteps(fixture, kHead + "\n正文。\n\n<http://a.example/1.html>\n\n" + foot);
    EXPECT_EQ(fixture.document.source_link, "http://a.example/1.html") << foot;
    EXPECT_EQ(fixture.document.html, "<p>正文。</p>\n") << foot;
  }
}

TEST(MarkdownStep, ReadsAnEmptySourceLinkAsNone) {
  StepFixture fixture;
  RunSteps(fixture, kHead + "正文。\n\n<>\n\n[返回首页](//b/)");
  EXPECT_EQ(fixture.document.source_link, "");
  EXPECT_EQ(fixture.document.html, "<p>正文。</p>\n");
}

TEST(MarkdownStep, GivesNoDigestForAnEmptyQuote) {
  StepFixture fixture;
  RunSteps(fixture, kHead + "> \n\n<p>正文</p>\n");
  EXPECT_EQ(fixture.document.digest, "");
  EXPECT_THAT(fixture.document.html, HasSubstr("<p>正文</p>"));
}

TEST(MarkdownStep, KeepsARawLessThanSign) {
  StepFixture fixture;
  RunSteps(fixture, kHead + "\n精度满足<1%，测距>5米。“A”...--\n\n<http://a.example/1.html>\n");
  EXPECT_EQ(fixture.document.html, "<p>精度满足&lt;1%，测距&gt;5米。“A”...--</p>\n");
}

TEST(MarkdownStep, KeepsLinksThatAreText) {
  StepFixture fixture;
  RunSteps(fixture, kHead + "见 [公告](https://a/) 。\n\n[公告](https://a/)\n");
  EXPECT_THAT(fixture.document.html, HasSubstr("<p><a href=\"https://a/\">公告</a></p>"));
}

TEST(MarkdownStep, LeavesPagesAlone) {
  StepFixture fixture;
  fixture.capture.body = "> quote\n\n<p>x</p>";
  fixture.document.content_type = "text/html";
  ASSERT_TRUE(Decode(fixture.document));
  ASSERT_TRUE(ReadFrontMatter(fixture.document));
  ASSERT_TRUE(RenderMarkdown(fixture.document));
  EXPECT_EQ(fixture.document.html, "> quote\n\n<p>x</p>");
}

TEST(MarkdownStep, ReadsHostileNestingAsPlainText) {
  StepFixture fixture;
  RunSteps(fixture, kHead + "正文\n\n" + std::string(1'000'000, '>') + "x");
  EXPECT_THAT(fixture.document.html, HasSubstr("<p>正文</p>"));
  EXPECT_FALSE(fixture.document.notes.empty());
}

}  // namespace
}  // namespace newswire::steps
