// SPDX-License-Identifier: Apache-2.0
// Who wrote a page, for whom and when, as its lines, classes and scripts say.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"
#include "transforms/steps/byline_names.h"
#include "transforms/steps/name_hint.h"
#include "transforms/steps/visible_dates.h"

namespace newswire::steps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(BylineNames, SourceBehindItsLabel) {
  EXPECT_EQ(LabelledSource("2022-04-19 13:06 来源：东湖日报 作者：张三"), "东湖日报");
  EXPECT_EQ(LabelledSource("稿源: 东湖日报（记者 张三）"), "东湖日报");
  EXPECT_EQ(LabelledSource("图片来源：东湖图库"), "");
  EXPECT_EQ(LabelledSource("来源：网络"), "");
  EXPECT_EQ(LabelledSource("没有标签"), "");
}

TEST(BylineNames, AuthorsBehindTheirLabel) {
  EXPECT_EQ(LabelledAuthors("作者：张三、李四 来源：东湖日报"), "张三、李四");
  EXPECT_EQ(LabelledAuthors("文/王五"), "王五");
  EXPECT_EQ(LabelledAuthors("论文/王五的研究"), "");
  EXPECT_EQ(LabelledAuthors("作者：东湖网专栏作者 赵六"), "赵六");
}

TEST(BylineNames, ReportersInTheText) {
  EXPECT_EQ(ReporterIn("东湖日报讯（记者 张三 李四）昨天，市里说了一件事。"), "张三、李四");
  EXPECT_EQ(ReporterIn("东湖日报记者 张三"), "张三");
  EXPECT_EQ(ReporterIn("记者获悉，张三来了"), "");
  EXPECT_EQ(ReporterIn("记者 从市政府获悉一件事情"), "");
  // Linear in the line, which may be as long as a page.
  std::string offices = "记者 ";
  while (offices.size() < 4'000'000) {
    offices += "通讯员 ";
  }
  EXPECT_EQ(ReporterIn(offices), "");
}

TEST(BylineNames, NameBesideADate) {
  for (const auto& [line, name] :
       {std::pair{"2019年09月07日 04:04 东湖日报", "东湖日报"},
        std::pair{"原创 某某人家 2019-09-04 22:18", "某某人家"},
        std::pair{"发布时间：2019-09-04 22:18", ""}, std::pair{"2019-09-04 22:18 阅读 1234", ""}}) {
    const auto date = FindNumericDate(line);
    ASSERT_TRUE(date.has_value()) << line;
    EXPECT_EQ(NameBesideDate(line, date->begin, date->end), name) << line;
  }
}

TEST(BylineNames, NameAndMedium) {
  const auto pair = SplitNameAndMedium("张三/东湖日报");
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->first, "张三");
  EXPECT_EQ(pair->second, "东湖日报");
  EXPECT_FALSE(SplitNameAndMedium("财经/股票").has_value());
}

TEST(BylineNames, PlainNames) {
  EXPECT_EQ(PlainName("By Jane Doe"), "Jane Doe");
  EXPECT_EQ(PlainName("Written by: Jane Doe"), "Jane Doe");
  EXPECT_EQ(PlainName("作者：张三"), "张三");
  for (const char* other : {"12 comments", "Admin", "@jane", "More from Jane", "a. Sentence", ""}) {
    EXPECT_EQ(PlainName(other), "") << other;
  }
}

TEST(BylineNames, LinesThatBeginWithBy) {
  EXPECT_EQ(NameBehindBy("By Jane Doe | 3.4.2022"), "Jane Doe");
  EXPECT_EQ(NameBehindBy("Von Jana Roth"), "Jana Roth");
  EXPECT_EQ(NameBehindBy("By the time he came"), "");
  EXPECT_EQ(NameBehindBy("Jane Doe"), "");
}

TEST(NameHint, ReadsTheWordsOfAClass) {
  EXPECT_EQ(NameHintOf("post-author", ""), NameHint::kAuthor);
  EXPECT_EQ(NameHintOf("", "byline"), NameHint::kAuthor);
  EXPECT_EQ(NameHintOf("articleSource", ""), NameHint::kSource);
  for (const char* other : {"author-bio", "authorAvatar", "authority", "resources", ""}) {
    EXPECT_EQ(NameHintOf(other, ""), NameHint::kNone) << other;
  }
}

TEST(ScriptDate, TheClearestNameDecides) {
  EXPECT_EQ(FindScriptDate(R"(var x = {"publish_time":"2022-04-19 13:06:03"};)"),
            "2022-04-19 13:06:03");
  EXPECT_EQ(FindScriptDate("var ct = \"1650344763\";"), "1650344763");
  EXPECT_EQ(FindScriptDate("{createTime: 1650344763000, publishTime: 1650340000000}"),
            "1650340000000");
  for (const char* other : {"modify_time = '2022-04-19 13:06'", "ct = 12", "direct=1650344763",
                            "publish_time:", "publish_time = soon", ""}) {
    EXPECT_EQ(FindScriptDate(other), "") << other;
  }
}

struct Page : StepFixture {
  Page(const std::string& head, const std::string& body) {
    document.html = "<html><head>" + head + "</head><body>" + body + "</body></html>";
    EXPECT_TRUE(CollectMetadata(document).has_value());
  }
};

std::vector<std::string> Values(const std::vector<Candidate>& list) {
  std::vector<std::string> values;
  for (const Candidate& it : list) {
    values.push_back(it.value);
  }
  return values;
}

const std::string kChinese =
    "<p>湖边的集市今年开得比往年都早，摊主们说，天气暖和，来的人也多，从早到晚没有停过。</p>"
    "<p>市里说，明年还要再加两条街，让更多的人家能来卖东西，路也要修得更宽一些。</p>";
const std::string kChineseHead = "<title>湖边的集市今年开得早_某网</title>";

TEST(Byline, TheNameBesideTheDateIsTheSource) {
  const Page page(kChineseHead,
                  "<h1>湖边的集市今年开得早</h1><div>2022年04月19日 13:06 东湖日报"
                  "</div>" +
                      kChinese);
  const Candidates& got = page.document.candidates;
  ASSERT_FALSE(got.publishers.empty());
  EXPECT_EQ(got.publishers[0].value, "东湖日报");
  EXPECT_EQ(got.publishers[0].origin, "visible");
  EXPECT_THAT(Values(got.authors), Not(Contains("东湖日报")));  // a medium signs nothing
}

TEST(Byline, AReporterInTheTextIsTheAuthor) {
  const Page page(kChineseHead,
                  "<h1>湖边的集市今年开得早</h1><div>2022-04-19 13:06</div>"
                  "<p>东湖日报讯（记者 张三）集市昨天开了。</p>" +
                      kChinese);
  EXPECT_THAT(Values(page.document.candidates.authors), ElementsAre("张三"));
}

const std::string kEnglish =
    "<p>Rates rose again in May, the bank said on Tuesday, and it expects that they will rise once "
    "more before the end of the year, if prices do not fall.</p>";
const std::string kEnglishHead = "<title>Rates rise again in May | The Daily</title>";
const std::string kEnglishHeading = "<h1>Rates rise again in May</h1>";

TEST(Byline, AnElementWhoseClassSaysAuthorOrALineByNamesTheAuthor) {
  EXPECT_THAT(Values(Page(kEnglishHead, kEnglishHeading +
                                            "<div class='post-author'>Words <a href=/j>Jane Doe</a>"
                                            "</div>" +
                                            kEnglish)
                         .document.candidates.authors),
              ElementsAre("Jane Doe"));
  EXPECT_THAT(
      Values(Page(kEnglishHead, kEnglishHeading + "<p>By Jane Doe | 3.4.2022</p>" + kEnglish)
                 .document.candidates.authors),
      ElementsAre("Jane Doe"));
}

TEST(Byline, WhatFollowsTheHeadlineInTheTitleIsThePublisher) {
  const Page page(kEnglishHead, kEnglishHeading + kEnglish);
  EXPECT_THAT(Values(page.document.candidates.publishers), ElementsAre("The Daily"));
}

TEST(Byline, AScriptTellsTheTimeOnlyWhenNothingElseDoes) {
  const std::string script = "<script>var publish_time = '2022-04-19 13:06:03';</script>";
  EXPECT_THAT(
      Values(Page(kEnglishHead + script, kEnglishHeading + kEnglish).document.candidates.published),
      ElementsAre("2022-04-19 13:06:03"));
  EXPECT_THAT(
      Values(Page(kEnglishHead + script + "<meta name=date content='2022-04-18'>", kEnglishHeading)
                 .document.candidates.published),
      ElementsAre("2022-04-18"));
}

TEST(Byline, OneSourceNamesTheAuthors) {
  const Page page(
      kEnglishHead +
          R"(<script type="application/ld+json">[{"@type":"NewsArticle","author":{"name":"Jane Doe"}},
          {"@type":"NewsArticle","author":{"name":"Someone Else"}}]</script>
          <meta name=author content="J. Doe, staff">)",
      kEnglishHeading + kEnglish);
  EXPECT_THAT(Values(page.document.candidates.authors), ElementsAre("Jane Doe"));
}

TEST(Byline, ASitesOwnNameSignsNothing) {
  Page page(kEnglishHead +
                "<meta name=author content='The Daily'>"
                "<meta property='og:site_name' content='The Daily'>",
            kEnglishHeading + kEnglish);
  EXPECT_THAT(page.document.candidates.authors, IsEmpty());
  page.Paragraph("Rates rose.");
  ASSERT_TRUE(Attribute(page.document));
  EXPECT_THAT(page.document.post.authors, IsEmpty());
  EXPECT_EQ(page.document.post.publisher, "The Daily");
}

TEST(Byline, ManyElementsInOneOfAClassCostLinearTime) {
  std::string body = kEnglishHeading;
  for (int i = 0; i < 350; ++i) {
    body += "<div class=author>";
  }
  for (int i = 0; i < 200'000; ++i) {
    body += "<i></i>";
  }
  const Page page(kEnglishHead, body + "12 3</div>");
  EXPECT_THAT(page.document.candidates.authors, IsEmpty());
}

}  // namespace
}  // namespace newswire::steps
