// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/commands/exit_codes.h"
#include "tests/daemon/commands/capture_run.h"
#include "tests/daemon/config/test_files.h"
#include "tests/support/http_server.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

using config::TestFiles;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kFeed =
    R"(<rss version="2.0"><channel><title>News</title><item><title>a</title><link>/a</link>
<pubDate>Tue, 19 Apr 2022 10:45:38 +0800</pubDate></item></channel></rss>)";

constexpr const char* kPost =
    "---\nlayout: post\ntitle: \"A title\"\ndate: 2022-04-19 10:45:38\ncategories: emnews\n---\n"
    "<p>The text of this post is one paragraph.</p>\n";

std::string Page() {
  std::string body;
  for (int i = 0; i < 6; ++i) {
    body +=
        "<p>This paragraph is long enough to be read as part of an article, with commas, and with "
        "words that mean something to a reader.</p>";
  }
  return "<!DOCTYPE html><html lang=en><head><title>A page</title>"
         "<meta property=\"article:published_time\" content=\"2022-04-19T10:45:38+08:00\">"
         "</head><body><article><h1>A page</h1>" +
         body + "</article></body></html>";
}

// A member of a JSON text; "" when it is not there or no text.
std::string Member(const std::string& json, std::string_view name) {
  const auto document = text::JsonDocument::Parse(json);
  EXPECT_TRUE(document) << json;
  return document ? std::string(document->root()[name].string_or("")) : "";
}

TEST(Inspect, FeedTimesAreUtcAndLinksAbsolute) {
  const TestFiles files;
  const auto file = files.Write("feed", kFeed).string();
  const Ran ran = RunWords({"inspect", "feed", file, "--url", "https://finews.example/feed.xml"});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("published_at":"2022-04-19T02:45:38Z")"));
  EXPECT_THAT(ran.out, HasSubstr(R"("url":"https://finews.example/a")"));
}

TEST(Inspect, ReadsStandardInput) {
  EXPECT_EQ(RunWords({"inspect", "feed", "-"}, kFeed).out.substr(0, 10), R"({"format":)");
}

TEST(Inspect, RobotsAnswersForAnAgentAndAUrl) {
  const std::string robots = "User-agent: newswire\nDisallow: /private\nCrawl-delay: 3\n";
  const Ran no = RunWords({"inspect", "robots", "-", "--url", "/private/x"}, robots);
  EXPECT_THAT(no.out, HasSubstr(R"("allowed":false)"));
  const Ran other =
      RunWords({"inspect", "robots", "-", "--agent", "other/2", "--url", "/private/x"}, robots);
  EXPECT_THAT(other.out, HasSubstr(R"("allowed":true)"));
  EXPECT_EQ(RunWords({"inspect", "robots", "-"}, robots).code, kExitUsage);
}

TEST(Inspect, PageSaysWhatTheEventSays) {
  const TestFiles files;
  const auto file = files.Write("page.html", Page()).string();
  test::HttpServer server;
  server.Route("/page.html", {.headers = {{"Content-Type", "text/html"}}, .body = Page()});
  const Ran inspected = RunWords(
      {"inspect", "page", file, "--url", server.Url("/page.html"), "--content-type", "text/html"});
  EXPECT_EQ(inspected.code, kExitOk) << inspected.err;
  const auto config = files.Write("c.yaml",
                                  "data_dir: data\noutput: files\n"
                                  "http: {allow_networks: [127.0.0.0/8]}\n");
  const Ran fetched = RunWords({"fetch", server.Url("/page.html"), "--config", config.string()});
  ASSERT_EQ(fetched.code, kExitOk) << fetched.err;
  EXPECT_EQ(Member(inspected.out, "title"), "A page");
  EXPECT_FALSE(Member(inspected.out, "text").empty());
  for (const char* name : {"title", "text", "language", "publisher"}) {
    EXPECT_EQ(Member(inspected.out, name), Member(fetched.out, name)) << name;
  }
  EXPECT_EQ(Member(inspected.out, "published_at"), "2022-04-19T02:45:38Z");
  EXPECT_EQ(Member(fetched.out, "published_at"), "2022-04-19T10:45:38+08:00");
}

TEST(Inspect, PostIsItsEventAndTimesWithoutOffsetAreOfShanghai) {
  const TestFiles files;
  const auto file = files.Write("2022-04-19-202204192347943667.md", kPost).string();
  const Ran ran = RunWords({"inspect", "post", file});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_EQ(Member(ran.out, "title"), "A title");
  EXPECT_EQ(Member(ran.out, "type"), "post.published");
  EXPECT_EQ(Member(ran.out, "published_at"), "2022-04-19T10:45:38+08:00");
  EXPECT_EQ(
      Member(RunWords({"inspect", "post", file, "--timezone", "Europe/Paris"}).out, "published_at"),
      "2022-04-19T10:45:38+02:00");
}

TEST(Inspect, WhatIsNotOfTheKindIsOneLineAndAFailure) {
  const TestFiles files;
  const auto file = files.Write("text", "just words\n").string();
  for (const std::string kind : {"feed", "sitemap", "warc"}) {
    const Ran ran = RunWords({"inspect", kind, file});
    EXPECT_EQ(ran.code, kExitFailed) << kind;
    EXPECT_THAT(ran.out, IsEmpty()) << kind;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << kind << ran.err;
  }
  EXPECT_EQ(RunWords({"inspect", "feed", "/no/such/file"}).code, kExitFailed);
  EXPECT_EQ(RunWords({"inspect", "post", file, "--timezone", "Nowhere"}).code, kExitUsage);
}

TEST(InspectBatch, AnswersEachLineWithOneLine) {
  const TestFiles files;
  const auto feed = files.Write("feed", kFeed).string();
  const auto post = files.Write("2022-04-19-1.md", kPost).string();
  const auto text = files.Write("text", "just words\n").string();
  const Ran ran = RunWords(
      {"inspect", "--batch"},
      R"({"kind":"feed","file":")" + feed + R"(","url":"https://a.example/"})" + "\n" +
          "not json\n\n" + R"({"kind":"zip","file":"x"})" + "\n" + R"({"kind":"feed"})" + "\n" +
          R"({"kind":"feed","file":")" + text + R"("})" + "\n" + R"({"kind":"warc","file":")" +
          text + R"("})" + "\n" + R"({"kind":"post","file":")" + post + R"("})");
  EXPECT_EQ(ran.code, kExitOk);
  EXPECT_THAT(ran.err, IsEmpty());
  std::vector<std::string> lines;
  std::istringstream in(ran.out);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), 7U) << ran.out;
  EXPECT_EQ(Member(lines[0], "title"), "News");
  for (const size_t i : {1U, 2U, 3U, 4U, 5U}) {
    EXPECT_FALSE(Member(lines[i], "error").empty()) << lines[i];
  }
  EXPECT_EQ(Member(lines[6], "title"), "A title");
}

// A stream that shows what was written before the next line was read.
class Dialogue : public std::streambuf {
 public:
  explicit Dialogue(std::ostringstream& answers) : answers_(answers) {}
  std::vector<size_t> seen;

 protected:
  int_type underflow() override {
    seen.push_back(answers_.str().size());
    if (seen.size() > 3) {
      return traits_type::eof();
    }
    line_ = "{\"kind\":\"zip\",\"file\":\"x\"}\n";
    setg(line_.data(), line_.data(), line_.data() + line_.size());
    return traits_type::to_int_type(line_.front());
  }

 private:
  std::ostringstream& answers_;
  std::string line_;
};

TEST(InspectBatch, AnswersBeforeItReadsOn) {
  std::ostringstream out;
  Dialogue dialogue(out);
  std::istream in(&dialogue);
  EXPECT_EQ(RunInspectBatch(in, out, SystemClock()), kExitOk);
  ASSERT_EQ(dialogue.seen.size(), 4U);
  EXPECT_EQ(dialogue.seen[0], 0U);
  EXPECT_LT(dialogue.seen[0], dialogue.seen[1]);
  EXPECT_LT(dialogue.seen[1], dialogue.seen[2]);
}

TEST(InspectBatch, ReadsOverALineThatIsTooLong) {
  const Ran ran = RunWords({"inspect", "--batch"},
                           std::string((size_t{1} << 20) + 10, 'x') + "\n{\"kind\":\"zip\"}\n");
  EXPECT_THAT(ran.out, HasSubstr("longer than"));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 2);
}

}  // namespace
}  // namespace newswire::commands
