// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace newswire::text {
namespace {

TEST(Pattern, GivesTheFirstGroup) {
  const auto pattern = Pattern::Create(R"(/(\d+)\.html$)");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->groups(), 1);
  EXPECT_EQ(pattern->FirstGroup("https://a/b/42.html"), "42");
  EXPECT_EQ(pattern->FirstGroup("https://a/b/42.htm"), std::nullopt);
}

TEST(Pattern, RefusesWhatIsMalformed) {
  const auto pattern = Pattern::Create("(a");
  ASSERT_FALSE(pattern);
  EXPECT_EQ(pattern.error().kind, ErrorKind::kConfig);
}

TEST(Pattern, GivesUpOnCatastrophicBacktracking) {
  const auto pattern = Pattern::Create("(a+)+$");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->FirstGroup(std::string(60, 'a') + "b"), std::nullopt);
}

}  // namespace
}  // namespace newswire::text
