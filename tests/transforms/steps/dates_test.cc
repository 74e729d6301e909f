// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "tests/transforms/steps/step_fixture.h"
#include "transforms/model/timestamp.h"

namespace newswire::steps {
namespace {

std::string Published(StepFixture& fixture) {
  EXPECT_TRUE(ResolveDates(fixture.document));
  const auto& time = fixture.document.post.published_at;
  return time ? FormatLocal(*time) : "none";
}

TEST(DatesStep, BelievesFrontMatterFirstAndKeepsItsOffset) {
  StepFixture fixture;
  fixture.document.front_matter = formats::FrontMatter{};
  fixture.document.front_matter->date = "2022-04-19 13:06:03 -0500";
  fixture.document.candidates.published = {{"2022-04-18T00:00:00Z", "json_ld"}};
  EXPECT_EQ(Published(fixture), "2022-04-19T13:06:03-05:00");
}

TEST(DatesStep, ReadsTimesWithoutOffsetInTheSourcesZone) {
  StepFixture fixture;
  fixture.document.front_matter = formats::FrontMatter{};
  fixture.document.front_matter->date = "2021-12-08 10:46:18";
  EXPECT_EQ(Published(fixture), "2021-12-08T10:46:18+08:00");
}

TEST(DatesStep, GivesNothingForADateThatIsOnlyAnOffset) {
  StepFixture fixture;
  fixture.document.front_matter = formats::FrontMatter{};
  fixture.document.front_matter->date = "+0800";
  EXPECT_EQ(Published(fixture), "none");
}

TEST(DatesStep, OrdersCandidatesByOrigin) {
  StepFixture fixture;
  fixture.document.candidates.published = {{"2022-04-01T00:00:00Z", "url"},
                                           {"2022-04-02T00:00:00Z", "visible"},
                                           {"2022-04-03T00:00:00Z", "article:published_time"},
                                           {"2022-04-04T00:00:00Z", "json_ld"}};
  EXPECT_EQ(Published(fixture), "2022-04-04T00:00:00Z");
  fixture.capture.metadata.entry.published = "Tue, 05 Apr 2022 00:00:00 GMT";
  EXPECT_EQ(Published(fixture), "2022-04-05T00:00:00Z");
}

TEST(DatesStep, LetsATimeOfTheSameDayWinOverTheDay) {
  StepFixture fixture;
  fixture.document.candidates.published = {
      {"2022-04-19", "json_ld"}, {"2022-04-17 08:00", "visible"}, {"2022-04-19 13:06", "visible"}};
  EXPECT_EQ(Published(fixture), "2022-04-19T13:06:00+08:00");
}

TEST(DatesStep, TakesChineseTimeForAChinesePageOfASourceWithoutZone) {
  StepFixture fixture;
  fixture.source.timezone = "UTC";
  fixture.document.candidates.published = {{"2022-04-19 13:06", "visible"}};
  fixture.Paragraph("工信部新闻发言人罗俊杰在国新办发布会上表示。");
  EXPECT_EQ(Published(fixture), "2022-04-19T13:06:00+08:00");
  StepFixture english;
  english.source.timezone = "UTC";
  english.document.candidates.published = {{"2022-04-19 13:06", "visible"}};
  english.Paragraph("The central bank raised interest rates on Tuesday.");
  EXPECT_EQ(Published(english), "2022-04-19T13:06:00Z");
}

TEST(DatesStep, PassesOverTheFutureOnPages) {
  StepFixture fixture;
  fixture.document.candidates.published = {{"2099-01-01T00:00:00Z", "json_ld"},
                                           {"2022-04-19T00:00:00Z", "visible"}};
  EXPECT_EQ(Published(fixture), "2022-04-19T00:00:00Z");
}

TEST(DatesStep, SaysUpdatedOnlyWhenItIsLater) {
  StepFixture fixture;
  fixture.document.candidates.published = {{"2022-04-19T00:00:00Z", "json_ld"}};
  fixture.document.candidates.updated = {{"2022-04-19T00:00:00Z", "json_ld"}};
  EXPECT_EQ(Published(fixture), "2022-04-19T00:00:00Z");
  EXPECT_EQ(fixture.document.post.updated_at, std::nullopt);
  fixture.document.candidates.updated = {{"2022-04-20T00:00:00Z", "json_ld"}};
  EXPECT_EQ(Published(fixture), "2022-04-19T00:00:00Z");
  ASSERT_TRUE(fixture.document.post.updated_at);
  EXPECT_EQ(FormatLocal(*fixture.document.post.updated_at), "2022-04-20T00:00:00Z");
}

}  // namespace
}  // namespace newswire::steps
