// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::config {
namespace {

using testing::HasSubstr;

YamlNode Read(std::string_view text) {
  YamlNode root;
  YamlError error;
  EXPECT_TRUE(ReadYaml(text, root, error)) << error.what;
  return root;
}

std::string Refusal(std::string_view text) {
  YamlNode root;
  YamlError error;
  EXPECT_FALSE(ReadYaml(text, root, error));
  return error.what;
}

TEST(Yaml, KeepsThePlaceOfEveryNode) {
  const YamlNode root = Read("a: 1\nb:\n  - x\n  - 'y'\n");
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[0].value.line, 1);
  EXPECT_EQ(root.entries[0].value.column, 4);
  const YamlNode& list = root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].line, 4);
  EXPECT_EQ(list.items[1].column, 5);
  EXPECT_TRUE(list.items[0].plain);
  EXPECT_FALSE(list.items[1].plain);
}

TEST(Yaml, KeepsDuplicateKeysForTheReaderToRefuse) {
  EXPECT_EQ(Read("a: 1\na: 2\n").entries.size(), 2U);
}

TEST(Yaml, CopiesAliasesAndAppliesMergeKeys) {
  const YamlNode root = Read("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nagain: *b\n");
  const YamlNode& use = root.entries[1].value;
  ASSERT_EQ(use.entries.size(), 1U);
  EXPECT_EQ(use.entries[0].value.scalar, "3");
  ASSERT_EQ(use.merged.size(), 2U);
  EXPECT_EQ(use.merged[0].key.scalar, "x");
  EXPECT_EQ(root.entries[2].value.entries.size(), 2U);
}

TEST(Yaml, AnEmptyTextIsNull) { EXPECT_EQ(Read("# nothing\n").kind, YamlNode::Kind::kNull); }

TEST(Yaml, RefusesAliasesWithinThemselves) {
  EXPECT_THAT(Refusal("a: &a [*a]\n"), HasSubstr("alias"));
}

TEST(Yaml, BoundsWhatAliasesExpandTo) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 10; ++j) {
      bomb += "," + last;
    }
    bomb += "]\n";
  }
  EXPECT_THAT(Refusal(bomb), HasSubstr("nodes"));
}

TEST(Yaml, BoundsDepthSizeAndDocuments) {
  EXPECT_THAT(Refusal(std::string(1000, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(Refusal(std::string(kMaxYamlBytes + 1, ' ')), HasSubstr("1 MiB"));
  EXPECT_THAT(Refusal("a: 1\n---\nb: 2\n"), HasSubstr("more than one"));
}

TEST(Yaml, SaysWhereASyntaxErrorIs) {
  YamlNode root;
  YamlError error;
  EXPECT_FALSE(ReadYaml("a: 1\nb: [1, 2\nc: 3\n", root, error));
  EXPECT_GE(error.line, 2);
  EXPECT_THAT(error.what, HasSubstr("not YAML"));
}

TEST(Yaml, SurvivesAnyBytes) {
  YamlNode root;
  YamlError error;
  std::string bytes;
  uint32_t state = 12345;
  for (int round = 0; round < 500; ++round) {
    bytes.clear();
    for (int i = 0; i < 200; ++i) {
      state = state * 1664525 + 1013904223;
      bytes += static_cast<char>("{}[]:-&*!|>'\"%@`#,? \n\tab\xff\x01\x80"[(state >> 16) % 28]);
    }
    ReadYaml(bytes, root, error);  // must return
  }
}

}  // namespace
}  // namespace newswire::config
