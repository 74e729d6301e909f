// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"

namespace newswire::steps {
namespace {

using testing::ElementsAre;

Category CategoryOf(StepFixture& fixture) {
  EXPECT_TRUE(Categorize(fixture.document));
  return fixture.document.post.category;
}

void ExpectCategory(const Category& category, const std::string& slug, const std::string& name) {
  EXPECT_EQ(category.slug, slug);
  EXPECT_EQ(category.name, name);
}

TEST(CategoryStep, TakesSlugAndTagOfFrontMatter) {
  struct Case {
    std::string slug, tag, name;
  };
  for (const auto& [slug, tag, name] :
       {Case{"zhongguozhengquanbao", "中国证券报新闻", "中国证券报"},
        Case{"emnews", "东财滚动新闻", "东财滚动新闻"}, Case{"sitenews", "站长消息", "站长消息"},
        Case{"pengpaixinwen", "澎湃新闻新闻", "澎湃新闻"},
        Case{"21shijijingjibaodao  nancailicaitong", "21世纪经济报道 南财理财通新闻",
             "21世纪经济报道 南财理财通"}}) {
    StepFixture fixture;
    fixture.Markdown("");
    fixture.document.front_matter = formats::FrontMatter{};
    fixture.document.front_matter->categories = {slug};
    fixture.document.front_matter->tags = {tag};
    ExpectCategory(CategoryOf(fixture), slug, name);
    EXPECT_THAT(fixture.document.post.tags, ElementsAre(tag));
  }
}

TEST(CategoryStep, GivesTheSameThroughPageFeedAndFile) {
  StepFixture page;
  page.source.kind = SourceKind::kJekyll;
  page.Url("https://finews.example/zhongguozhengquanbao/2022/04/19/NW202204192348120034.html");
  page.capture.metadata.entry.categories = {"zhongguozhengquanbao", "中国证券报新闻"};
  ExpectCategory(CategoryOf(page), "zhongguozhengquanbao", "中国证券报");
  EXPECT_THAT(page.document.post.tags, ElementsAre("中国证券报新闻"));

  StepFixture feed(BodyKind::kFeed);
  feed.source.kind = SourceKind::kJekyll;
  feed.Url(page.capture.url);
  feed.document.feed_entry = formats::FeedEntry{};
  feed.document.feed_entry->categories = {"zhongguozhengquanbao", "中国证券报新闻"};
  ExpectCategory(CategoryOf(feed), "zhongguozhengquanbao", "中国证券报");
}

TEST(CategoryStep, KeepsTheCaseThatTheFeedGives) {
  StepFixture page;
  page.source.kind = SourceKind::kJekyll;
  page.Url("https://finews.example/techweb/2022/04/19/1.html");
  page.capture.metadata.entry.categories = {"TechWeb", "TechWeb新闻"};
  ExpectCategory(CategoryOf(page), "TechWeb", "TechWeb");
}

TEST(CategoryStep, DecodesSlugsInAddresses) {
  StepFixture page;
  page.source.kind = SourceKind::kJekyll;
  page.Url("https://finews.example/21shijijingjibaodao%20%20nancailicaitong/2022/04/19/1.html");
  ExpectCategory(CategoryOf(page), "21shijijingjibaodao  nancailicaitong", "");
}

TEST(CategoryStep, ReadsTheNameFromTheLinkBack) {
  StepFixture page;
  page.source.kind = SourceKind::kJekyll;
  page.Url("https://finews.example/xinhuawang/2022/04/19/1.html");
  page.document.tree = text::HtmlTree::Parse(
      "<p>正文</p><p><a href='//x/'>返回新华网新闻</a>｜<a href='//x/'>返回首页</a></p>");
  ExpectCategory(CategoryOf(page), "xinhuawang", "新华网");
}

TEST(CategoryStep, AsksTheTableThenTheFeedThenThePublisher) {
  StepFixture fixture;
  fixture.document.post.publisher = "中国证券报";
  ExpectCategory(CategoryOf(fixture), "zhongguozhengquanbao", "中国证券报");
  fixture.source.categories = {{"中国证券报", "zzb"}};
  ExpectCategory(CategoryOf(fixture), "zzb", "中国证券报");
  fixture.source.categories.clear();
  fixture.capture.metadata.entry.categories = {"Markets", "Banks"};
  ExpectCategory(CategoryOf(fixture), "Markets", "Markets");
  fixture.source.categories = {{"Banks", "banking"}};
  ExpectCategory(CategoryOf(fixture), "banking", "Banks");
}

TEST(CategoryStep, SaysNothingWhenNothingIsKnown) {
  StepFixture fixture;
  ExpectCategory(CategoryOf(fixture), "", "");
}

}  // namespace
}  // namespace newswire::steps
