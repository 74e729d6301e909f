// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_blank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/formats/feed.h"

namespace newswire::formats {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Blank(const std::string& feed, const std::set<uint32_t>& entries) {
  const auto blanked = BlankFeedEntries(feed, "", entries);
  EXPECT_TRUE(blanked) << blanked.error();
  return blanked.value_or("");
}

TEST(FeedBlank, KeepsOfAnEntryWhichOneItIs) {
  const std::string before =
      R"(<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x "<entry>">]>)"
      R"(<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><!-- <entry> -->)"
      R"(<entry><title>One</title><id>1</id><content><![CDATA[</entry>]]></content></entry>)";
  const std::string after = R"(<entry><id>3</id><title>Three</title></entry></feed>)";
  const std::string entry =
      R"(<entry xml:lang="en"><title type="html">Secret</title><id>2</id>)"
      R"(<link rel='alternate' title="Secret" href="https://a.example/2" hreflang=en />)"
      R"(<published>2022-04-19T10:00:00Z</published><category term="Secret"/>)"
      R"(<author><name>Secret</name></author>)"
      R"(<content type="xhtml"><div><content>Secret</content><entry-like/></div></content>Secret</entry>)";
  EXPECT_EQ(Blank(before + entry + after, {1}),
            before +
                R"(<entry xml:lang="en"><id>2</id>)"
                R"(<link rel='alternate' href="https://a.example/2" hreflang=en/>)"
                R"(<published>2022-04-19T10:00:00Z</published></entry>)" +
                after);
}

TEST(FeedBlank, ReadsRssOfEveryKind) {
  const std::string feed =
      R"(<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>T</title>)"
      R"(<item><guid isPermaLink="false">1</guid><description>&lt;p>Secret<br></description>)"
      R"(<link>https://a.example/1</link><media:content url="Secret"/><pubDate>x</pubDate></item>)"
      R"(<item><title>Two</title><link>https://a.example/2</link></item></channel></rss>)";
  const std::string blanked = Blank(feed, {0});
  EXPECT_THAT(blanked, Not(HasSubstr("Secret")));
  EXPECT_THAT(
      blanked,
      HasSubstr(
          R"(<item><guid isPermaLink="false">1</guid><link>https://a.example/1</link><pubDate>x</pubDate></item>)"));
  EXPECT_THAT(blanked, HasSubstr("<title>Two</title>"));
}

TEST(FeedBlank, LeavesTheRestOfAJsonFeedAsItIs) {
  const std::string before =
      "{ \"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"items\\\": [\","
      " \"items\": [ {\"id\": \"1\", \"content_text\": \"One ]}\"}, ";
  const std::string entry =
      R"({"content_html":"<p>Secret {","id":2,"url":"https://a.example/2","tags":["Secret"],)"
      R"("date_published":"2022-04-19T10:00:00Z"})";
  const std::string after = ",\n {\"id\": \"3\", \"title\": \"Three\"} ] }";
  EXPECT_EQ(Blank(before + entry + after, {1}),
            before +
                R"({"id":2,"url":"https://a.example/2","date_published":"2022-04-19T10:00:00Z"})" +
                after);
}

TEST(FeedBlank, RefusesWhatItCannotTakeApart) {
  EXPECT_FALSE(BlankFeedEntries("<html></html>", "", {0}));
  EXPECT_FALSE(
      BlankFeedEntries("<rss version='2.0'><channel><item><title>a</title></item>"
                       "</channel></rss>",
                       "", {1}));
}

}  // namespace
}  // namespace newswire::formats
