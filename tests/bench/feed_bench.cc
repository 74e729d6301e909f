// SPDX-License-Identifier: Apache-2.0
// The feed reader against a bare SAX pass of libxml2 over the same bytes. The ratio of the two
// rates is what counts: at least 0.6 for the large Atom file.
#include <algorithm>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <libxml/parser.h>

#include "transforms/formats/feed.h"

namespace newswire::formats {
namespace {

enum Body : int64_t { kEscaped = 0, kCdata = 1, kXhtml = 2, kPlain = 3 };

constexpr size_t kTargetBytes = 620'000;
constexpr int kParagraphs = 6;

std::string Paragraphs(int entry) {
  std::string html;
  for (int i = 0; i < kParagraphs; ++i) {
    html += fmt::format(
        "<p>Paragraph {} of post {}: the central bank left its rate where it was on Tuesday, while "
        "the market had counted on a cut, and <a href=\"https://news.example/{}/{}.html\">analysts"
        "</a> said that the next meeting, in <em>six weeks</em>, would bring one after all. Shares "
        "of banks rose; those of builders, which had gained most before, gave back a part.</p>\n",
        i, entry, entry, i);
  }
  return html;
}

std::string Escape(std::string_view html) {
  std::string out;
  for (const char byte : html) {
    if (byte == '<') {
      out += "&lt;";
    } else if (byte == '>') {
      out += "&gt;";
    } else if (byte == '&') {
      out += "&amp;";
    } else {
      out += byte;
    }
  }
  return out;
}

std::string Content(Body body, int entry) {
  switch (body) {
    case kEscaped:
      return "<content type=\"html\">" + Escape(Paragraphs(entry)) + "</content>";
    case kCdata:
      return "<content type=\"html\"><![CDATA[" + Paragraphs(entry) + "]]></content>";
    case kXhtml:
      return "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">" +
             Paragraphs(entry) + "</div></content>";
    case kPlain:
      break;
  }
  std::string text = Paragraphs(entry);
  std::erase_if(text, [](char byte) { return byte == '<' || byte == '>'; });
  return "<content type=\"text\">" + text + "</content>";
}

std::string AtomFeed(Body body, size_t bytes) {
  std::string feed =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
      "<title>News</title><link href=\"https://news.example/\"/>"
      "<id>https://news.example/</id><updated>2024-01-02T03:04:05Z</updated>\n";
  for (int entry = 0; feed.size() < bytes; ++entry) {
    feed += fmt::format(
        "<entry><title type=\"html\">Post {0}: rates &amp;amp; shares</title>"
        "<link href=\"https://news.example/{0}.html\" rel=\"alternate\" type=\"text/html\"/>"
        "<published>2024-01-02T03:04:05+08:00</published>"
        "<updated>2024-01-02T04:04:05+08:00</updated><id>https://news.example/{0}</id>{1}"
        "<author><name>A. Writer</name></author><category term=\"markets\"/></entry>\n",
        entry, Content(body, entry));
  }
  return feed + "</feed>\n";
}

std::string RssFeed() {
  std::string feed =
      "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title>"
      "<link>https://news.example/</link><description>All of it</description>\n";
  for (int item = 0; item < 15; ++item) {
    feed += fmt::format(
        "<item><title>Post {0}</title><link>https://news.example/{0}.html</link>"
        "<guid>https://news.example/{0}.html</guid>"
        "<pubDate>Tue, 02 Jan 2024 03:04:05 GMT</pubDate>"
        "<description>What happened to {0}, in two sentences. It went on.</description></item>\n",
        item);
  }
  return feed + "</channel></rss>\n";
}

void Rate(benchmark::State& state, const std::string& feed) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(feed.size()));
}

void ParseWithReader(benchmark::State& state, const std::string& feed) {
  for (auto _ : state) {
    auto parsed = ParseFeed(feed, "application/atom+xml", "https://news.example/feed.xml");
    benchmark::DoNotOptimize(parsed);
  }
  Rate(state, feed);
}

void OnStart(void*, const xmlChar*, const xmlChar*, const xmlChar*, int, const xmlChar**, int, int,
             const xmlChar**) {}
void OnEnd(void*, const xmlChar*, const xmlChar*, const xmlChar*) {}
void OnCharacters(void* context, const xmlChar*, int length) {
  *static_cast<size_t*>(context) += static_cast<size_t>(length);
}

void ParseWithBareSax(benchmark::State& state, const std::string& feed) {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.startElementNs = &OnStart;
  sax.endElementNs = &OnEnd;
  sax.characters = &OnCharacters;
  sax.cdataBlock = &OnCharacters;
  for (auto _ : state) {
    size_t characters = 0;
    xmlSAXUserParseMemory(&sax, &characters, feed.data(), static_cast<int>(feed.size()));
    benchmark::DoNotOptimize(characters);
  }
  Rate(state, feed);
}

void ParseWithDom(benchmark::State& state, const std::string& feed) {
  for (auto _ : state) {
    xmlDocPtr document =
        xmlReadMemory(feed.data(), static_cast<int>(feed.size()), nullptr, nullptr, 0);
    benchmark::DoNotOptimize(document);
    xmlFreeDoc(document);
  }
  Rate(state, feed);
}

void LargeAtom(benchmark::State& state) {
  ParseWithReader(state, AtomFeed(static_cast<Body>(state.range(0)), kTargetBytes));
}
void LargeAtomBareSax(benchmark::State& state) {
  ParseWithBareSax(state, AtomFeed(static_cast<Body>(state.range(0)), kTargetBytes));
}
void SmallRss(benchmark::State& state) { ParseWithReader(state, RssFeed()); }
void SmallRssDom(benchmark::State& state) { ParseWithDom(state, RssFeed()); }

BENCHMARK(LargeAtom)->ArgName("body")->DenseRange(kEscaped, kPlain);
BENCHMARK(LargeAtomBareSax)->ArgName("body")->DenseRange(kEscaped, kPlain);
BENCHMARK(SmallRss);
BENCHMARK(SmallRssDom);

}  // namespace
}  // namespace newswire::formats
