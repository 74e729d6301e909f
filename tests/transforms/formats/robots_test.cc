// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/robots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transforms/text/json.h"

namespace newswire::formats {
namespace {

using ::testing::ElementsAre;

struct Case {
  std::string name;
  std::string robots;
  std::string agent;
  std::string path;
  bool allowed;

  friend std::ostream& operator<<(std::ostream& out, const Case& test) {
    return out << test.agent << " " << test.path << " under\n" << test.robots;
  }
};

class RobotsRule : public ::testing::TestWithParam<Case> {};

TEST_P(RobotsRule, DecidesAsTheStandardSays) {
  const Case& test = GetParam();
  EXPECT_EQ(Robots::Parse(test.robots).Allows(test.agent, test.path), test.allowed);
}

// Field names, groups, agents (RFC 9309 sections 2.2.1 and 2.2).
const std::string kGroups =
    "allow: /first\n"
    "User-agent: alpha\nDisallow: /\nAllow: /a/\n"
    "user-agent: beta\nDisallow: /\nAllow: /b/\n\n\nAllow: /c/\n"
    "user-agent: gamma\n\nuser-agent: alpha\nallow: /d/\ndisallow: /\n";
const std::string kBoth = "user-agent: *\ndisallow: /\nuser-agent: newswire\nallow: /x\n";

INSTANTIATE_TEST_SUITE_P(
    Groups, RobotsRule,
    ::testing::Values(
        Case{"EmptyFile", "", "newswire", "/x", true},
        Case{"OneGroup", "user-agent: newswire\ndisallow: /\n", "newswire", "/x", false},
        Case{"OtherAgent", "user-agent: other\ndisallow: /\n", "newswire", "/x", true},
        Case{"UnknownFields", "foo: newswire\nbar: /\n", "newswire", "/x", true},
        Case{"NoColon", "user-agent newswire\ndisallow /\n", "newswire", "/x", false},
        Case{"NoColonAndThreeWords", "user-agent: newswire\ndisallow / really\n", "newswire", "/x",
             true},
        Case{"UpperCaseFields", "USER-AGENT: newswire\nDISALLOW: /\n", "newswire", "/x", false},
        Case{"MixedCaseAgent", "User-Agent: NewsWIRE\nDisallow: /\n", "newsWire", "/x", false},
        Case{"TypoUseragent", "useragent: newswire\ndisallow: /\n", "newswire", "/x", false},
        Case{"TypoUserBlankAgent", "user agent: newswire\ndisallow: /\n", "newswire", "/x", false},
        Case{"TypoDissallow", "user-agent: newswire\ndissallow: /\n", "newswire", "/x", false},
        Case{"TypoDisalow", "user-agent: newswire\ndisalow: /\n", "newswire", "/x", false},
        Case{"RulesBeforeAnyGroup", kGroups, "alpha", "/first", false},
        Case{"GroupsOfOneAgentAreOneFirst", kGroups, "alpha", "/a/x", true},
        Case{"GroupsOfOneAgentAreOneSecond", kGroups, "alpha", "/d/x", true},
        Case{"RulesOfOthersDoNotCount", kGroups, "alpha", "/b/x", false},
        Case{"BlankLinesEndNothing", kGroups, "beta", "/c/x", true},
        Case{"AgentsInARowShareRules", kGroups, "gamma", "/d/x", true},
        Case{"AgentsInARowShareRulesOnly", kGroups, "gamma", "/a/x", false},
        Case{"SpecificBeatsStar", kBoth, "newswire", "/y", true},
        Case{"StarForTheRest", kBoth, "other", "/x", false},
        Case{"NoStarNoRules", "user-agent: a\ndisallow: /\n", "b", "/", true},
        Case{"EmptyAgent", "user-agent: a\ndisallow: /\n", "", "/", true},
        Case{"SitemapEndsNoGroup",
             "User-agent: a\nSitemap: https://x/s\nUser-agent: *\nDisallow: /", "a", "/", false},
        Case{"UnknownLineEndsNoGroup", "User-agent: a\nWhat: ever\nUser-agent: *\nDisallow: /", "a",
             "/", false},
        Case{"CrawlDelayEndsNoGroup", "User-agent: a\nCrawl-delay: 9\nUser-agent: *\nDisallow: /",
             "a", "/", false},
        Case{"WholeUserAgent", "user-agent: newswire\ndisallow: /\n",
             "newswire/1.0 (+mailto:ops@example.org)", "/x", false},
        Case{"VersionInTheFile", "user-agent: newswire/2.0\ndisallow: /\n", "newswire", "/x",
             false},
        Case{"WordsInTheFile", "user-agent: *\ndisallow: /\nuser-agent: newswire reader\nallow: /x",
             "newswire", "/x", true},
        Case{"DigitsInTheToken", "user-agent: bot2\ndisallow: /\n", "bot2", "/x", false},
        Case{"PrefixIsNoMatch", "user-agent: news\ndisallow: /\n", "newswire", "/x", true},
        Case{"LongerIsNoMatch", "user-agent: newswire-images\ndisallow: /\n", "newswire", "/x",
             true}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Bytes, RobotsRule,
    ::testing::Values(
        Case{"CarriageReturns", "user-agent: a\rdisallow: /x\rallow: /x/y\r", "a", "/x", false},
        Case{"BothLineEnds", "user-agent: a\r\ndisallow: /x\r\n", "a", "/x", false},
        Case{"NoEndOfLine", "user-agent: a\ndisallow: /x", "a", "/x", false},
        Case{"ByteOrderMark", "\xEF\xBB\xBFuser-agent: a\ndisallow: /x", "a", "/x", false},
        Case{"HalfAByteOrderMark", "\xEF\xBBuser-agent: a\ndisallow: /x", "a", "/x", false},
        Case{"NoByteOrderMark", "\xEF\x11\xBFuser-agent: a\ndisallow: /x", "a", "/x", true},
        Case{"MarkInTheMiddle",
             "user-agent: a\n\xEF\xBB\xBF"
             "disallow: /x",
             "a", "/x", true},
        Case{"Comment", "user-agent: a # me\n# disallow: /\ndisallow: /x#y\n", "a", "/xz", false},
        Case{"CommentedRule", "user-agent: a\n# disallow: /\n", "a", "/x", true},
        Case{"BlanksAround", "  user-agent :\ta  \n\tdisallow\t:  /x  \n", "a", "/xy", false}),
    [](const auto& test) { return test.param.name; });

std::string Rules(const std::string& rules) { return "user-agent: a\n" + rules; }

// Section 2.2.2: the longest match; section 2.2.3: special characters.
INSTANTIATE_TEST_SUITE_P(
    Paths, RobotsRule,
    ::testing::Values(
        Case{"LongerDisallow", Rules("disallow: /x/page.html\nallow: /x/"), "a", "/x/page.html",
             false},
        Case{"LongerAllow", Rules("allow: /x/page.html\ndisallow: /x/"), "a", "/x/page.html", true},
        Case{"LongerAllowElsewhere", Rules("allow: /x/page.html\ndisallow: /x/"), "a", "/x/",
             false},
        Case{"EmptyRules", Rules("disallow:\nallow:"), "a", "/x", true},
        Case{"EmptyDisallow", Rules("disallow: \n"), "a", "/x", true},
        Case{"TieAllows", Rules("disallow: /\nallow: /"), "a", "/x", true},
        Case{"TieAllowsInAnyOrder", Rules("allow: /p\ndisallow: /p"), "a", "/p", true},
        Case{"SlashCounts", Rules("disallow: /x\nallow: /x/"), "a", "/x", false},
        Case{"SlashCountsToo", Rules("disallow: /x\nallow: /x/"), "a", "/x/", true},
        Case{"CaseMatters", Rules("disallow: /X"), "a", "/x", true},
        Case{"LengthNotMatchLength", Rules("allow: /page\ndisallow: /*.html"), "a", "/page.html",
             false},
        Case{"LengthOfPattern", Rules("allow: /x/page.\ndisallow: /*.html"), "a", "/x/page.html",
             true},
        Case{"EmptyPathIsRoot", Rules("disallow: /"), "a", "", false},
        Case{"RobotsTxtItself", Rules("disallow: /"), "a", "/robots.txt", true},
        Case{"PrefixOnly", Rules("disallow: fish"), "a", "/fish", true},
        Case{"FullUrlIsNoPath", Rules("disallow: http://foo.bar/x"), "a", "/x", true},
        Case{"Star", Rules("disallow: /\nallow: /fish*.php"), "a", "/fishheads/catfish.php?p",
             true},
        Case{"StarMatchesNothing", Rules("disallow: /\nallow: /fish*.php"), "a", "/fish.php", true},
        Case{"StarCase", Rules("disallow: /\nallow: /fish*.php"), "a", "/Fish.PHP", false},
        Case{"LastStar", Rules("disallow: /\nallow: /fish*"), "a", "/fish", true},
        Case{"OnlyStar", Rules("disallow: *"), "a", "/x", false},
        Case{"FirstStar", Rules("disallow: *.gif"), "a", "/x/y.gif?z", false},
        Case{"TwoStars", Rules("disallow: /a*b*c"), "a", "/a-c-b-c", false},
        Case{"TwoStarsInOrder", Rules("disallow: /a*b*c"), "a", "/a-c-b", true},
        Case{"StarsInARow", Rules("disallow: /a***b"), "a", "/axb", false},
        Case{"NoOverlap", Rules("disallow: /ab*ba$"), "a", "/aba", true},
        Case{"Dollar", Rules("disallow: /foo/bar$"), "a", "/foo/bar", false},
        Case{"DollarIsTheEnd", Rules("disallow: /foo/bar$"), "a", "/foo/bar/", true},
        Case{"StarDollar", Rules("disallow: /*.php$"), "a", "/f/x.php", false},
        Case{"StarDollarQuery", Rules("disallow: /*.php$"), "a", "/x.php?p", true},
        Case{"StarDollarTwice", Rules("disallow: /*.php$"), "a", "/x.php.php", false},
        Case{"RootOnly", Rules("allow: /$\ndisallow: /"), "a", "/", true},
        Case{"NotRootOnly", Rules("allow: /$\ndisallow: /"), "a", "/page.html", false},
        Case{"DollarInside", Rules("disallow: /a$b"), "a", "/a$b", false},
        Case{"DollarInsideIsLiteral", Rules("disallow: /a$b"), "a", "/a", true},
        Case{"EncodedDollar", Rules("disallow: /a%24"), "a", "/a$b", false},
        Case{"EncodedStar", Rules("disallow: /a%2Ab"), "a", "/a*b", false},
        Case{"EncodedStarIsLiteral", Rules("disallow: /a%2Ab"), "a", "/axb", true}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Encoding, RobotsRule,
    ::testing::Values(
        Case{"PlainQuery", Rules("disallow: /\nallow: /f?q=t&b=http://foo.bar?tar&par"), "a",
             "/f?q=t&b=http://foo.bar?tar&par", true},
        Case{"EncodedQuery", Rules("disallow: /f?b=http://foo.bar"), "a",
             "/f?b=http%3A%2F%2Ffoo.bar", false},
        Case{"EncodedQueryRule", Rules("disallow: /f?b=http%3a%2f%2Ffoo.bar"), "a",
             "/f?b=http://foo.bar", false},
        Case{"RawRule", Rules("disallow: /f/ツ"), "a", "/f/%E3%83%84", false},
        Case{"RawUrl", Rules("disallow: /f/%E3%83%84"), "a", "/f/ツ", false},
        Case{"BothRaw", Rules("disallow: /f/ツ"), "a", "/f/ツ/g", false},
        Case{"LowerCaseHex", Rules("disallow: /f/%e3%83%84"), "a", "/f/%E3%83%84", false},
        Case{"EncodedUnreservedRule", Rules("disallow: /f/%62%61%7A"), "a", "/f/baz", false},
        Case{"EncodedUnreservedUrl", Rules("disallow: /f/baz"), "a", "/f/%62%61%7A", false},
        Case{"EncodedSlashIsNoSlash", Rules("disallow: /a/b"), "a", "/a%2Fb", true},
        Case{"EncodedSlash", Rules("disallow: /a%2fb"), "a", "/a%2Fb", false},
        Case{"BrokenEscape", Rules("disallow: /a%zz"), "a", "/a%zz", false},
        Case{"CutEscape", Rules("disallow: /a%4"), "a", "/a%4", false},
        Case{"TieByOctetsComparesNormalised", Rules("disallow: /f/%62%61%7A\nallow: /f/baz"), "a",
             "/f/baz", true}),
    [](const auto& test) { return test.param.name; });

TEST(Robots, WhatHasNoFileIsAllowedAndWhatIsUnreachableIsNot) {
  EXPECT_TRUE(Robots::AllowAll().Allows("newswire", "/x"));
  EXPECT_FALSE(Robots::DisallowAll().Allows("newswire", "/x"));
  EXPECT_TRUE(Robots::DisallowAll().Allows("newswire", "/robots.txt"));
}

TEST(Robots, ReadsCrawlDelayOfTheAgentsGroups) {
  const Robots robots = Robots::Parse(
      "user-agent: a\nuser-agent: b\ncrawl-delay: 1.5\ndisallow: /\n"
      "user-agent: a\nCrawl-Delay: 3\n disallow:\n"
      "user-agent: *\nCRAWL-DELAY: 10\ndisallow: \n"
      "user-agent: c\ndisallow: /\n"
      "user-agent: d\ncrawl-delay: soon\ncrawl-delay: -4\ncrawl-delay: inf\ncrawl-delay: nan\n");
  EXPECT_EQ(robots.CrawlDelay("a"), 3.0);
  EXPECT_EQ(robots.CrawlDelay("B/2.0 (x)"), 1.5);
  EXPECT_EQ(robots.CrawlDelay("c"), std::nullopt);
  EXPECT_EQ(robots.CrawlDelay("d"), std::nullopt);
  EXPECT_EQ(robots.CrawlDelay("e"), 10.0);
  EXPECT_EQ(Robots::AllowAll().CrawlDelay("a"), std::nullopt);
}

TEST(Robots, KeepsWhatConcernsOneAgent) {
  const Robots robots = Robots::Parse(
      "user-agent: a\ncrawl-delay: 2\ndisallow: /a\nuser-agent: *\ndisallow: /\n"
      "user-agent: a\ncrawl-delay: 3\ndisallow: /b\nsitemap: https://x/s.xml\n");
  const Robots mine = robots.ForAgent("a/1.0");
  EXPECT_FALSE(mine.Allows("a", "/a"));
  EXPECT_FALSE(mine.Allows("a", "/b"));
  EXPECT_TRUE(mine.Allows("a", "/c"));
  EXPECT_EQ(mine.CrawlDelay("a"), 3.0);
  EXPECT_FALSE(robots.ForAgent("other").Allows("other", "/c"));
  EXPECT_FALSE(Robots::DisallowAll().ForAgent("a").Allows("a", "/c"));
}

TEST(Robots, ListsSitemapsWhereverTheyStand) {
  const Robots robots = Robots::Parse(
      "Sitemap: https://x/1.xml\nuser-agent: a\nsite-map: https://x/2.xml # new\n"
      "disallow: /\nSITEMAP:/3\xFF\nsitemap:\n");
  EXPECT_THAT(robots.sitemaps(), ElementsAre("https://x/1.xml", "https://x/2.xml", "/3\uFFFD"));
}

TEST(Robots, CutsLongLines) {
  constexpr size_t kLineBytes = 16'663;
  std::string rule = "disallow: /x/";
  rule += std::string(kLineBytes - rule.size(), 'a');
  const std::string path = rule.substr(std::string("disallow: ").size());
  const Robots robots = Robots::Parse(Rules(rule + "bcd\nallow: /x/b"));
  EXPECT_FALSE(robots.Allows("a", path + "/elsewhere"));
  EXPECT_TRUE(robots.Allows("a", path.substr(0, path.size() - 1)));
  EXPECT_TRUE(robots.Allows("a", "/x/b"));
}

TEST(Robots, ReadsHalfAMebibyteAndNoHalfRule) {
  constexpr size_t kMaxBytes = size_t{500} * 1024;
  std::string file = Rules("disallow: /in\n");
  file += "#" + std::string(kMaxBytes - file.size() - 20, 'x') + "\n";
  file += "disallow: /out-of-bounds\n";
  ASSERT_GT(file.size(), kMaxBytes);
  const Robots robots = Robots::Parse(file);
  EXPECT_FALSE(robots.Allows("a", "/in"));
  EXPECT_TRUE(robots.Allows("a", "/out-of-bounds"));
  EXPECT_TRUE(robots.Allows("a", "/o"));
}

TEST(Robots, HostilePatternsTakeNoExponentialTime) {
  std::string pattern = "/";
  for (int i = 0; i < 4000; ++i) {
    pattern += "*a";
  }
  const std::string rules = Rules("disallow: " + pattern + "b$\n");
  EXPECT_TRUE(Robots::Parse(rules).Allows("a", "/" + std::string(8000, 'a')));
  EXPECT_FALSE(Robots::Parse(rules).Allows("a", "/" + std::string(8000, 'a') + "b"));
}

TEST(Robots, AnyBytesParse) {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) {
    bytes += static_cast<char>((i * 7 + i / 256) % 256);
  }
  EXPECT_TRUE(Robots::Parse(bytes).Allows("a", "/"));
  EXPECT_TRUE(Robots::Parse(std::string("user-agent: a\ndisallow: /\0x", 27)).Allows("a", "/"));
}

TEST(RobotsToJson, AnswersForAUrl) {
  const Robots robots =
      Robots::Parse("user-agent: *\ncrawl-delay: 2.5\ndisallow: /x\nsitemap: https://h/s.xml\n");
  const std::string json = RobotsToJson(robots, "newswire/1.0", "https://h/x?y#z");
  const Result<text::JsonDocument> document = text::JsonDocument::Parse(json);
  ASSERT_TRUE(document.has_value()) << document.error() << json;
  EXPECT_EQ(document->root()["allowed"].boolean(), false);
  EXPECT_EQ(document->root()["crawl_delay_s"].number(), 2.5);
  EXPECT_EQ(document->root()["sitemaps"].at(0).string(), "https://h/s.xml");
  EXPECT_EQ(RobotsToJson(Robots::AllowAll(), "a", "/x"),
            R"({"allowed":true,"crawl_delay_s":null,"sitemaps":[]})");
}

}  // namespace
}  // namespace newswire::formats
