// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/dates.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::text {
namespace {

// How a reading prints: the RFC 3339 form with the offset as written; `?` for a missing offset,
// `(day)` for a date without time.
std::string Show(std::string_view text) {
  const auto time = ParseDate(text);
  if (!time) {
    return "none";
  }
  std::string out = FormatLocal(*time);
  if (!time->offset) {
    out.back() = '?';
  }
  if (time->date_only) {
    out = out.substr(0, 10) + " (day)";
  }
  return out;
}

struct Case {
  std::string text, expected;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class ParseDateTable : public testing::TestWithParam<Case> {};

TEST_P(ParseDateTable, Reads) { EXPECT_EQ(Show(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    FirstSite, ParseDateTable,
    testing::Values(Case{"2022-04-19 13:06:03 +0800", "2022-04-19T13:06:03+08:00"},
                    Case{"2022-04-19 13:06:03", "2022-04-19T13:06:03?"},
                    Case{"2022-04-19 13:06", "2022-04-19T13:06:00?"}, Case{" +0800", "none"},
                    Case{"", "none"}, Case{"2021-12-01", "2021-12-01 (day)"}));

INSTANTIATE_TEST_SUITE_P(
    Iso8601, ParseDateTable,
    testing::Values(
        Case{"2022-04-19T10:45:38+08:00", "2022-04-19T10:45:38+08:00"},
        Case{"2022-04-19T10:45:38Z", "2022-04-19T10:45:38Z"},
        Case{"2022-04-19t10:45:38z", "2022-04-19T10:45:38Z"},
        Case{"2022-04-19T10:45:38.123456Z", "2022-04-19T10:45:38.123Z"},
        Case{"2022-04-19T10:45:38,5-03:30", "2022-04-19T10:45:38.500-03:30"},
        Case{"2022-04-19T10:45+0800", "2022-04-19T10:45:00+08:00"},
        Case{"2022-04-19T10:45:38+08", "2022-04-19T10:45:38+08:00"},
        Case{"2022-04-19T10Z", "2022-04-19T10:00:00Z"},
        Case{"2003-12-31T10:14Z", "2003-12-31T10:14:00Z"}, Case{"2003", "2003-01-01 (day)"},
        Case{"2003-12", "2003-12-01 (day)"}, Case{"200312", "2003-12-01 (day)"},
        Case{"20031231", "2003-12-31 (day)"}, Case{"2003-365", "2003-12-31 (day)"},
        Case{"2003365", "2003-12-31 (day)"}, Case{"2003-366", "none"},
        Case{"2004-366", "2004-12-31 (day)"}, Case{"2003-W52-3", "2003-12-24 (day)"},
        Case{"2003W523", "2003-12-24 (day)"}, Case{"2020-W53-5", "2021-01-01 (day)"},
        Case{"2003-W01", "2002-12-30 (day)"}, Case{"2003-W60-1", "none"},
        Case{"20031231T101415Z", "2003-12-31T10:14:15Z"},
        Case{"20031231T1014+0100", "2003-12-31T10:14:00+01:00"},
        Case{"2003-12-31T24:00:00Z", "2004-01-01T00:00:00Z"}, Case{"2003-12-31T24:01:00Z", "none"},
        Case{"2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"},
        Case{"2022-04-19T10:45:38+08:00[Asia/Shanghai]", "2022-04-19T10:45:38+08:00"},
        Case{"2022-04-19T10:45:38\xE2\x88\x92"
             "05:00",
             "2022-04-19T10:45:38-05:00"},
        Case{"2022/04/19 13:06:03", "2022-04-19T13:06:03?"},
        Case{"2022.04.19 13:06", "2022-04-19T13:06:00?"},
        Case{"2022-4-9 8:05", "2022-04-09T08:05:00?"}, Case{"03-12-31", "2003-12-31 (day)"},
        Case{"20220419130603", "2022-04-19T13:06:03?"}, Case{"2022-02-29", "none"},
        Case{"2022-13-01", "none"}, Case{"1899-12-31", "none"}, Case{"2200-01-01", "none"},
        Case{"0000-00-00 00:00:00", "none"}, Case{"0001-01-01T00:00:00Z", "none"}));

INSTANTIATE_TEST_SUITE_P(
    Rfc822, ParseDateTable,
    testing::Values(Case{"Tue, 19 Apr 2022 13:06:03 GMT", "2022-04-19T13:06:03Z"},
                    Case{"Tue, 19 Apr 2022 13:06:03 +0800", "2022-04-19T13:06:03+08:00"},
                    Case{"Tue, 19 Apr 22 13:06:03 GMT", "2022-04-19T13:06:03Z"},
                    Case{"19 Apr 99 13:06 UT", "1999-04-19T13:06:00Z"},
                    Case{"Mon, 19 Apr 2022 13:06:03 GMT", "2022-04-19T13:06:03Z"},
                    Case{"19 Apr 2022 13:06 EST", "2022-04-19T13:06:00-05:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 PDT", "2022-04-19T13:06:03-07:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 CET", "2022-04-19T13:06:03+01:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 MSK", "2022-04-19T13:06:03+03:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 JST", "2022-04-19T13:06:03+09:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 Z", "2022-04-19T13:06:03Z"},
                    Case{"Tue, 19 Apr 2022 13:06:03 A", "2022-04-19T13:06:03?"},
                    Case{"Tue, 19 Apr 2022 13:06:03 GMT+8", "2022-04-19T13:06:03+08:00"},
                    Case{"Tue, 19 Apr 2022 13:06:03 -0500 (EST)", "2022-04-19T13:06:03-05:00"},
                    Case{"Tuesday, 19 April 2022 13:06:03 +0100", "2022-04-19T13:06:03+01:00"},
                    Case{"Tue,19 Apr 2022 13:06:03 +0100", "2022-04-19T13:06:03+01:00"},
                    Case{"Thu, 1 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21Z"},
                    Case{"Thu, 01 Jan 2004 19:48:21", "2004-01-01T19:48:21?"},
                    Case{"Thu, 01 Jan 2004", "2004-01-01 (day)"},
                    Case{"Sun, 31 Jan 2004 24:00:00 GMT", "2004-02-01T00:00:00Z"},
                    Case{"Wed, 31 Feb 2022 13:06:03 GMT", "none"},
                    Case{"Fri, 2006/09/15 08:19:53 EDT", "2006-09-15T08:19:53-04:00"},
                    Case{"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"}));

INSTANTIATE_TEST_SUITE_P(
    OtherPrograms, ParseDateTable,
    testing::Values(Case{"Tue Apr 19 13:06:03 2022", "2022-04-19T13:06:03?"},
                    Case{"Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06?"},
                    Case{"Sun Jan 04 16:29:06 PST 2004", "2004-01-04T16:29:06-08:00"},
                    Case{"Tue Apr 19 13:06:03 +0800 2022", "2022-04-19T13:06:03+08:00"},
                    Case{"Tue Apr 19 2022 13:06:03 GMT+0800 (China Standard Time)",
                         "2022-04-19T13:06:03+08:00"},
                    Case{"2004-07-08 23:56:58.0", "2004-07-08T23:56:58?"},
                    Case{"1650344763", "2022-04-19T05:06:03Z"},
                    Case{"1650344763123", "2022-04-19T05:06:03.123Z"},
                    Case{"1650344763.5", "2022-04-19T05:06:03Z"},
                    Case{"2022-04-19 13:06:03 UTC", "2022-04-19T13:06:03Z"},
                    Case{"2022-04-19 05:06:03 PM", "2022-04-19T17:06:03?"}));

INSTANTIATE_TEST_SUITE_P(
    EastAsian, ParseDateTable,
    testing::Values(Case{"2022年04月19日 13:06", "2022-04-19T13:06:00?"},
                    Case{"2022年4月19日13:06:03", "2022-04-19T13:06:03?"},
                    Case{"2022年4月19日 星期二 下午1:06", "2022-04-19T13:06:00?"},
                    Case{"2022年04月19日（周二）13时06分03秒", "2022-04-19T13:06:03?"},
                    Case{"2022年4月19日", "2022-04-19 (day)"},
                    Case{"2022年4月", "2022-04-01 (day)"},
                    Case{"２０２２年４月１９日　１３：０６", "2022-04-19T13:06:00?"},
                    Case{"2022年4月19日(火) 13時06分", "2022-04-19T13:06:00?"},
                    Case{"2022年4月19日 火曜日 午後1時06分", "2022-04-19T13:06:00?"},
                    Case{"2004년 05월 28일  01:31:15", "2004-05-28T01:31:15?"},
                    Case{"2004-05-25 오후 11:23:17", "2004-05-25T23:23:17?"},
                    Case{"2004-05-25 오전 12:23:17", "2004-05-25T00:23:17?"},
                    Case{"2022년 4월 19일 화요일 오후 1시 6분", "2022-04-19T13:06:00?"},
                    Case{"2022-04-19　13:06", "2022-04-19T13:06:00?"}, Case{"今天 13:06", "none"},
                    Case{"昨天", "none"}, Case{"3小时前", "none"}, Case{"刚刚", "none"},
                    Case{"04-19 13:06", "none"}, Case{"4月19日 13:06", "none"}));

INSTANTIATE_TEST_SUITE_P(
    Languages, ParseDateTable,
    testing::Values(Case{"April 19, 2022 1:06 PM EDT", "2022-04-19T13:06:00-04:00"},
                    Case{"Apr. 19, 2022, 1:06 p.m. ET", "2022-04-19T13:06:00-05:00"},
                    Case{"April 19th, 2022 at 12:06 AM", "2022-04-19T00:06:00?"},
                    Case{"19 avril 2022", "2022-04-19 (day)"},
                    Case{"mar. 19 avr. 2022 à 13h06", "2022-04-19T13:06:00?"},
                    Case{"1er août 2022", "2022-08-01 (day)"},
                    Case{"19. April 2022, 13:06 Uhr", "2022-04-19T13:06:00?"},
                    Case{"19. März 2022 13.06 Uhr", "2022-03-19T13:06:00?"},
                    Case{"19 de abril de 2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 de março de 2022 às 13h06", "2022-03-19T13:06:00?"},
                    Case{"19 aprile 2022 ore 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 kwietnia 2022, 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 апреля 2022 г., 13:06", "2022-04-19T13:06:00?"},
                    Case{"úterý 19. dubna 2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 Nisan 2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T12:00:00-05:00"},
                    Case{"2004-július-13T9:15-05:00", "2004-07-13T09:15:00-05:00"},
                    Case{"tis 19 april 2022 kl. 13.06", "2022-04-19T13:06:00?"},
                    Case{"19. apríl 2022", "2022-04-19 (day)"}, Case{"19 Blurb 2022", "none"},
                    Case{"19 tháng 4, 2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 أبريل 2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"19 अप्रैल 2022", "2022-04-19 (day)"},
                    Case{"19.04.2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"19/04/2022 13:06", "2022-04-19T13:06:00?"},
                    Case{"04/19/2022 01:06 PM", "2022-04-19T13:06:00?"}, Case{"04/05/2022", "none"},
                    Case{"05/05/2022", "2022-05-05 (day)"}, Case{"19-04-2022", "2022-04-19 (day)"},
                    Case{"13:06 - 19.04.2022", "2022-04-19T13:06:00?"}, Case{"3 hours ago", "none"},
                    Case{"yesterday", "none"}, Case{"April 19", "none"}, Case{"Monday", "none"},
                    Case{"2022 reasons", "none"}, Case{"13:06", "none"}));

TEST(ParseDate, RefusesLongText) {
  EXPECT_EQ(Show("2022-04-19" + std::string(200, ' ')), "none");
  EXPECT_EQ(Show("  2022-04-19\n"), "2022-04-19 (day)");
}

TEST(ParseDate, IsTotalOnBrokenBytes) {
  const std::string good = "Κυρ, 11 Ιούλ 2004 오후 12:00:00 年 +0800";
  for (size_t length = 0; length <= good.size(); ++length) {
    for (int byte = 0; byte < 256; byte += 15) {
      std::string broken = good.substr(0, length);
      if (length > 0) {
        broken[length / 2] = static_cast<char>(byte);
      }
      (void)ParseDate(broken);
    }
  }
}

TEST(WithZone, KeepsAWrittenOffset) {
  const auto time = ParseDate("2022-04-19 13:06:03 +0800");
  ASSERT_TRUE(time);
  EXPECT_EQ(FormatLocal(WithZone(*time, "America/New_York")), "2022-04-19T13:06:03+08:00");
}

TEST(WithZone, ReadsWallTimeInTheZone) {
  const auto time = ParseDate("2022-04-19 13:06:03");
  ASSERT_TRUE(time);
  EXPECT_EQ(FormatLocal(WithZone(*time, "Asia/Shanghai")), "2022-04-19T13:06:03+08:00");
  EXPECT_EQ(FormatUtc(WithZone(*time, "Asia/Shanghai").instant), "2022-04-19T05:06:03Z");
  EXPECT_EQ(FormatLocal(WithZone(*time, "America/New_York")), "2022-04-19T13:06:03-04:00");
  EXPECT_EQ(FormatLocal(WithZone(*time, "UTC")), "2022-04-19T13:06:03Z");
  EXPECT_EQ(FormatLocal(WithZone(*time, "Nowhere/Land")), "2022-04-19T13:06:03Z");
}

TEST(WithZone, TakesTheEarlierOffsetAtGapAndOverlap) {
  const auto gap = ParseDate("2022-03-27 02:30:00");
  const auto overlap = ParseDate("2022-10-30 02:30:00");
  ASSERT_TRUE(gap && overlap);
  EXPECT_EQ(WithZone(*gap, "Europe/Berlin").offset, std::chrono::minutes(60));
  EXPECT_EQ(WithZone(*overlap, "Europe/Berlin").offset, std::chrono::minutes(120));
}

TEST(IsKnownZone, KnowsIanaNamesOnly) {
  EXPECT_TRUE(IsKnownZone("Asia/Shanghai"));
  EXPECT_TRUE(IsKnownZone("UTC"));
  EXPECT_FALSE(IsKnownZone("Nowhere/Land"));
  EXPECT_FALSE(IsKnownZone(""));
}

}  // namespace
}  // namespace newswire::text
