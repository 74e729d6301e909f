// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/table.h"

namespace newswire::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreWholeNumbersWithAUnit) {
  EXPECT_EQ(ParseDuration("100ms"), 100ms);
  EXPECT_EQ(ParseDuration("30s"), 30s);
  EXPECT_EQ(ParseDuration("5m"), 5min);
  EXPECT_EQ(ParseDuration("1h"), 1h);
  EXPECT_EQ(ParseDuration("1d"), 24h);
  EXPECT_EQ(ParseDuration("2 w"), 14 * 24h);
  EXPECT_EQ(ParseDuration("0"), 0ms);
}

TEST(Durations, RefuseWhatHasNoUnitOrIsNoNumber) {
  for (const char* text : {"30", "", "s", "-1s", "1.5s", "30sec", "30S", "1h30m", "0x1s", " 1s",
                           "99999999999999999999s", "9999999999999w"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Sizes, KnowBothKindsOfUnits) {
  EXPECT_EQ(ParseSize("512B"), 512U);
  EXPECT_EQ(ParseSize("256KiB"), 256U << 10);
  EXPECT_EQ(ParseSize("5MiB"), 5U << 20);
  EXPECT_EQ(ParseSize("1GB"), 1'000'000'000U);
  EXPECT_EQ(ParseSize("2TiB"), uint64_t{2} << 40);
  EXPECT_EQ(ParseSize("1kB"), 1000U);
  EXPECT_EQ(ParseSize("0"), 0U);
}

TEST(Sizes, RefuseWhatHasNoUnit) {
  for (const char* text : {"5", "5M", "MiB", "-1B", "1.5GB", "5mib", "99999999TiB"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(Values, FormattedReadBack) {
  for (const auto duration : {0ms, 1ms, 999ms, 1000ms, 90'000ms, 3'600'000ms, 604'800'000ms}) {
    EXPECT_EQ(ParseDuration(FormatDuration(duration)), duration) << FormatDuration(duration);
  }
  for (const uint64_t size : {0U, 1U, 1000U, 1024U, 900'000U, 5U << 20, 1'000'000'000U}) {
    EXPECT_EQ(ParseSize(FormatSize(size)), size) << FormatSize(size);
  }
}

TEST(Nearest, FindsTyposAndNothingElse) {
  const std::vector<std::string> names{"commit_interval", "topic", "brokers", "every"};
  EXPECT_EQ(Nearest("comit_interval", names), "commit_interval");
  EXPECT_EQ(Nearest("commit-interval", names), "commit_interval");
  EXPECT_EQ(Nearest("borkers", names), "brokers");
  EXPECT_EQ(Nearest("Topic", names), "topic");
  EXPECT_EQ(Nearest("evry", names), "every");
  EXPECT_EQ(Nearest("retention", names), std::nullopt);
  EXPECT_EQ(Nearest("", names), std::nullopt);
}

TEST(MappingTable, ReadsQuotedCellsAndComments) {
  const auto table = ParseTable(
      "\xEF\xBB\xBF# name,slug\n中国证券报,zhongguozhengquanbao\r\n\n\"a, \"\"b\"\"\" , ab\n");
  ASSERT_TRUE(table) << table.error();
  EXPECT_THAT(*table, testing::ElementsAre(testing::Pair("中国证券报", "zhongguozhengquanbao"),
                                           testing::Pair("a, \"b\"", "ab")));
}

TEST(MappingTable, NamesTheLineThatIsWrong) {
  EXPECT_THAT(ParseTable("a,b\nc\n").error().message, testing::HasSubstr("line 2"));
  EXPECT_THAT(ParseTable("a,b\na,c\n").error().message, testing::HasSubstr("given twice"));
  EXPECT_THAT(ParseTable("a,\"b\n").error().message, testing::HasSubstr("not closed"));
  EXPECT_FALSE(ParseTable("\xff\xfe,b\n"));
}

}  // namespace
}  // namespace newswire::config
