// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"

namespace newswire::steps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

struct Page : StepFixture {
  explicit Page(const std::string& head, const std::string& body = "") {
    document.html =
        "<html lang=\"en-GB\"><head>" + head + "</head><body>" + body + "</body></html>";
  }
  Page& Read() {
    EXPECT_TRUE(CollectMetadata(document).has_value());
    return *this;
  }
};

std::vector<std::string> Values(const std::vector<Candidate>& list) {
  std::vector<std::string> values;
  for (const Candidate& it : list) {
    values.push_back(it.value);
  }
  return values;
}

TEST(Metadata, ReadsJsonLdInAGraph) {
  Page page(
      R"(<script type="application/ld+json">{"@graph":[{"@type":"WebSite","name":"x"},
      {"@type":["NewsArticle"],"headline":"A &amp; B","datePublished":"2024-01-02T03:04:05Z",
       "dateModified":"2024-02-02","author":[{"@type":"Person","name":"Ann"},{"name":"Bo"}],
       "publisher":{"name":"The Paper"},"articleSection":["World"],"keywords":"a, b",
       "inLanguage":"en","articleBody":"body"}]}</script>)");
  const Candidates& got = page.Read().document.candidates;
  EXPECT_THAT(Values(got.titles), ElementsAre("A & B"));
  EXPECT_THAT(Values(got.published), ElementsAre("2024-01-02T03:04:05Z"));
  EXPECT_THAT(Values(got.updated), ElementsAre("2024-02-02"));
  EXPECT_THAT(Values(got.authors), ElementsAre("Ann", "Bo"));
  EXPECT_THAT(Values(got.publishers), ElementsAre("The Paper"));
  EXPECT_THAT(Values(got.categories), ElementsAre("World"));
  EXPECT_THAT(Values(got.tags), ElementsAre("a", "b"));
  EXPECT_THAT(Values(got.languages), ElementsAre("en", "en-GB"));
  EXPECT_EQ(page.document.article_body, "body");
}

TEST(Metadata, BrokenJsonLdIsPassedOver) {
  Page page(
      "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",</script>"
      "<script type='application/ld+json'>//<![CDATA[\n{\"@type\":\"Article\",\"headline\":\"line\n"
      "break\"}\n//]]></script>");
  EXPECT_THAT(Values(page.Read().document.candidates.titles), ElementsAre("line break"));
}

TEST(Metadata, ReadsOpenGraphAndMetaTags) {
  Page page(
      "<meta property='og:title' content='OG'><meta property='og:site_name' content='Site'>"
      "<meta name='description' content='What it is.'><meta name=author content='Ann'>"
      "<meta property='article:published_time' content='2024-01-02'>"
      "<meta name=date content='2023-01-01'><meta property='article:section' content='World'>"
      "<link rel=canonical href='https://a.example/x'>");
  const Candidates& got = page.Read().document.candidates;
  EXPECT_THAT(Values(got.titles), ElementsAre("OG"));
  EXPECT_THAT(Values(got.publishers), ElementsAre("Site"));
  EXPECT_THAT(Values(got.authors), ElementsAre("Ann"));
  EXPECT_THAT(Values(got.published), ElementsAre("2024-01-02", "2023-01-01"));
  EXPECT_THAT(Values(got.categories), ElementsAre("World"));
  EXPECT_THAT(Values(got.canonical_urls), ElementsAre("https://a.example/x"));
  EXPECT_EQ(page.document.post.summary, "What it is.");
}

TEST(Metadata, TheTitleIsTheHeadingThatTheTitleElementHolds) {
  Page page("<title>Rates rise again in May | The Daily</title>",
            "<h1>The Daily</h1><h2>Rates rise again in May</h2><h3>Most read stories today</h3>");
  EXPECT_EQ(page.Read().document.post.title, "Rates rise again in May");
}

TEST(Metadata, ATitleElementLosesTheSiteName) {
  EXPECT_EQ(Page("<title>法国全国大罢工再次严重影响交通-新华网</title>").Read().document.post.title,
            "法国全国大罢工再次严重影响交通");
  EXPECT_EQ(Page("<title>财经新闻_一季度工业经济运行平稳</title>").Read().document.post.title,
            "一季度工业经济运行平稳");
}

TEST(Metadata, ReadsChineseTimeAndSourceLines) {
  Page page(
      "<title>一季度工业经济运行平稳_某网</title>",
      "<h1>一季度工业经济运行平稳</h1><div>2022年04月19日 13:06　来源：中国证券报 作者：张三</div>"
      "<p>正文是很长的一段话，说的是工业经济，也说别的事情，总之很长。</p>");
  const Candidates& got = page.Read().document.candidates;
  EXPECT_THAT(Values(got.published), ElementsAre("2022年04月19日 13:06"));
  EXPECT_THAT(Values(got.publishers), ElementsAre("中国证券报", "某网"));
  EXPECT_THAT(Values(got.authors), ElementsAre("张三"));
}

TEST(Metadata, ASiteIsNoAuthor) {
  Page page("<title>某公司发布公告称一切正常_网易新闻</title><meta name=author content=网易>");
  EXPECT_THAT(Values(page.Read().document.candidates.authors), Not(Contains("网易")));
}

TEST(Metadata, TheModifiedTimeIsNeverThePublishedOne) {
  Page page("<meta property='article:modified_time' content='2024-01-02'>",
            "<time itemprop=dateModified datetime=2024-01-03>x</time>");
  EXPECT_THAT(page.Read().document.candidates.published, IsEmpty());
  EXPECT_THAT(Values(page.document.candidates.updated),
              ElementsAre("2024-01-02", "2024-01-03", "2024-01-03"));  // microdata, time element
}

TEST(Metadata, TakesTheFeedEntryOfThePage) {
  Page page("");
  page.capture.metadata.entry.title = "From the feed";
  page.capture.metadata.entry.categories = {"World"};
  const Candidates& got = page.Read().document.candidates;
  ASSERT_EQ(got.titles.size(), 1U);
  EXPECT_EQ(got.titles[0].origin, "feed_entry");
  EXPECT_EQ(page.document.post.title, "From the feed");
  EXPECT_THAT(Values(got.categories), ElementsAre("World"));
}

}  // namespace
}  // namespace newswire::steps
