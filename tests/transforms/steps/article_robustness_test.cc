// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile pages: no crash, no hang, and text that is still valid.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "transforms/steps/step.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

std::vector<std::string> Pages() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(NEWSWIRE_TEST_CORPUS) + "/pages")) {
    if (entry.path().extension() == ".html") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> pages;
  for (size_t i = 0; i < paths.size(); i += 7) {
    std::ifstream file(paths[i], std::ios::binary);
    std::stringstream out;
    out << file.rdbuf();
    pages.push_back(std::move(out).str());
  }
  return pages;
}

// Runs the three steps and checks what must hold whatever the page is.
Document Read(const std::string& bytes) {
  Document document;
  size_t replaced = 0;
  document.html = text::MakeValidUtf8(bytes, &replaced);
  EXPECT_TRUE(CollectMetadata(document).has_value());
  EXPECT_TRUE(ExtractArticle(document).has_value());
  EXPECT_TRUE(Clean(document).has_value());
  for (const ContentBlock& block : document.blocks) {
    EXPECT_FALSE(block.text.empty());
    EXPECT_TRUE(text::IsValidUtf8(block.text));
    const size_t size = text::CountCodePoints(block.text);
    for (const PostLink& link : block.links) {
      EXPECT_LT(link.span.begin, link.span.end);
      EXPECT_LE(link.span.end, size);
    }
  }
  return document;
}

TEST(ArticleOfDamagedPages, IsReadFromAnyPrefix) {
  for (const std::string& page : Pages()) {
    for (size_t size = 0; size < page.size(); size += 1 + page.size() / 40) {
      Read(page.substr(0, size));
    }
  }
}

TEST(ArticleOfDamagedPages, IsReadWithFlippedBytes) {
  const unsigned seed = 20220419;
  std::mt19937 random(seed);
  for (const std::string& page : Pages()) {
    for (int round = 0; round < 12; ++round) {
      std::string damaged = page;
      for (size_t i = 0; i < damaged.size() / 50; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      Read(damaged);
    }
  }
}

TEST(ArticleOfDamagedPages, IsReadWithMarkupTornOut) {
  std::mt19937 random(7);
  for (const std::string& page : Pages()) {
    for (int round = 0; round < 12; ++round) {
      std::string damaged;
      for (const char c : page) {
        const bool mark = c == '<' || c == '>' || c == '"' || c == '/';
        if (!mark || random() % 8 != 0) {
          damaged += c;
        }
      }
      Read(damaged);
    }
  }
}

std::string Repeat(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    out += text;
  }
  return out;
}

struct Hostile {
  std::string name, html;
};
void PrintTo(const Hostile& test, std::ostream* out) { *out << test.name; }

class HostilePages : public testing::TestWithParam<Hostile> {};

TEST_P(HostilePages, AreReadInBoundedTime) { Read(GetParam().html); }

constexpr size_t kBig = size_t{2} << 20;

INSTANTIATE_TEST_SUITE_P(
    Article, HostilePages,
    testing::Values(
        Hostile{"OpenDivs", Repeat("<div>", size_t{5} << 20)},
        Hostile{"NestedWithText", Repeat("<div>text, and more text. ", kBig)},
        Hostile{"HiddenNests", Repeat("<div hidden>some text here, yes. ", kBig)},
        Hostile{"ClassedNests", Repeat("<div class='comment share nav'>some text, yes. ", kBig)},
        Hostile{"Paragraphs", Repeat("<p>Short, but a sentence of its own.", kBig)},
        Hostile{"SameLines", Repeat("<li><a href=x>same</a></li>", kBig)},
        Hostile{"Quotes", Repeat("<blockquote><p>a quote, of sorts.</p>", kBig)},
        Hostile{"Tables", Repeat("<table><tr><td>a<td>b<tr><td>c<td>d", kBig)},
        Hostile{"WideTable", "<table>" + Repeat("<tr><td>a<td>b", kBig)},
        Hostile{"Charts", Repeat("<p>x, y.</p><!-- EM_StockImg_Start -->", kBig)},
        Hostile{"Links", "<p>" + Repeat("<a href=/x>word</a> ", kBig)},
        Hostile{"Images", Repeat("<img src=a.png><figcaption>b</figcaption>", kBig)},
        Hostile{"Headings", "<title>t</title>" + Repeat("<h1>heading of some length</h1>", kBig)},
        Hostile{"Breaks", Repeat("line, one<br>", kBig)},
        Hostile{"Times", Repeat("<time datetime=2022-01-01>x</time>", kBig)},
        Hostile{"Metas", Repeat("<meta property='og:title' content='x'>", kBig)},
        Hostile{"ItemProps", Repeat("<div itemprop='author'>", kBig)},
        Hostile{"LongTitle", "<title>" + Repeat("a - ", kBig) + "</title><h1>a</h1>"},
        Hostile{"JsonLd", Repeat("<script type='application/ld+json'>{\"@graph\":[", kBig)},
        Hostile{"DeepJsonLd",
                "<script type='application/ld+json'>" + Repeat("[", 200000) + "</script>"},
        Hostile{"OneLine", "<p>" + Repeat("word, ", kBig)},
        Hostile{"Brackets", "<p>" + Repeat("（", kBig)},
        Hostile{"Dates", "<h1>title of it</h1>" + Repeat("<p>2022-2022-2022-", kBig)}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace newswire::steps
