// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "fetchers/sources/folder.h"
#include "fetchers/sources/rhythm.h"
#include "fetchers/sources/source_kind.h"

namespace newswire::sources {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr text::DecodeLimits kLimits{.max_bytes = 1 << 20};

Capture Answer(std::string url, std::string body, std::string type) {
  Capture capture;
  capture.url = std::move(url);
  capture.http_status = 200;
  capture.headers = {{"Content-Type", std::move(type)}};
  capture.body = std::move(body);
  return capture;
}

Source Jekyll() { return {.id = "s", .kind = SourceKind::kJekyll, .url = "https://site.example/"}; }

std::vector<std::string> Urls(const std::vector<Way>& ways) {
  std::vector<std::string> urls;
  for (const auto& way : ways) {
    urls.push_back(way.url);
  }
  return urls;
}

std::vector<std::string> Urls(const std::vector<FoundLink>& links) {
  std::vector<std::string> urls;
  for (const auto& link : links) {
    urls.push_back(link.url);
  }
  return urls;
}

TEST(JekyllRules, AsksTheFeedAlwaysTheSitemapFirstAndDaily) {
  const auto rules = MakeRules(Jekyll());
  const UtcMillis now{hours(1000)};
  const std::vector<std::string> both{"https://site.example/feed.xml",
                                      "https://site.example/sitemap.xml"};
  EXPECT_EQ(Urls(rules->WaysToAsk({.now = now})), both);
  EXPECT_EQ(
      Urls(rules->WaysToAsk({.first_contact = false, .last_sitemap = now - hours(23), .now = now})),
      std::vector<std::string>{"https://site.example/feed.xml"});
  EXPECT_EQ(
      Urls(rules->WaysToAsk({.first_contact = false, .last_sitemap = now - hours(24), .now = now})),
      both);
}

TEST(JekyllRules, SitemapGivesPostsNotPages) {
  const auto rules = MakeRules(Jekyll());
  const Way sitemap{.role = CaptureRole::kSitemap, .url = "https://site.example/sitemap.xml"};
  const auto reading =
      rules->Read(sitemap,
                  Answer(sitemap.url,
                         "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"
                         "<url><loc>https://site.example/b/2022/04/20/2.html</"
                         "loc><lastmod>2022-04-20T01:00:00Z</lastmod></url>"
                         "<url><loc>https://site.example/about/</loc></url>"
                         "<url><loc>https://site.example/a/2022/04/19/1.html</"
                         "loc><lastmod>2022-04-19T01:00:00Z</lastmod></url>"
                         "</urlset>",
                         "application/xml"),
                  kLimits);
  ASSERT_TRUE(reading) << reading.error();
  EXPECT_EQ(Urls(reading->links),
            (std::vector<std::string>{"https://site.example/a/2022/04/19/1.html",
                                      "https://site.example/b/2022/04/20/2.html"}));
}

TEST(JekyllRules, BeyondTheSitemapItFollowsCategoryPages) {
  const auto rules = MakeRules(Jekyll());
  const auto ways = rules->WaysOverGap(true);
  ASSERT_EQ(Urls(ways), std::vector<std::string>{"https://site.example/"});
  const auto reading = rules->Read(
      ways[0],
      Answer(ways[0].url,
             "<a href=/a/2022/04/19/1.html>one</a> <a href=/category/a.html>more</a> <a "
             "href=/b/>b</a> "
             "<a href=https://elsewhere.example/category/x.html>x</a> <a href=/feed.xml>feed</a>",
             "text/html"),
      kLimits);
  ASSERT_TRUE(reading) << reading.error();
  EXPECT_EQ(Urls(reading->links),
            std::vector<std::string>{"https://site.example/a/2022/04/19/1.html"});
  EXPECT_EQ(Urls(reading->follow), (std::vector<std::string>{"https://site.example/category/a.html",
                                                             "https://site.example/b/"}));
}

constexpr std::string_view kAtom =
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><updated>{}</updated><id>i</id>"
    "<entry><title>newer</title><id>2</id><link "
    "href='https://site.example/2'/><published>2022-04-20T01:00:00Z</published></entry>"
    "<entry><title>older</title><id>1</id><link "
    "href='https://site.example/1'/><published>2022-04-19T01:00:00Z</published></entry>"
    "</feed>";

TEST(FeedRules, GivesLinksOldestFirstWithTheirEntries) {
  const auto rules =
      MakeRules({.id = "s", .kind = SourceKind::kFeed, .url = "https://site.example/f"});
  const auto ways = rules->WaysToAsk({});
  const auto reading = rules->Read(
      ways[0], Answer(ways[0].url, std::string(kAtom), "application/atom+xml"), kLimits);
  ASSERT_TRUE(reading) << reading.error();
  EXPECT_EQ(Urls(reading->links),
            (std::vector<std::string>{"https://site.example/1", "https://site.example/2"}));
  EXPECT_EQ(reading->links[0].entry.title, "older");
  EXPECT_EQ(reading->links[0].entry.published, "2022-04-19T01:00:00Z");
}

TEST(FeedRules, DigestIsOfWhatItSaysNotOfWhenItWasBuilt) {
  const auto digest = [](std::string_view from, std::string_view to) {
    std::string body(kAtom);
    body.replace(body.find(from), from.size(), to);
    return ReadFeedAnswer(Answer("https://site.example/f", body, "application/atom+xml"), kLimits)
        ->digest;
  };
  EXPECT_EQ(digest("{}", "2022-04-20T02:00:00Z"), digest("{}", "2022-04-21T02:00:00Z"));
  EXPECT_NE(digest("{}", "2022-04-20T02:00:00Z"), digest("newer", "newest"));
}

TEST(DateInUrl, ReadsDatedPermalinksOnly) {
  EXPECT_EQ(DateInUrl("https://s.example/a/2022/04/19/1.html"),
            UtcMillis(std::chrono::sys_days(std::chrono::year(2022) / 4 / 19)));
  EXPECT_EQ(DateInUrl("https://s.example/a/2022/13/19/1.html"), std::nullopt);
  EXPECT_EQ(DateInUrl("https://s.example/2022/04/"), std::nullopt);
  EXPECT_EQ(DateInUrl("https://s.example/about/"), std::nullopt);
}

TEST(AdaptiveInterval, IsHalfTheMedianGapWithinItsBounds) {
  const UtcMillis now{hours(10000)};
  std::vector<UtcMillis> hourly;
  for (int i = 0; i < 10; ++i) {
    hourly.push_back(now - hours(i));
  }
  EXPECT_EQ(AdaptiveInterval(hourly, now, std::nullopt), minutes(30));
  EXPECT_EQ(AdaptiveInterval(hourly, now, hours(2)), hours(2)) << "the publisher's wish";
  EXPECT_EQ(AdaptiveInterval(hourly, now + hours(100), std::nullopt), hours(24));
  EXPECT_EQ(AdaptiveInterval(std::vector<UtcMillis>{now, now - seconds(5)}, now, std::nullopt),
            minutes(5));
  EXPECT_EQ(AdaptiveInterval({}, now, std::nullopt), hours(1));
}

TEST(FreshFor, ReadsMaxAgeThenExpires) {
  Capture capture;
  capture.fetched_at = UtcMillis(hours(24 * 365 * 52));
  EXPECT_EQ(FreshFor(capture), std::nullopt);
  capture.headers = {{"Expires", "Thu, 01 Jan 2099 00:00:00 GMT"}};
  EXPECT_GT(FreshFor(capture), hours(1));
  capture.headers.push_back({"Cache-Control", "public, Max-Age=600"});
  EXPECT_EQ(FreshFor(capture), seconds(600));
  capture.headers = {{"Cache-Control", "no-cache"}, {"Expires", "Thu, 01 Jan 2099 00:00:00 GMT"}};
  EXPECT_EQ(FreshFor(capture), std::nullopt);
}

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string name = testing::TempDir() + "folder-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  Source Folder() const { return {.id = "s", .kind = SourceKind::kFolder, .url = root_.string()}; }

  std::filesystem::path root_;
};

TEST_F(FolderTest, ListsPostsByNameAndNothingElse) {
  Write("b/2022-04-20-2.md", "two");
  Write("a/2022-04-21-3.markdown", "three");
  Write("2022-04-19-1.md", "one");
  Write(".hidden.md", "");
  Write(".git/x.md", "");
  Write("2022-04-19-1.md~", "");
  Write("picture.png", "");
  std::filesystem::create_symlink("/etc/passwd", root_ / "link.md");
  const auto files = ListPostFiles(Folder());
  ASSERT_TRUE(files) << files.error();
  std::vector<std::string> names;
  for (const auto& file : *files) {
    names.push_back(file.path.filename().string());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"2022-04-19-1.md", "2022-04-20-2.md",
                                             "2022-04-21-3.markdown"}));
}

TEST_F(FolderTest, VersionChangesWithTheFile) {
  Write("1.md", "one");
  const auto before = ListPostFiles(Folder());
  Write("1.md", "other");
  const auto after = ListPostFiles(Folder());
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->at(0).version, after->at(0).version);
  EXPECT_FALSE(ReadPostFile(before->at(0), 100, SystemClock())) << "changed since it was listed";
  const auto capture = ReadPostFile(after->at(0), 100, SystemClock());
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_EQ(capture->body, "other");
  EXPECT_EQ(capture->kind, CaptureKind::kResource);
}

TEST_F(FolderTest, LongFilesAreCutAndSaySo) {
  Write("1.md", "0123456789");
  const auto files = ListPostFiles(Folder());
  ASSERT_TRUE(files);
  const auto capture = ReadPostFile(files->at(0), 4, SystemClock());
  ASSERT_TRUE(capture) << capture.error();
  EXPECT_EQ(capture->body, "0123");
  EXPECT_EQ(capture->truncated, "length");
}

TEST_F(FolderTest, MissingFolderIsATransientFailure) {
  const auto files = ListPostFiles({.id = "s", .url = (root_ / "none").string()});
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::kTransient);
}

}  // namespace
}  // namespace newswire::sources
