// SPDX-License-Identifier: Apache-2.0
#include "transforms/pipeline.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Source PageSource() {
  Source source;
  source.id = "site";
  source.kind = SourceKind::kFeed;
  source.url = "https://a.example/feed.xml";
  source.timezone = "Asia/Shanghai";
  return source;
}

constexpr std::string_view kPage =
    "<html lang=en><head><title>A long enough headline - Site</title></head><body><article>"
    "<h1>A long enough headline</h1>"
    "<p>The central bank raised interest rates on Tuesday, saying that inflation had been higher "
    "than expected for most of the year, and that it would act again.</p>"
    "<p>Analysts had expected the move, which takes the main rate to its highest level in more "
    "than a decade, and they see another one before the summer.</p></article></body></html>";

Capture PageCapture() {
  Capture capture;
  capture.url = "https://a.example/story";
  capture.http_status = 200;
  capture.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  capture.body = kPage;
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'700'000'000'000}};
  capture.metadata.source = "site";
  capture.metadata.link = capture.url;
  capture.metadata.entry.published = "Tue, 19 Apr 2022 13:06:03 GMT";
  capture.address.position = Position(1, 7);
  return capture;
}

Capture FeedCapture(const std::string& entries) {
  Capture capture = PageCapture();
  capture.url = "https://a.example/feed.xml";
  capture.headers = {{"Content-Type", "application/atom+xml"}};
  capture.metadata.link = capture.url;
  capture.metadata.role = CaptureRole::kFeed;
  capture.metadata.body = BodyKind::kFeed;
  capture.body =
      "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>f</title>" +
      entries + "</feed>";
  return capture;
}

std::string Entry(const std::string& id, const std::string& content) {
  return "<entry><title>" + content + " title</title><link href=\"https://a.example/" + id +
         "\"/><id>" + id + "</id><published>2022-04-19T13:06:03+08:00</published>" +
         "<content type=\"html\">&lt;p>" + content + "&lt;/p></content></entry>";
}

Pipeline Make(const Source& source) {
  auto pipeline = Pipeline::Create(source);
  EXPECT_TRUE(pipeline) << pipeline.error();
  return std::move(*pipeline);
}

TEST(Pipeline, MakesOnePostOfAPage) {
  const Transformed made = Make(PageSource()).Run(PageCapture());
  ASSERT_THAT(made.dead_letters, IsEmpty());
  ASSERT_THAT(made.posts, SizeIs(1));
  const Post& post = made.posts[0];
  EXPECT_EQ(post.title, "A long enough headline");
  EXPECT_EQ(post.language, "en");
  EXPECT_EQ(post.id, made.link_post_id);
  EXPECT_EQ(FormatLocal(*post.published_at), "2022-04-19T13:06:03Z");
  EXPECT_THAT(post.text, HasSubstr("raised interest rates"));
  EXPECT_EQ(post.archive.position, Position(1, 7));
  EXPECT_EQ(post.pipeline, Make(PageSource()).id());
}

TEST(Pipeline, MakesNoDocumentOfOtherCaptures) {
  const Pipeline pipeline = Make(PageSource());
  std::vector<Capture> captures(7, PageCapture());
  captures[0].http_status = 404;
  captures[1].kind = CaptureKind::kRevisit;
  captures[2].kind = CaptureKind::kGone;
  captures[3].metadata.role = CaptureRole::kRobots;
  captures[4].metadata.role = CaptureRole::kListing;
  captures[5].metadata.role = CaptureRole::kFeed;  // of a source whose bodies are pages
  captures[6].http_status = 301;
  for (Capture& capture : captures) {
    capture.metadata.removal = Removal{.how = "http_404", .confirmed_at = capture.fetched_at};
    const Transformed made = pipeline.Run(capture);
    EXPECT_THAT(made.posts, IsEmpty());
    EXPECT_THAT(made.dead_letters, IsEmpty());
    EXPECT_EQ(made.removal, capture.metadata.removal);
    EXPECT_EQ(made.http_status, capture.http_status);
    EXPECT_EQ(made.kind, capture.kind);
  }
}

TEST(Pipeline, MakesADeadLetterOfWhatCannotBeRead) {
  const Pipeline pipeline = Make(PageSource());
  Capture cut = PageCapture();
  cut.truncated = "length";
  Capture pdf = PageCapture();
  pdf.headers = {{"Content-Type", "application/pdf"}};
  Capture empty = PageCapture();
  empty.body = "<html><body></body></html>";
  struct Case {
    Capture capture;
    std::string step;
  };
  for (const auto& [capture, step] :
       {Case{cut, "decode"}, Case{pdf, "decode"}, Case{empty, "clean"}}) {
    const Transformed made = pipeline.Run(capture);
    EXPECT_THAT(made.posts, IsEmpty());
    ASSERT_THAT(made.dead_letters, SizeIs(1));
    EXPECT_EQ(made.dead_letters[0].step, step);
    EXPECT_EQ(made.dead_letters[0].url, capture.url);
    EXPECT_EQ(made.dead_letters[0].archive.position, Position(1, 7));
    EXPECT_EQ(made.dead_letters[0].pipeline, pipeline.id());
  }
}

TEST(Pipeline, NumbersTheEntriesOfAFeedInDocumentOrder) {
  Source source = PageSource();
  source.body = BodyKind::kFeed;
  const Transformed made = Make(source).Run(
      FeedCapture(Entry("one", "The first text.") + Entry("two", "The second text.") +
                  Entry("three", "") + Entry("one", "The first text, again.")));
  ASSERT_THAT(made.posts, SizeIs(2));  // of two with one id the last counts
  EXPECT_EQ(made.posts[0].document, 1U);
  EXPECT_EQ(made.posts[0].text, "The second text.");
  EXPECT_EQ(made.posts[0].title, "The second text. title");
  EXPECT_EQ(made.posts[0].url, "https://a.example/two");
  EXPECT_EQ(FormatLocal(*made.posts[0].published_at), "2022-04-19T13:06:03+08:00");
  EXPECT_EQ(made.posts[1].document, 3U);
  EXPECT_EQ(made.posts[1].text, "The first text, again.");
  ASSERT_THAT(made.dead_letters, SizeIs(1));
  EXPECT_EQ(made.dead_letters[0].document, 2U);
  EXPECT_EQ(made.dead_letters[0].step, "clean");
}

TEST(Pipeline, MakesADeadLetterOfABrokenFeed) {
  Source source = PageSource();
  source.body = BodyKind::kFeed;
  Capture capture = FeedCapture("");
  capture.body = "this is no feed";
  const Transformed made = Make(source).Run(capture);
  EXPECT_THAT(made.posts, IsEmpty());
  EXPECT_THAT(made.dead_letters, SizeIs(1));
}

TEST(Pipeline, GivesOnePostOneIdHoweverItIsFound) {
  Source jekyll = PageSource();
  jekyll.kind = SourceKind::kJekyll;
  Capture page = PageCapture();
  page.url = "https://finews.example/sitenews/2021/12/01/init.html";
  page.metadata.link = page.url;
  const Transformed from_page = Make(jekyll).Run(page);
  ASSERT_THAT(from_page.posts, SizeIs(1));
  EXPECT_EQ(from_page.posts[0].id, "site:init");
  EXPECT_EQ(from_page.posts[0].category.slug, "sitenews");

  jekyll.body = BodyKind::kFeed;
  const Transformed from_feed =
      Make(jekyll).Run(FeedCapture(Entry("sitenews/2021/12/01/init.html", "祝贺开站")));
  ASSERT_THAT(from_feed.posts, SizeIs(1));
  EXPECT_EQ(from_feed.posts[0].id, "site:init");
}

TEST(Pipeline, ReadsADetailApi) {
  Source source = PageSource();
  source.kind = SourceKind::kJsonApi;
  source.body = BodyKind::kDetail;
  Capture capture = PageCapture();
  capture.url = "https://a.example/GetNewsText.do?id=NW202204192348120034";
  capture.metadata.link = capture.url;
  capture.metadata.body = BodyKind::kDetail;
  capture.metadata.entry = {};
  capture.headers = {{"Content-Type", "application/json;charset=utf-8"}};
  capture.body =
      R"({"data":{"title":"工信部：“一企一策”","showtime":"2022-04-19 13:06:03",)"
      R"("text":"<p>一季度工业经济实现平稳开局。</p><p class=\"em_media\">（文章来源：中国证券报）</p>"}})";
  const Transformed made = Make(source).Run(capture);
  ASSERT_THAT(made.posts, SizeIs(1));
  const Post& post = made.posts[0];
  EXPECT_EQ(post.id, "site:NW202204192348120034");
  EXPECT_EQ(post.title, "工信部：“一企一策”");
  EXPECT_EQ(post.text, "一季度工业经济实现平稳开局。");
  EXPECT_EQ(post.publisher, "中国证券报");
  EXPECT_EQ(post.category.slug, "zhongguozhengquanbao");
  EXPECT_EQ(FormatLocal(*post.published_at), "2022-04-19T13:06:03+08:00");
}

TEST(PipelineId, TellsWhatShapesValuesAndNothingElse) {
  const std::string base = Make(PageSource()).id();
  EXPECT_EQ(base.find('+') + 9, base.size()) << base;
  Source same = PageSource();
  same.url = "https://b.example/";
  same.every = std::chrono::seconds(5);
  same.delay = std::chrono::seconds(5);
  same.recheck = {std::chrono::seconds(5)};
  same.robots = RobotsPolicy::kIgnore;
  same.backfill.kind = Backfill::Kind::kAll;
  EXPECT_EQ(Make(same).id(), base);
  std::vector<Source> others(7, PageSource());
  others[0].id = "other";
  others[1].timezone = "UTC";
  others[2].language = "zh";
  others[3].id_policy = IdPolicy::kGuid;
  others[4].categories = {{"a", "b"}};
  others[5].steps = {"decode", "clean"};
  others[6].body = BodyKind::kFeed;
  for (const Source& other : others) {
    EXPECT_NE(Make(other).id(), base);
  }
}

TEST(PipelineCreate, RefusesWhatItCannotRun) {
  Source step = PageSource();
  step.steps = {"decode", "polish"};
  Source zone = PageSource();
  zone.timezone = "Mars/Base";
  Source pattern = PageSource();
  pattern.id_policy = IdPolicy::kPattern;
  pattern.id_pattern = "no group";
  Source broken = pattern;
  broken.id_pattern = "(";
  Source language = PageSource();
  language.language = "Klingon?";
  struct Case {
    Source source;
    std::string words;
  };
  for (const auto& [source, words] :
       {Case{step, "polish"}, Case{zone, "Mars/Base"}, Case{pattern, "one group"},
        Case{broken, "id_pattern"}, Case{language, "Klingon"}}) {
    const auto made = Pipeline::Create(source);
    ASSERT_FALSE(made) << words;
    EXPECT_EQ(made.error().kind, ErrorKind::kConfig);
    EXPECT_THAT(made.error().message, HasSubstr(words));
  }
}

}  // namespace
}  // namespace newswire
