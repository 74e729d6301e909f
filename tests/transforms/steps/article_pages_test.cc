// SPDX-License-Identifier: Apache-2.0
// Whole pages and fragments: tests/corpus/{pages,fragments}/<name>.html and <name>.expected.json.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "transforms/steps/step.h"
#include "transforms/text/json.h"

namespace newswire::steps {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream out;
  out << file.rdbuf();
  return std::move(out).str();
}

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(NEWSWIRE_TEST_CORPUS) + "/" + folder)) {
    if (entry.path().extension() == ".html") {
      names.push_back(folder + "/" + entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A page that nothing is known of but its address.
struct Unknown {
  Capture capture;
  Source source;

  Unknown() {
    capture.url = "http://finews.example/a/page.html";
    source.id = "pages";
    source.kind = SourceKind::kFeed;
  }
};

Document Read(const Unknown& unknown, std::string html, bool is_fragment) {
  Document document;
  document.capture = &unknown.capture;
  document.source = &unknown.source;
  document.html = std::move(html);
  document.is_fragment = is_fragment;
  EXPECT_TRUE(CollectMetadata(document).has_value());
  EXPECT_TRUE(ExtractArticle(document).has_value());
  EXPECT_TRUE(Clean(document).has_value());
  EXPECT_TRUE(Attribute(document).has_value());
  return document;
}

// The lines of one that the other has not, as a reader would compare them.
std::string Difference(const std::vector<std::string>& got, const std::vector<std::string>& want) {
  std::string out;
  for (const std::string& line : want) {
    if (std::find(got.begin(), got.end(), line) == got.end()) {
      out += "missing: " + line + "\n";
    }
  }
  for (const std::string& line : got) {
    if (std::find(want.begin(), want.end(), line) == want.end()) {
      out += "surplus: " + line + "\n";
    }
  }
  return out.empty() ? "the same lines in another order or number" : out;
}

class ArticleCorpus : public testing::TestWithParam<std::string> {};

TEST_P(ArticleCorpus, GivesExactlyTheArticle) {
  const std::string path = std::string(NEWSWIRE_TEST_CORPUS) + "/" + GetParam();
  const bool is_fragment = GetParam().starts_with("fragments/");
  const auto expected = text::JsonDocument::Parse(ReadFile(path + ".expected.json"));
  ASSERT_TRUE(expected.has_value());
  const text::JsonValue want = expected->root();
  const Unknown unknown;
  const Document document = Read(unknown, ReadFile(path + ".html"), is_fragment);
  std::vector<std::string> texts, wanted;
  for (const ContentBlock& block : document.blocks) {
    texts.push_back(block.text);
  }
  for (size_t i = 0; i < want["paragraphs"].size(); ++i) {
    wanted.emplace_back(want["paragraphs"].at(i).string_or(""));
  }
  EXPECT_TRUE(texts == wanted) << Difference(texts, wanted);
  if (!is_fragment && want["title"].is_string()) {
    EXPECT_EQ(document.post.title, want["title"].string_or(""));
  }
  EXPECT_EQ(document.post.summary, want["summary"].string_or(""));
  if (want["source_url"].is_string()) {
    EXPECT_EQ(document.post.original_url, want["source_url"].string_or(""));
  }
  if (want["publisher"].is_string()) {
    EXPECT_EQ(document.post.publisher, want["publisher"].string_or(""));
  }
}

std::string TestName(const testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<uint8_t>(c)) == 0; },
      '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pages, ArticleCorpus, testing::ValuesIn(Names("pages")), TestName);
INSTANTIATE_TEST_SUITE_P(Fragments, ArticleCorpus, testing::ValuesIn(Names("fragments")), TestName);

}  // namespace
}  // namespace newswire::steps
