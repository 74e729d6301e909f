// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/daemon/archive/archive_fixture.h"
#include "transforms/text/encode_content.h"

namespace newswire::archive {

// Two sources: `finews` has its posts on pages, and a feed that shows the way; `wire` has them in
// its feed.
inline WarcInfo NewsInfo() {
  WarcInfo info = MakeInfo();
  info.sources[0].timezone = "Asia/Shanghai";
  Source wire;
  wire.id = "wire";
  wire.kind = SourceKind::kFeed;
  wire.url = "https://wire.example/feed.xml";
  wire.body = BodyKind::kFeed;
  info.sources.push_back(wire);
  info.config_json = R"({"sources":[)" + SourceToJson(info.sources[0]) + "," +
                     SourceToJson(info.sources[1]) + "]}";
  return info;
}

inline std::string NewsId(int n) { return fmt::format("20220419{:010}", n); }
inline std::string NewsUrl(int n) {
  return fmt::format("https://news.example/emnews/2022/04/19/{}.html", NewsId(n));
}
inline std::string NewsTitle(int n) { return fmt::format("Headline of number {}", n); }
inline std::string NewsText(int n, const std::string& word = "words") {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text +=
        fmt::format("Secret{} {} sentence {} of an article that somebody wants gone. ", n, word, i);
  }
  return text;
}

inline Capture NewsPage(int n, const std::string& word = "words") {
  Capture capture;
  capture.url = NewsUrl(n);
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'650'000'000'000 + n * 1000}};
  capture.http_status = 200;
  capture.protocol = "HTTP/1.1";
  capture.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  capture.body = fmt::format(
      "<!DOCTYPE html><html lang=en><head><title>{0}</title></head><body><article><h1>{0}</h1>"
      "<p>{1}</p><p>{1}</p></article></body></html>",
      NewsTitle(n), NewsText(n, word));
  capture.metadata.source = "finews";
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.link = capture.url;
  capture.metadata.entry = {.id = capture.url,
                            .title = NewsTitle(n),
                            .summary = NewsText(n).substr(0, 60),
                            .published = "2022-04-19T10:45:38+08:00",
                            .updated = "",
                            .language = "",
                            .rights = "",
                            .authors = {fmt::format("Author Secret{}", n)},
                            .categories = {"emnews"}};
  return capture;
}

inline std::string FeedText(const std::vector<int>& numbers, const std::string& site) {
  std::string feed =
      R"(<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">)"
      "<title>The news</title><id>urn:news</id>";
  for (const int n : numbers) {
    const std::string url = site == "news" ? NewsUrl(n) : fmt::format("https://wire.example/{}", n);
    feed += fmt::format(
        R"(<entry><title type="html">{0}</title><link href="{1}" rel="alternate" title="{0}"/>)"
        "<published>2022-04-19T10:45:{2:02}+08:00</published><id>{1}</id>"
        R"(<author><name>Author Secret{2}</name></author><category term="c{3}"/>)"
        R"(<content type="html"><![CDATA[<p>{4}</p>]]></content><summary>{4}</summary></entry>)",
        NewsTitle(n), url, n, n % 2, NewsText(n));
  }
  return feed + "</feed>";
}

// A capture of the feed that shows these posts, or that is their body.
inline Capture NewsFeed(const std::vector<int>& numbers, bool is_body = true,
                        const std::string& encoding = "") {
  Capture capture;
  const std::string site = is_body ? "wire" : "news";
  capture.url = fmt::format("https://{}.example/feed.xml", site);
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'650'000'100'000}};
  capture.http_status = 200;
  capture.protocol = "HTTP/1.1";
  capture.headers = {{"Content-Type", "application/atom+xml; charset=utf-8"}};
  capture.body = FeedText(numbers, site);
  if (!encoding.empty()) {
    capture.headers.push_back({"Content-Encoding", encoding});
    capture.body = *text::EncodeContent(capture.body, encoding);
  }
  capture.metadata.source = is_body ? "wire" : "finews";
  capture.metadata.role = CaptureRole::kFeed;
  capture.metadata.body = is_body ? BodyKind::kFeed : BodyKind::kPage;
  capture.metadata.link = capture.url;
  return capture;
}

}  // namespace newswire::archive
