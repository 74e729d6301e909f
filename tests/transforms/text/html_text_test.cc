// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "transforms/text/html_tree.h"

namespace newswire::text {
namespace {

struct Case {
  std::string name, html, want;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class HtmlToTextCases : public testing::TestWithParam<Case> {};

TEST_P(HtmlToTextCases, GivesWhatAReaderSees) {
  EXPECT_EQ(HtmlToText(GetParam().html), GetParam().want) << GetParam().html;
}

INSTANTIATE_TEST_SUITE_P(
    HtmlText, HtmlToTextCases,
    testing::Values(
        Case{"Plain", "  a \n b ", "a b"}, Case{"Entities", "A &amp; B &lt;c&gt;", "A & B <c>"},
        Case{"InlineMarkupJoins", "un<b>believ</b>able", "unbelievable"},
        Case{"BlocksSeparate", "<p>one</p><p>two</p>", "one two"},
        Case{"BreakSeparates", "one<br>two<br/>three", "one two three"},
        Case{"ScriptIsLeftOut", "a<script>if (x<y) {}</script>b<style>p{}</style>", "ab"},
        Case{"HiddenIsLeftOut", "a<p style=\"display: none\">no</p><p hidden>no</p>b", "ab"},
        Case{"RawLessThan", "精度满足<1%，视场角", "精度满足<1%，视场角"},
        Case{"RawLessThanBeforeHan", "《<蒙特利尔议定书>修正案》", "《<蒙特利尔议定书>修正案》"},
        Case{"WindowsNumericReference", "it&#146;s", "it’s"},
        Case{"UnclosedComment", "a<!-- b > c", "a c"},
        Case{"CommentLeavesNoSpace", "a<!-- x -->b", "ab"},
        Case{"UnclosedQuoteInTag", "a <a href=\"x>b", "a b"},
        Case{"TagCutAtTheEnd", "a <b>b</b> <a hre", "a b"},
        Case{"PageEndInTheMiddle", "<html><body><p>a</p></body></html><p>b</p>", "a b"},
        Case{"SelfClosedSymbol", "<svg/><symbol/>a", "a"},
        Case{"UnclosedSvg", "<svg><p>a</p><p>b</p>", "a b"},
        Case{"NulIsNothing", std::string("a\0b", 3) + "&amp;", "ab&"},
        Case{
            "LongRunsAndReferences",
            "A long run of text, longer than a mark &amp; another one that is longer too &lt;b&gt; "
            "R&D & more of it, and that is &all there is to read; in the end &#65;",
            "A long run of text, longer than a mark & another one that is longer too <b> "
            "R&D & more of it, and that is &all there is to read; in the end A"},
        Case{"LongRunsMeetWhereATagIsLeftOut",
             "A long run of text, longer than a mark</i></p> and another one that goes on, as "
             "long<!-- x "
             "-->, and a third one of that kind.",
             "A long run of text, longer than a mark and another one that goes on, as long, and a "
             "third one of that kind."},
        Case{"PrivateUseCharacterOfItsOwn",
             "\xEE\x80\x80"
             "0; and a long run of text behind it, <b>yes",
             "\xEE\x80\x80"
             "0; and a long run of text behind it, yes"},
        Case{"BlanksBetweenTagsAreOne", "<b>a</b>   \n  <i>b</i>", "a b"}, Case{"Empty", "", ""}),
    [](const auto& test) { return test.param.name; });

TEST(AbsolutizeHtml, ResolvesEveryUrlAttribute) {
  EXPECT_EQ(AbsolutizeHtml("<p>x <a href=\"../b?c=1&d=2\">y</a><img src=//h.example/i.png alt='\"'>"
                           "<img srcset=\"a.jpg 1x, /b.jpg 2x\"></p>",
                           "https://a.example/x/y/z"),
            "<p>x <a href=\"https://a.example/x/b?c=1&amp;d=2\">y</a>"
            "<img src=\"https://h.example/i.png\" alt=\"&quot;\">"
            "<img srcset=\"https://a.example/x/y/a.jpg 1x, https://a.example/b.jpg 2x\"></p>");
}

TEST(AbsolutizeHtml, KeepsTextAndMarkersAndDropsScripts) {
  EXPECT_EQ(AbsolutizeHtml("a &lt; b<script>x</script><!-- EM_StockImg_Start --><br/>c", ""),
            "a &lt; b<!-- EM_StockImg_Start --><br>c");
}

TEST(AbsolutizeHtml, LeavesLinksAloneWithoutABase) {
  EXPECT_EQ(AbsolutizeHtml("<a href=\"x\">y</a>", "not a url"), "<a href=\"x\">y</a>");
}

}  // namespace
}  // namespace newswire::text
