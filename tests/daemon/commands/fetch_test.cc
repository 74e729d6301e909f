// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/fetch.h"

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
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string Page(const std::string& title) {
  std::string body;
  for (int i = 0; i < 6; ++i) {
    body += "<p>Paragraph " + std::to_string(i) + " of " + title +
            ": a sentence that is long enough to be read as part of an article, with commas, and "
            "with words that mean something to a reader.</p>";
  }
  return "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>" + title +
         "</title></head><body><nav><a href=/>Home</a></nav><article><h1>" + title + "</h1>" +
         body + "</article></body></html>";
}

std::string Feed(const test::HttpServer& server, bool with_content) {
  std::string items;
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    items += "<entry><title>Post " + n + "</title><id>" + server.Url("/" + n + ".html") +
             "</id><link href=\"" + server.Url("/" + n + ".html") + "\"/><published>2022-04-1" + n +
             "T10:00:00Z</published><updated>2022-04-1" + n + "T10:00:00Z</updated>" +
             (with_content ? "<content type=\"html\">&lt;p&gt;The text of entry " + n +
                                 " stands in the feed.&lt;/p&gt;</content>"
                           : "") +
             "</entry>";
  }
  return "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><id>x</id>"
         "<updated>2022-04-13T10:00:00Z</updated>" +
         items + "</feed>";
}

// The titles of printed events.
std::vector<std::string> Titles(const std::string& lines) {
  std::vector<std::string> titles;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto document = text::JsonDocument::Parse(line);
    EXPECT_TRUE(document) << line;
    if (document) {
      EXPECT_EQ(document->root()["type"].string_or(""), "post.published");
      titles.emplace_back(document->root()["title"].string_or(""));
    }
  }
  return titles;
}

class Fetch : public testing::Test {
 protected:
  void SetUp() override {
    server_.Route("/robots.txt", {.status = 404});
    for (int i = 1; i <= 3; ++i) {
      const std::string n = std::to_string(i);
      server_.Route("/" + n + ".html",
                    {.headers = {{"Content-Type", "text/html"}}, .body = Page("Post " + n)});
    }
    server_.Route("/full.xml", {.headers = {{"Content-Type", "application/atom+xml"}},
                                .body = Feed(server_, true)});
    server_.Route("/links.xml", {.headers = {{"Content-Type", "application/atom+xml"}},
                                 .body = Feed(server_, false)});
    config_ = files_
                  .Write("c.yaml",
                         "data_dir: data\noutput: files\n"
                         "http: {allow_networks: [127.0.0.0/8], delay: 0}\nsources:\n"
                         "  - {id: pages, kind: feed, url: '" +
                             server_.Url("/full.xml") +
                             "'}\n"
                             "  - {id: entries, kind: feed, body: feed, url: '" +
                             server_.Url("/full.xml") +
                             "'}\n"
                             "  - {id: dir, kind: folder, url: posts}\n")
                  .string();
    files_.Write("posts/2022-01-01-1.md",
                 "---\ntitle: From a file\ndate: 2022-01-01 10:00:00 +0800\n---\nSome text.\n");
  }

  Ran Get(std::vector<std::string> words) {
    words.insert(words.begin(), "fetch");
    words.insert(words.end(), {"--config", config_});
    return RunWords(words);
  }

  test::HttpServer server_;
  TestFiles files_;
  std::string config_;
};

TEST_F(Fetch, PrintsTheEventOfAPage) {
  const Ran ran = Get({server_.Url("/1.html")});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(Titles(ran.out), ElementsAre("Post 1"));
}

TEST_F(Fetch, PrintsTheEntriesOfAFeedThatHoldsTheText) {
  const Ran ran = Get({server_.Url("/full.xml")});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(Titles(ran.out), UnorderedElementsAre("Post 1", "Post 2", "Post 3"));
  EXPECT_EQ(server_.Count("/1.html"), 0U);
}

TEST_F(Fetch, FetchesThePagesThatAFeedLinksTo) {
  const Ran ran = Get({server_.Url("/links.xml"), "--limit", "2"});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_THAT(Titles(ran.out), UnorderedElementsAre("Post 2", "Post 3"));
  EXPECT_EQ(server_.Count("/robots.txt"), 1U);  // found, not listed by hand
}

TEST_F(Fetch, AsksASourceAsItsKindSays) {
  EXPECT_THAT(Titles(Get({"pages"}).out), SizeIs(3));
  EXPECT_EQ(server_.Count("/3.html"), 1U);
  EXPECT_THAT(Titles(Get({"entries"}).out), SizeIs(3));
  EXPECT_EQ(server_.Count("/3.html"), 1U);
  EXPECT_THAT(Titles(Get({"dir"}).out), ElementsAre("From a file"));
}

TEST_F(Fetch, StoresNothing) {
  Get({"pages"});
  EXPECT_FALSE(std::filesystem::exists(files_.dir() / "data"));
}

TEST_F(Fetch, SaysWhyThereIsNoEvent) {
  const Ran gone = Get({server_.Url("/gone.html")});
  EXPECT_EQ(gone.code, kExitFailed);
  EXPECT_THAT(gone.err, HasSubstr("HTTP 404"));
  const Ran unknown = Get({"nosuch"});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.err, HasSubstr("neither a URL nor a source"));
}

TEST_F(Fetch, RefusesAStrangersNetworkWithoutAContact) {
  const Ran ran = Get({"http://news.example/"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("no contact"));
}

}  // namespace
}  // namespace newswire::commands
