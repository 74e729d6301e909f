// SPDX-License-Identifier: Apache-2.0
// Real posts of the first site, as files of a folder, through the whole pipeline.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/model/event.h"
#include "transforms/pipeline.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Of one line of expected.jsonl; "" stands for null.
struct Expected {
  fs::path file;
  std::string id, title, published_at, slug, name, publisher, original_url, summary;
  std::vector<std::string> paragraphs;
};

std::vector<std::string> Strings(text::JsonValue list) {
  std::vector<std::string> strings;
  for (size_t i = 0; i < list.size(); ++i) {
    strings.emplace_back(list.at(i).string_or(""));
  }
  return strings;
}

// The two lists name some keys differently.
std::string Either(text::JsonValue object, std::string_view key, std::string_view other) {
  return std::string(object[key].exists() ? object[key].string_or("")
                                          : object[other].string_or(""));
}

fs::path FileOf(const fs::path& folder, const std::string& id) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with("-" + id + ".md")) {
      return entry.path();
    }
  }
  return {};
}

std::vector<Expected> ReadExpected(const fs::path& folder) {
  std::vector<Expected> all;
  std::istringstream lines(ReadFile(folder / "expected.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto document = text::JsonDocument::Parse(line);
    EXPECT_TRUE(document) << line.substr(0, 100);
    if (!document) {
      continue;
    }
    const text::JsonValue root = document->root();
    Expected expected;
    expected.id = Either(root, "source_id", "id");
    expected.file = FileOf(folder, expected.id);
    expected.title = root["title"].string_or("");
    expected.published_at = root["published_at"].string_or("");
    expected.slug = root["category_slug"].string_or("");
    expected.name = root["category_name"].string_or("");
    expected.publisher = root["publisher"].string_or("");
    expected.original_url = root["source_url"].string_or("");
    expected.summary = Either(root, "summary", "digest");
    expected.paragraphs = Strings(root["paragraphs"].exists() ? root["paragraphs"] : root["body"]);
    all.push_back(std::move(expected));
  }
  return all;
}

Source FolderSource() {
  Source source;
  source.id = "finews";
  source.kind = SourceKind::kFolder;
  source.body = BodyKind::kFile;
  source.timezone = "Asia/Shanghai";
  return source;
}

Capture FileCapture(const std::string& name, std::string body) {
  Capture capture;
  capture.kind = CaptureKind::kResource;
  capture.url = "file:///srv/_posts/" + name;
  capture.content_type = "text/markdown";
  capture.body = std::move(body);
  capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'700'000'000'000}};
  capture.metadata.source = "finews";
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.body = BodyKind::kFile;
  capture.metadata.link = capture.url;
  capture.address = {.segment = "newswire-a-000001.warc.gz",
                     .offset = 42,
                     .record_id = "urn:uuid:00000000-0000-4000-8000-000000000000",
                     .position = Position(1, 42),
                     .end = Position(1, 99)};
  return capture;
}

Pipeline FolderPipeline() {
  auto pipeline = Pipeline::Create(FolderSource());
  EXPECT_TRUE(pipeline) << pipeline.error();
  return std::move(*pipeline);
}

std::vector<std::string> BlockTexts(const Post& post) {
  std::vector<std::string> texts;
  size_t at = 0;
  uint32_t point = 0;
  for (const Block& block : post.blocks) {
    std::string text;
    while (point < block.span.end && at < post.text.size()) {
      const size_t before = at;
      text::NextCodePoint(post.text, &at);
      if (point++ >= block.span.begin) {
        text.append(post.text, before, at - before);
      }
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

void ExpectPost(const Expected& expected, const std::string& bytes) {
  SCOPED_TRACE(expected.id);
  const Pipeline pipeline = FolderPipeline();
  const Transformed made = pipeline.Run(FileCapture(expected.file.filename().string(), bytes));
  for (const DeadLetter& letter : made.dead_letters) {
    ADD_FAILURE() << letter.step << ": " << letter.reason;
  }
  ASSERT_EQ(made.posts.size(), 1U);
  const Post& post = made.posts[0];
  EXPECT_EQ(post.id, "finews:" + expected.id);
  EXPECT_EQ(made.link_post_id, post.id);
  EXPECT_EQ(post.title, expected.title);
  EXPECT_EQ(post.published_at ? FormatLocal(*post.published_at) : "", expected.published_at);
  EXPECT_EQ(post.category.slug, expected.slug);
  EXPECT_EQ(post.category.name, expected.name);
  EXPECT_EQ(post.publisher, expected.publisher);
  EXPECT_EQ(post.original_url, expected.original_url);
  EXPECT_EQ(post.summary, expected.summary);
  EXPECT_EQ(post.language, "zh");
  EXPECT_EQ(BlockTexts(post), expected.paragraphs);
  std::string joined;
  for (const std::string& paragraph : expected.paragraphs) {
    joined += joined.empty() ? "" : "\n";
    joined += paragraph;
  }
  EXPECT_EQ(post.text, joined);
}

fs::path SeedFolder() { return fs::path(NEWSWIRE_TEST_CORPUS) / "seeds"; }

std::string WithCrLf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return out;
}

TEST(Seeds, ReadAsAReaderSeesThem) {
  const std::vector<Expected> all = ReadExpected(SeedFolder());
  ASSERT_EQ(all.size(), 5U);
  for (const Expected& expected : all) {
    ExpectPost(expected, ReadFile(expected.file));
  }
}

TEST(Seeds, ReadTheSameWithCrLf) {
  for (const Expected& expected : ReadExpected(SeedFolder())) {
    ExpectPost(expected, WithCrLf(ReadFile(expected.file)));
  }
}

TEST(Posts, ReadAsAReaderSeesThem) {
  const char* shared = std::getenv("NEWSWIRE_SHARED");
  const fs::path folder =
      (shared != nullptr ? fs::path(shared) : fs::path(NEWSWIRE_SOURCE_DIR) / ".." / "shared") /
      "posts";
  if (!fs::exists(folder / "expected.jsonl")) {
    GTEST_SKIP() << "SKIPPED: the twenty posts are not at " << folder
                 << "; set NEWSWIRE_SHARED to the folder that holds posts/";
  }
  const std::vector<Expected> all = ReadExpected(folder);
  ASSERT_EQ(all.size(), 20U);
  for (const Expected& expected : all) {
    ExpectPost(expected, ReadFile(expected.file));
  }
}

TEST(Seeds, GiveTheSameBytesEveryTime) {
  const Pipeline one = FolderPipeline();
  const Pipeline two = FolderPipeline();
  EXPECT_EQ(one.id(), two.id());
  for (const Expected& expected : ReadExpected(SeedFolder())) {
    const Capture capture = FileCapture(expected.file.filename().string(), ReadFile(expected.file));
    const Transformed first = one.Run(capture);
    const Transformed second = two.Run(capture);
    ASSERT_EQ(first.posts.size(), 1U);
    EXPECT_EQ(first.posts, second.posts);
    EXPECT_EQ(MakeEvent(first.posts[0], {}, "x", 900'000).value,
              MakeEvent(second.posts[0], {}, "x", 900'000).value);
  }
}

// What comes of any bytes: one post or one dead letter, with text that is valid and spans in it.
void ExpectSound(const Pipeline& pipeline, const std::string& name, const std::string& bytes) {
  const Transformed made = pipeline.Run(FileCapture(name, bytes));
  ASSERT_EQ(made.posts.size() + made.dead_letters.size(), 1U);
  for (const DeadLetter& letter : made.dead_letters) {
    EXPECT_FALSE(letter.step.empty());
    EXPECT_FALSE(letter.reason.empty());
  }
  for (const Post& post : made.posts) {
    EXPECT_TRUE(text::IsValidUtf8(post.text));
    EXPECT_TRUE(text::IsValidUtf8(post.title));
    const size_t length = text::CountCodePoints(post.text);
    for (const Block& block : post.blocks) {
      EXPECT_LT(block.span.begin, block.span.end);
      EXPECT_LE(block.span.end, length);
    }
    for (const PostLink& link : post.links) {
      EXPECT_LE(link.span.end, length);
    }
    const Event event = MakeEvent(post, {}, "x", 900'000);
    EXPECT_TRUE(text::JsonDocument::Parse(event.value));
  }
}

TEST(Seeds, SurviveBeingCutAnywhere) {
  const Pipeline pipeline = FolderPipeline();
  for (const Expected& expected : ReadExpected(SeedFolder())) {
    const std::string bytes = ReadFile(expected.file);
    const std::string name = expected.file.filename().string();
    const size_t step = std::max<size_t>(1, bytes.size() / 60);
    for (size_t length = 0; length < bytes.size(); length += length < 200 ? 7 : step) {
      SCOPED_TRACE(expected.id + " cut at " + std::to_string(length));
      ExpectSound(pipeline, name, bytes.substr(0, length));
    }
  }
}

TEST(Seeds, SurviveFlippedBytes) {
  const unsigned seed = 20220419;
  std::mt19937 random(seed);
  const Pipeline pipeline = FolderPipeline();
  for (const Expected& expected : ReadExpected(SeedFolder())) {
    const std::string bytes = ReadFile(expected.file);
    const std::string name = expected.file.filename().string();
    for (int round = 0; round < 40; ++round) {
      std::string broken = bytes;
      for (int flip = 0; flip <= round; ++flip) {
        broken[random() % broken.size()] = static_cast<char>(random() % 256);
      }
      SCOPED_TRACE(expected.id + " round " + std::to_string(round) + " of seed " +
                   std::to_string(seed));
      ExpectSound(pipeline, name, broken);
    }
  }
}

TEST(Events, MatchTheSchema) {
  const fs::path schema = fs::path(NEWSWIRE_SOURCE_DIR) / "docs/events/post.v1.schema.json";
  const fs::path checker = fs::path(NEWSWIRE_SOURCE_DIR) / "tests/checks/validate_events.py";
  const fs::path events = fs::path(testing::TempDir()) / "newswire_seed_events.jsonl";
  const Pipeline pipeline = FolderPipeline();
  std::ofstream out(events, std::ios::binary);
  for (const Expected& expected : ReadExpected(SeedFolder())) {
    const std::string bytes = ReadFile(expected.file);
    const std::string name = expected.file.filename().string();
    const Transformed made = pipeline.Run(FileCapture(name, bytes));
    ASSERT_EQ(made.posts.size(), 1U);
    out << MakeEvent(made.posts[0], {}, "x", 900'000).value << '\n';
    out << MakeEvent(made.posts[0],
                     {.type = EventType::kRevised, .revision = 2, .changed = {"title", "text"}},
                     "x", 4'000)
               .value
        << '\n';
    out << MakeRemovedEvent(made, made.posts[0].id, made.posts[0].url, 3, "x").value << '\n';
    Capture cut = FileCapture(name, bytes);
    cut.truncated = "length";
    const Transformed refused = pipeline.Run(cut);
    ASSERT_EQ(refused.dead_letters.size(), 1U);
    EXPECT_EQ(refused.dead_letters[0].step, "decode");
    out << MakeDeadLetterEvent(refused.dead_letters[0]).value << '\n';
  }
  out.close();
  const std::string command =
      "python3 '" + checker.string() + "' '" + schema.string() + "' < '" + events.string() + "'";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  char buffer[4096];
  while (const size_t count = fread(buffer, 1, sizeof buffer, pipe)) {
    said.append(buffer, count);
  }
  const int status = pclose(pipe);
  fs::remove(events);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    GTEST_SKIP() << "SKIPPED: " << said;
  }
  EXPECT_EQ(status, 0) << said;
}

}  // namespace
}  // namespace newswire
