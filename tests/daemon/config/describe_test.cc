// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/config.h"
#include "daemon/config/keys.h"
#include "tests/daemon/config/test_files.h"
#include "transforms/text/json.h"

namespace newswire::config {
namespace {

const std::filesystem::path kRoot = NEWSWIRE_SOURCE_DIR;
constexpr std::string_view kBegin = "<!-- keys: made by `newswired schema reference` -->\n";
constexpr std::string_view kEnd = "<!-- keys: end -->\n";

TEST(KeyTables, HaveAWordForEveryKey) {
  for (const auto& key : ConfigKeys()) {
    EXPECT_FALSE(key.summary.empty()) << key.name;
    EXPECT_NE(key.get, nullptr) << key.name;
    EXPECT_NE(key.set, nullptr) << key.name;
  }
  for (const auto& key : SourceKeys()) {
    EXPECT_FALSE(key.summary.empty()) << key.name;
    EXPECT_NE(key.get, nullptr) << key.name;
    EXPECT_NE(key.set, nullptr) << key.name;
  }
}

TEST(SourceKeys, AreThoseOfItsJson) {
  const auto document = text::JsonDocument::Parse(SourceToJson(Source{}));
  ASSERT_TRUE(document);
  std::vector<std::string> json, table;
  document->root().ForEachMember([&](std::string_view name, text::JsonValue value) {
    if (!value.is_object() || name == "categories") {
      json.emplace_back(name);
      return;
    }
    value.ForEachMember([&](std::string_view inner, text::JsonValue) {
      json.push_back(std::string(name) + "." + std::string(inner));
    });
  });
  for (const auto& key : SourceKeys()) {
    table.emplace_back(key.name);
  }
  EXPECT_THAT(json, testing::ElementsAreArray(table));
}

TEST(ExampleFile, HoldsTheDefaults) {
  auto config = Parse(ExampleText(/*live_source=*/true), "newswired.yaml");
  ASSERT_TRUE(config) << config.error();
  ASSERT_EQ(config->sources.size(), 1U);
  Source source = config->sources[0];
  Source expected = DefaultSource();
  expected.id = source.id;
  expected.url = source.url;
  EXPECT_EQ(SourceToJson(source), SourceToJson(expected));

  config->sources.clear();
  Config defaults;
  defaults.archive.dir = defaults.data_dir / "archive";
  defaults.http.engine.user_agent = config->http.engine.user_agent;
  defaults.kafka.brokers = config->kafka.brokers;
  EXPECT_EQ(EffectiveJson(*config), EffectiveJson(defaults));
}

TEST(ExampleFile, InTheRepositoryIsTheOneMadeFromTheTable) {
  EXPECT_EQ(ReadText(kRoot / "configs/newswired.yaml"), ExampleText(/*live_source=*/false))
      << "write it anew: newswired schema example > configs/newswired.yaml";
  const auto config = Load(kRoot / "configs/newswired.yaml");
  EXPECT_TRUE(config) << config.error();
}

TEST(Schema, InTheRepositoryIsTheOneMadeFromTheTable) {
  EXPECT_TRUE(text::JsonDocument::Parse(SchemaText()));
  EXPECT_EQ(ReadText(kRoot / "configs/newswired.schema.json"), SchemaText())
      << "write it anew: newswired schema config > configs/newswired.schema.json";
}

TEST(Reference, InTheDocumentationIsTheOneMadeFromTheTable) {
  const std::string page = ReadText(kRoot / "docs/configuration.md");
  const size_t begin = page.find(kBegin), end = page.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(page.substr(begin + kBegin.size(), end - begin - kBegin.size()),
            "\n" + ReferenceText() + "\n")
      << "write it anew: newswired schema reference";
}

TEST(Examples, AllLoad) {
  size_t loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "configs/examples")) {
    if (entry.path().extension() != ".yaml") {
      continue;
    }
    const auto config = Load(entry.path());
    EXPECT_TRUE(config) << config.error();
    ++loaded;
  }
  EXPECT_GE(loaded, 4U);
}

}  // namespace
}  // namespace newswire::config
