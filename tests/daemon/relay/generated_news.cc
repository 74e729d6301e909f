// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/relay/generated_news.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace newswire::relay {
namespace {

constexpr int64_t kFirstFetch = 1'660'000'000'000;
constexpr int64_t kCutOff = 1'640'995'200'000;  // 2022-01-01
constexpr std::string_view kPages = "https://pages.example";
constexpr std::string_view kFeeds = "https://feeds.example";
constexpr size_t kFeedEntries = 6;

constexpr auto kWords = std::to_array<std::string_view>(
    {"the",   "minister", "said",   "on",     "Monday", "that",   "prices", "of",
     "steel", "rose",     "by",     "eleven", "points", "in",     "March",  "and",
     "will",  "fall",     "again",  "when",   "ports",  "reopen", "after",  "repairs",
     "while", "workers",  "demand", "higher", "wages",  "for",    "night",  "shifts"});
constexpr auto kChinese = std::to_array<std::string_view>(
    {"工信部", "近日", "召开", "会议", "明确", "稳定", "产业链", "供应链", "企业", "生产",
     "同比",   "增长", "上海", "汽车", "价格", "上涨", "出口",   "下降",   "市场", "预期"});

}  // namespace

std::vector<Source> GeneratedNews::Sources(int version) {
  Source pages;
  pages.id = "pages";
  pages.kind = SourceKind::kJekyll;
  pages.url = std::string(kPages) + "/";
  pages.timezone = version == 1 ? "Asia/Shanghai" : version == 2 ? "Asia/Tokyo" : "Europe/Berlin";
  Source feeds;
  feeds.id = "feeds";
  feeds.kind = SourceKind::kFeed;
  feeds.url = std::string(kFeeds) + "/feed.xml";
  feeds.body = BodyKind::kFeed;
  if (version > 1) {
    feeds.language = version == 2 ? "en-GB" : "en-AU";
    feeds.categories = {{"Topic 1", "first"}, {"Topic 2", version == 2 ? "second" : "another"}};
  }
  return {pages, feeds};
}

archive::WarcInfo GeneratedNews::Info(int version) {
  std::string config = fmt::format(R"({{"kafka":{{"max_topics":{}}},"sources":[)", kMaxTopics);
  const std::vector<Source> sources = Sources(version);
  for (size_t i = 0; i < sources.size(); ++i) {
    config += (i > 0 ? "," : "") + SourceToJson(sources[i]);
  }
  return {.software = "newswired/test",
          .libraries = "none",
          .config_json = config + "]}",
          .sources = sources,
          .position = {}};
}

std::string GeneratedNews::Sentences() {
  std::string text;
  const bool chinese = Pick(4) == 0;
  const uint32_t paragraphs = 2 + Pick(3);
  for (uint32_t p = 0; p < paragraphs; ++p) {
    text += "<p>";
    const uint32_t words = 20 + Pick(30);
    for (uint32_t w = 0; w < words; ++w) {
      text += chinese ? kChinese[Pick(kChinese.size())] : kWords[Pick(kWords.size())];
      text += chinese ? "" : " ";
    }
    text += chinese ? "。</p>" : fmt::format("number {}.</p>", Pick(100'000));
  }
  return text;
}

Capture GeneratedNews::Start(const std::string& source) {
  Capture capture;
  capture.fetched_at = UtcMillis(std::chrono::milliseconds(kFirstFetch + ++number_ * 1234));
  capture.http_status = 200;
  capture.protocol = "HTTP/1.1";
  capture.headers = {{"content-type", "text/html; charset=utf-8"}};
  capture.metadata.source = source;
  capture.metadata.role = CaptureRole::kPost;
  return capture;
}

Capture GeneratedNews::Page(const Post& post) {
  Capture capture = Start("pages");
  capture.url = capture.metadata.link = post.link;
  capture.body = fmt::format(
      "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{0} - Pages</title></head>"
      "<body><nav><a href=/>Home</a></nav><article><h1>{0}</h1><p><time>{1}</time></p>{2}</article>"
      "<footer>Pages, all rights reserved</footer></body></html>",
      post.title, post.date, post.texts.back());
  capture.metadata.publish_after = UtcMillis(std::chrono::milliseconds(kCutOff));
  if (post.in_feed) {
    capture.metadata.entry.title = post.title;
    capture.metadata.entry.published = post.date;
    capture.metadata.entry.categories = {post.category};
  }
  return capture;
}

Capture GeneratedNews::NewPage() {
  const auto number = static_cast<uint32_t>(pages_.size());
  const bool old = Pick(12) == 0;
  Post post;
  post.category = fmt::format("news{}", Pick(9));
  post.date = fmt::format("{}-04-{:02} {:02}:{:02}:00", old ? 2021 : 2022, 1 + Pick(28), Pick(24),
                          Pick(60));
  post.link = fmt::format("{}/{}/2022/04/19/20220419{:010}.html", kPages, post.category, number);
  post.title = fmt::format("Report {} about {}", number, kWords[Pick(kWords.size())]);
  post.texts = {Sentences()};
  post.in_feed = Pick(2) == 0;
  pages_.push_back(std::move(post));
  Capture capture = Page(pages_.back());
  if (Pick(25) == 0) {
    capture.body.resize(capture.body.size() / 2);
    capture.truncated = "disconnect";
  }
  return capture;
}

GeneratedNews::Post& GeneratedNews::AnyPage() {
  return pages_[Pick(static_cast<uint32_t>(pages_.size()))];
}

Capture GeneratedNews::ChangedPage() {
  Post& post = AnyPage();
  post.removed = false;
  switch (Pick(4)) {
    case 0:  // as it was before
      post.texts.push_back(post.texts[Pick(static_cast<uint32_t>(post.texts.size()))]);
      break;
    case 1:
      post.title += " again";
      break;
    case 2:  // nothing: a re-check
      break;
    default:
      post.texts.push_back(Sentences());
  }
  return Page(post);
}

Capture GeneratedNews::Removal() {
  Post& post = AnyPage();
  post.removed = true;
  Capture capture = Page(post);
  capture.http_status = 410;
  capture.body = "gone";
  capture.metadata.removal =
      newswire::Removal{.how = "http_410", .confirmed_at = capture.fetched_at};
  return capture;
}

Capture GeneratedNews::Challenge() {
  Capture capture = Page(AnyPage());
  capture.body =
      "<html><head><title>One moment</title></head><body><p>Please wait while your browser is "
      "being checked; this happens by itself and takes a few seconds at most.</p></body></html>";
  return capture;
}

Capture GeneratedNews::Revisit() {
  Capture capture = Page(AnyPage());
  capture.kind = CaptureKind::kRevisit;
  capture.http_status = 304;
  capture.body.clear();
  return capture;
}

// A post of `feeds` as its feed has it; sometimes the page of one, which its body kind ignores.
Capture GeneratedNews::Feed() {
  Capture capture = Start("feeds");
  if (!entries_.empty() && Pick(6) == 0) {
    const Post& post = entries_[Pick(static_cast<uint32_t>(entries_.size()))];
    capture = Page(post);
    capture.metadata.source = "feeds";
    return capture;
  }
  const uint32_t fresh = 1 + Pick(3);
  for (uint32_t i = 0; i < fresh; ++i) {
    const auto number = static_cast<uint32_t>(entries_.size());
    entries_.push_back(
        {.link = fmt::format("{}/item/{}.html", kFeeds, number),
         .category = fmt::format("Topic {}", Pick(5)),
         .title = fmt::format("Item {}", number),
         .date = fmt::format("{:02} Apr 2022 {:02}:00:00 GMT", 1 + Pick(28), Pick(24)),
         .texts = {Sentences()}});
  }
  capture.url = capture.metadata.link = std::string(kFeeds) + "/feed.xml";
  capture.headers = {{"content-type", "application/rss+xml"}};
  capture.metadata.role = CaptureRole::kFeed;
  capture.metadata.body = BodyKind::kFeed;
  capture.body = "<rss version=\"2.0\"><channel><title>Feeds</title>";
  const size_t shown = std::min(entries_.size(), kFeedEntries);
  for (size_t i = 0; i < shown; ++i) {
    Post& post = entries_[entries_.size() - 1 - i];
    if (i >= fresh && Pick(8) == 0) {
      post.texts.push_back(Pick(3) == 0 ? post.texts.front() : Sentences());
    }
    capture.body += fmt::format(
        "<item><title>{}</title><link>{}</link><guid>{}</guid><category>{}</category>"
        "<pubDate>{}</pubDate><description><![CDATA[{}]]></description></item>",
        post.title, post.link, post.link, post.category, post.date, post.texts.back());
  }
  capture.body += "</channel></rss>";
  return capture;
}

std::vector<Capture> GeneratedNews::Next(size_t count) {
  std::vector<Capture> captures;
  while (captures.size() < count) {
    if (pages_.size() < 3) {
      captures.push_back(NewPage());
      continue;
    }
    const uint32_t what = Pick(20);
    captures.push_back(what < 8    ? NewPage()
                       : what < 12 ? ChangedPage()
                       : what < 13 ? Removal()
                       : what < 14 ? Challenge()
                       : what < 15 ? Revisit()
                                   : Feed());
  }
  return captures;
}

std::vector<Capture> GeneratedNews::Rechecks() {
  std::vector<Capture> captures;
  for (const Post& post : pages_) {
    if (!post.removed) {
      captures.push_back(Page(post));
    }
  }
  return captures;
}

Capture GeneratedNews::Edit(bool title) {
  const auto post = std::ranges::find_if(pages_, [](const Post& candidate) {
    return !candidate.removed && !candidate.texts.back().empty() &&
           candidate.date.starts_with("2022");
  });
  if (title) {
    post->title = "Another title " + std::to_string(number_);
  } else {
    constexpr std::string_view kEnd = "</p>";
    std::string text = post->texts.back();
    text.resize(text.size() - kEnd.size());
    post->texts.push_back(text + fmt::format(" Corrected {}.", number_) + std::string(kEnd));
  }
  return Page(*post);
}

}  // namespace newswire::relay
