// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"
#include "transforms/steps/credit.h"

namespace newswire::steps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SplitTrailingCredit, KnowsTheNamesOfMedia) {
  struct Case {
    std::string text, rest, publisher;
  };
  for (const auto& [text, rest, publisher] :
       {Case{"…企业。（上海证券报）", "…企业。", "上海证券报"},
        Case{"领涨中概互联网股票。 （证券时报）", "领涨中概互联网股票。", "证券时报"},
        Case{"申请37.6万件。(央视新闻)", "申请37.6万件。", "央视新闻"},
        Case{"助力实现“双碳”目标。(中证网)", "助力实现“双碳”目标。", "中证网"},
        Case{"逐案处理。（央视新闻客户端）", "逐案处理。", "央视新闻客户端"},
        Case{"产品的发行。（券商中国）", "产品的发行。", "券商中国"},
        Case{"措施。（财联社）  ", "措施。", "财联社"},
        Case{"增长（来源：某机构）", "增长", "某机构"}}) {
    const auto credited = SplitTrailingCredit(text);
    ASSERT_TRUE(credited) << text;
    EXPECT_EQ(credited->text, rest);
    EXPECT_EQ(credited->publisher, publisher);
  }
}

TEST(SplitTrailingCredit, LeavesAsidesAndCodesAlone) {
  for (const char* text :
       {"智者四海（北京）", "欧菲光(002456)", "渣打集团(2888.HK)", "英特尔(INTC.O)",
        "至1亿元。（1579.HK）", "公司（国家电网）", "表示。（完）", "（证券时报）", "（明年）",
        "报告。（单位：亿元）", "", "）", "。（）", "他说。（笑，全场鼓掌，新闻）"}) {
    EXPECT_FALSE(SplitTrailingCredit(text)) << text;
  }
}

TEST(ReadCredit, ReadsPublisherAndAuthors) {
  EXPECT_EQ(ReadCredit("（文章来源：上海证券报）").publisher, "上海证券报");
  EXPECT_EQ(ReadCredit("(文章来源: 财联社 )").publisher, "财联社");
  EXPECT_EQ(ReadCredit("来源：新华网 作者：张三、李四").publisher, "新华网");
  EXPECT_EQ(ReadCredit("来源：新华网 作者：张三、李四").authors, "张三、李四");
  EXPECT_EQ(ReadCredit("作者：张三 来源：新华网").publisher, "新华网");
  EXPECT_EQ(ReadCredit("作者：张三 来源：新华网").authors, "张三");
  EXPECT_EQ(ReadCredit("（文章来源：财联社）（责任编辑：王五）").publisher, "财联社");
  EXPECT_EQ(ReadCredit("（证券时报）").publisher, "证券时报");
  EXPECT_EQ(ReadCredit("").publisher, "");
  EXPECT_EQ(ReadCredit("其它").publisher, "");
}

TEST(AttributionStep, TakesTheInlineCreditOutOfTheText) {
  StepFixture fixture;
  fixture.Paragraph("第一段。").Paragraph("第二段。 （证券时报）");
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.publisher, "证券时报");
  EXPECT_EQ(fixture.document.post.text, "第一段。\n第二段。");
  ASSERT_EQ(fixture.document.post.blocks.size(), 2U);
  EXPECT_EQ(fixture.document.post.blocks[1].span, (Span{5, 9}));
}

TEST(AttributionStep, PrefersTheCreditLine) {
  StepFixture fixture;
  fixture.Paragraph("正文。（证券时报）");
  fixture.document.credit = "（文章来源：财联社）";
  fixture.document.candidates.publishers = {{"Site", "og"}};
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.publisher, "财联社");
  EXPECT_EQ(fixture.document.post.text, "正文。");
}

TEST(AttributionStep, FallsBackToTheSitesName) {
  StepFixture fixture;
  fixture.Paragraph("正文。");
  fixture.document.candidates.publishers = {{"Site", "og"}, {"来源：新华网", "visible"}};
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.publisher, "新华网");
  fixture.document.candidates.publishers = {{"Site", "og"}};
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.publisher, "Site");
  fixture.source.kind = SourceKind::kJekyll;  // a site that collects is no publisher
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.publisher, "");
}

TEST(AttributionStep, TakesTheDigestFromFileAndRenderedPageAlike) {
  StepFixture file;
  file.Markdown("").Paragraph("正文。");
  file.document.front_matter = formats::FrontMatter{};
  file.document.digest = "摘要。（财联社）";
  ASSERT_TRUE(Attribute(file.document));
  EXPECT_EQ(file.document.post.summary, "摘要。");
  EXPECT_EQ(file.document.post.publisher, "财联社");

  StepFixture page;
  page.source.kind = SourceKind::kJekyll;
  page.Paragraph("摘要。（财联社）", BlockKind::kQuote).Paragraph("正文。");
  page.document.candidates.summaries = {{"excerpt", "og"}};
  ASSERT_TRUE(Attribute(page.document));
  EXPECT_EQ(page.document.post.summary, "摘要。");
  EXPECT_EQ(page.document.post.publisher, "财联社");
  EXPECT_EQ(page.document.post.text, "正文。");
}

TEST(AttributionStep, LetsAnEmptyTitleBeAbsent) {
  StepFixture fixture;
  fixture.Markdown("").Paragraph("正文。");
  fixture.document.front_matter = formats::FrontMatter{};
  fixture.document.post.title = "guess";
  fixture.document.candidates.titles = {{"guess", "h1"}};
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.title, "");
}

TEST(AttributionStep, CleansAuthors) {
  StepFixture fixture;
  fixture.Paragraph("新华社北京4月19日电（记者张三、李四）正文。");
  fixture.document.candidates.publishers = {{"The Paper", "json_ld"}};
  fixture.document.candidates.authors = {{"By Jane Doe", "meta"},
                                         {"Jane Doe", "json_ld"},
                                         {"The Paper", "meta"},
                                         {"https://example.org/me", "meta"},
                                         {"Ann Roe and Tom Poe", "json_ld"}};
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_THAT(fixture.document.post.authors,
              ElementsAre("Jane Doe", "Ann Roe", "Tom Poe", "张三", "李四"));
  EXPECT_EQ(fixture.document.post.dateline, "新华社北京4月19日电");
}

TEST(AttributionStep, TakesOnlyUrlsAsOriginal) {
  StepFixture fixture;
  fixture.Paragraph("正文。");
  fixture.document.source_link = "http://a.example/news/1797,1.html";
  ASSERT_TRUE(Attribute(fixture.document));
  EXPECT_EQ(fixture.document.post.original_url, "http://a.example/news/1797,1.html");
  StepFixture none;
  none.Paragraph("正文。");
  none.document.source_link = "nonsense";
  ASSERT_TRUE(Attribute(none.document));
  EXPECT_EQ(none.document.post.original_url, "");
  EXPECT_THAT(none.document.post.authors, IsEmpty());
}

TEST(AttributionStep, MovesLinkSpansToTheWholeText) {
  StepFixture fixture;
  fixture.Paragraph("第一段。").Paragraph("第二段。");
  fixture.document.blocks[1].links = {{.url = "https://a/", .text = "二", .span = {1, 2}}};
  ASSERT_TRUE(Attribute(fixture.document));
  ASSERT_EQ(fixture.document.post.links.size(), 1U);
  EXPECT_EQ(fixture.document.post.links[0].span, (Span{6, 7}));
}

}  // namespace
}  // namespace newswire::steps
