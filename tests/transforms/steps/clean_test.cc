// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"

namespace newswire::steps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Fragment : StepFixture {
  explicit Fragment(std::string html) {
    document.html = std::move(html);
    document.is_fragment = true;
    EXPECT_TRUE(CollectMetadata(document).has_value());
    EXPECT_TRUE(ExtractArticle(document).has_value());
    EXPECT_TRUE(Clean(document).has_value());
  }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const ContentBlock& block : document.blocks) {
      texts.push_back(block.text);
    }
    return texts;
  }
};

TEST(Clean, CollapsesBlanksAndDropsZeroWidthCharacters) {
  EXPECT_THAT(Fragment("<p>　　一季度\xE2\x80\x8B平稳 \n 开局&nbsp;</p>").Texts(),
              ElementsAre("一季度平稳 开局"));
}

TEST(Clean, GivesNfc) {
  EXPECT_THAT(Fragment("<p>caf\x65\xCC\x81</p>").Texts(), ElementsAre("café"));
}

TEST(Clean, NamesTheKindsOfBlocks) {
  const Fragment fragment(
      "<h2>head</h2><p>one</p><ul><li>item</li></ul><pre>a\n  b</pre><blockquote><p>said</p>"
      "</blockquote><table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table>");
  std::vector<BlockKind> kinds;
  for (const ContentBlock& block : fragment.document.blocks) {
    kinds.push_back(block.kind);
  }
  EXPECT_THAT(kinds, ElementsAre(BlockKind::kHeading, BlockKind::kParagraph, BlockKind::kListItem,
                                 BlockKind::kCode, BlockKind::kQuote, BlockKind::kTable,
                                 BlockKind::kTable));
  EXPECT_EQ(fragment.document.blocks[0].level, 2);
  EXPECT_THAT(fragment.Texts(),
              ElementsAre("head", "one", "item", "a\n  b", "said", "a | b", "1 | 2"));
}

TEST(Clean, LinksAreAbsoluteAndSpanCodePoints) {
  const Fragment fragment("<p>读 <a href=\"../x\">原 文</a>。</p>");
  ASSERT_EQ(fragment.document.blocks.size(), 1U);
  ASSERT_EQ(fragment.document.blocks[0].links.size(), 1U);
  const PostLink& link = fragment.document.blocks[0].links[0];
  EXPECT_EQ(link.url, "https://finews.example/x");
  EXPECT_EQ(link.text, "原 文");
  EXPECT_EQ(link.span, (Span{2, 5}));
}

TEST(Clean, LinkSpansFollowNfc) {
  const Fragment fragment("<p>e\xCC\x81 <a href=/x>y</a></p>");
  ASSERT_EQ(fragment.document.blocks.size(), 1U);
  ASSERT_EQ(fragment.document.blocks[0].links.size(), 1U);
  EXPECT_EQ(fragment.document.blocks[0].links[0].span, (Span{2, 3}));
}

TEST(Clean, DropsHiddenNodesChartsAndShareBars) {
  EXPECT_THAT(
      Fragment(
          "<p>one is a paragraph that is long enough to be most of the text here</p>"
          "<p style='display:none'>no</p><!-- EM_StockImg_Start --><p><a class='EmImageRemark'>"
          "chart</a></p><!-- EM_StockImg_End --><p>two</p><div class='share'>Tweet</div>")
          .Texts(),
      ElementsAre("one is a paragraph that is long enough to be most of the text here", "two"));
}

TEST(Clean, AChartThatNeverEndsTakesNothing) {
  EXPECT_THAT(Fragment("<p>one</p><!-- EM_StockImg_Start --><p>two</p>").Texts(),
              ElementsAre("one", "two"));
}

TEST(Clean, HiddenTextThatIsNearlyAllStays) {
  EXPECT_THAT(Fragment("<div hidden><p>the whole article, streamed</p></div><p>x</p>").Texts(),
              ElementsAre("the whole article, streamed", "x"));
}

TEST(Clean, ReadsACreditLineSplitByMarks) {
  const Fragment fragment(
      "<p>text</p><p class=\"em_media\">（文章来源：上海<span id=\"bk_90.BK0473\"><a "
      "class=\"keytip\">"
      "证券</a></span>报）</p>");
  EXPECT_EQ(fragment.document.credit, "（文章来源：上海证券报）");
  EXPECT_THAT(fragment.Texts(), ElementsAre("text"));
}

TEST(Clean, TakesTheFootOfAMarkdownPost) {
  const Fragment fragment(
      "<p>text</p><p><a href=\"http://a.example/1.html\">http://a.example/1.html</a></p>"
      "<p><a href=\"../e/\">返回滚动新闻</a>｜<a href=\"../\">返回首页</a></p>");
  EXPECT_EQ(fragment.document.source_link, "http://a.example/1.html");
  EXPECT_THAT(fragment.Texts(), ElementsAre("text"));
}

TEST(Clean, DropsPhotoSourcesAndKeepsNotes) {
  EXPECT_THAT(Fragment("<p>text</p><p>图片来源：新华社</p><p>注：截至5月31日</p>").Texts(),
              ElementsAre("text", "注：截至5月31日"));
}

TEST(Clean, AQuoteIsTheSummaryInThePortalsDialectOnly) {
  const Fragment portal(
      "<blockquote><p>摘要。</p></blockquote><p>正文。</p><p "
      "class=em_media>（文章来源：新华网）</p>");
  EXPECT_EQ(portal.document.digest, "摘要。");
  EXPECT_THAT(portal.Texts(), ElementsAre("正文。"));
  const Fragment other("<blockquote><p>A quote.</p></blockquote><p>Text.</p>");
  EXPECT_EQ(other.document.digest, "");
  EXPECT_THAT(other.Texts(), ElementsAre("A quote.", "Text."));
}

TEST(Clean, AQuoteAloneIsText) {
  EXPECT_THAT(Fragment("<blockquote class=keytip><p>摘要。</p></blockquote>").Texts(),
              ElementsAre("摘要。"));
}

TEST(Clean, BoldParagraphsAreSubheadingsInThePortalsDialect) {
  const Fragment fragment(
      "<p><strong>影响有多大？</strong></p><p><strong>新华社记者：</strong></"
      "p><p><strong>一句话。两句话。"
      "</strong></p><p class=em_media>（文章来源：新华网）</p>");
  ASSERT_EQ(fragment.document.blocks.size(), 3U);
  EXPECT_EQ(fragment.document.blocks[0].kind, BlockKind::kHeading);
  EXPECT_EQ(fragment.document.blocks[0].level, 3);
  EXPECT_EQ(fragment.document.blocks[1].kind, BlockKind::kParagraph);
  EXPECT_EQ(fragment.document.blocks[2].kind, BlockKind::kParagraph);
}

TEST(Clean, ImagesKeepTheirCaptions) {
  const Fragment fragment(
      "<figure><img src=/a.jpg alt=' An  image '><figcaption>Seen in May</figcaption></figure>"
      "<p>text</p><img src=/a.jpg><img src='data:x' data-src=/b.jpg><img width=1 src=/c.gif>");
  ASSERT_EQ(fragment.document.images.size(), 2U);
  EXPECT_EQ(fragment.document.images[0],
            (PostImage{"https://finews.example/a.jpg", "An image", "Seen in May"}));
  EXPECT_EQ(fragment.document.images[1].url, "https://finews.example/b.jpg");
  EXPECT_THAT(fragment.Texts(), ElementsAre("text"));
}

TEST(Clean, LineBreaksDivideParagraphsButNotItems) {
  EXPECT_THAT(Fragment("<p>one<br>two<br/></p><ul><li>three<br>four</li></ul>").Texts(),
              ElementsAre("one", "two", "three four"));
}

TEST(Clean, NothingGivesNothing) { EXPECT_THAT(Fragment("").Texts(), IsEmpty()); }

}  // namespace
}  // namespace newswire::steps
