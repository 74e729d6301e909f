// SPDX-License-Identifier: Apache-2.0
// Real posts of a Jekyll site, from the file to the text: NEWSWIRE_SHARED/{seeds,posts}.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"
#include "transforms/text/json.h"

namespace newswire::steps {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream out;
  out << file.rdbuf();
  return std::move(out).str();
}

std::string SharedFolder() {
  const char* given = std::getenv("NEWSWIRE_SHARED");  // NOLINT(concurrency-mt-unsafe)
  return given != nullptr ? given : std::string(NEWSWIRE_SOURCE_DIR) + "/../shared";
}

// Runs every case of `folder`; returns how many there were.
size_t CheckFolder(const std::string& folder, std::string_view paragraphs,
                   std::string_view summary) {
  std::ifstream cases(folder + "/expected.jsonl");
  size_t count = 0;
  for (std::string line; std::getline(cases, line);) {
    const auto json = text::JsonDocument::Parse(line);
    EXPECT_TRUE(json.has_value()) << line;
    const text::JsonValue want = json->root();
    const std::string file(want["file"].string_or(""));
    SCOPED_TRACE(file);
    StepFixture post(BodyKind::kFile);
    post.Markdown(ReadFile(folder + "/" + file));
    post.Url("file:///srv/" + (file.ends_with(".txt") ? file + ".md" : file));
    for (const auto step : {Decode, ReadFrontMatter, RenderMarkdown, CollectMetadata,
                            ExtractArticle, Clean, Attribute}) {
      const Status status = step(post.document);
      EXPECT_TRUE(status.has_value());
    }
    std::string text, wanted;
    for (const ContentBlock& block : post.document.blocks) {
      text += block.text + "\n";
    }
    for (size_t i = 0; i < want[paragraphs].size(); ++i) {
      wanted += std::string(want[paragraphs].at(i).string_or("")) + "\n";
    }
    EXPECT_TRUE(text == wanted) << text << "\n--- wanted:\n" << wanted;
    EXPECT_EQ(post.document.post.title, want["title"].string_or(""));
    EXPECT_EQ(post.document.post.summary, want[summary].string_or(""));
    EXPECT_EQ(post.document.post.publisher, want["publisher"].string_or(""));
    ++count;
  }
  return count;
}

TEST(MarkdownPosts, GiveExactlyTheirParagraphs) {
  const std::string shared = SharedFolder();
  if (ReadFile(shared + "/seeds/expected.jsonl").empty()) {
    GTEST_SKIP() << "no seeds below " << shared << ": set NEWSWIRE_SHARED";
  }
  EXPECT_EQ(CheckFolder(shared + "/seeds", "paragraphs", "summary"), 5U);
  EXPECT_EQ(CheckFolder(shared + "/posts", "body", "digest"), 20U);
}

}  // namespace
}  // namespace newswire::steps
