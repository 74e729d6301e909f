// SPDX-License-Identifier: Apache-2.0
// The marks that the strip leaves for text and values the parser need not see: a page reads the
// same with and without them, and nothing that a page holds is taken for one.
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "transforms/text/html_tags.h"
#include "transforms/text/html_tree.h"

namespace newswire::text {
namespace {

constexpr std::string_view kMark = "\xEE\x80\x80";

std::string Draw(const HtmlTree& tree) {
  std::string out;
  for (HtmlTree::NodeId node = 0; node < tree.size(); ++node) {
    out += std::to_string(tree.parent(node)) + ' ' + std::string(tree.name(node)) + '"' +
           std::string(tree.text(node)) + '"';
    for (size_t i = 0; i < tree.attribute_count(node); ++i) {
      const auto [name, value] = tree.attribute_at(node, i);
      out += ' ' + std::string(name) + '=' + std::string(value);
    }
    out += '\n';
  }
  return out;
}

// The first value of a `title` attribute.
std::string TitleOf(std::string_view html) {
  const HtmlTree tree = HtmlTree::Parse(html);
  for (HtmlTree::NodeId node = 0; node < tree.size(); ++node) {
    if (tree.has_attribute(node, "title")) {
      return std::string(tree.attribute(node, "title"));
    }
  }
  return "(none)";
}

size_t Bytes(const HtmlTree& tree) {
  size_t bytes = 0;
  for (HtmlTree::NodeId node = 0; node < tree.size(); ++node) {
    bytes += tree.text(node).size();
    for (size_t i = 0; i < tree.attribute_count(node); ++i) {
      bytes += tree.attribute_at(node, i).second.size();
    }
  }
  return bytes;
}

std::string Repeat(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

TEST(HtmlMarks, LongValuesAreWhatThePageSays) {
  struct Case {
    std::string html, title;
  };
  for (const auto& [html, title] : {
           Case{"<p title=\"a value that is long\">x", "a value that is long"},
           Case{"<p title = 'a \"value\" that is long'>x", "a \"value\" that is long"},
           Case{"<p title=\"long &amp; with a reference\">x", "long & with a reference"},
           Case{"<p title=\"long > with a bracket <b>\">x", "long > with a bracket <b>"},
           Case{"<p title=\"文字文字文字文字文字\">x", "文字文字文字文字文字"},
           Case{"<p title=\"a value\nof two lines\">x", "a value\nof two lines"},
           Case{std::string("<p title=\"a value wi\0th NUL in it\">x", 36),
                "a value with NUL in it"},
           Case{"<p class=\"one long value here\" title='another long value'>x",
                "another long value"},
           Case{"<p title=\"short\" class=\"one long value here\">x", "short"},
           Case{"<p " + Repeat("a=\"a long value of it\" ", 62) + "title=\"the last long value\"" +
                    Repeat(" b=\"a long value of it\"", 90) + ">x",
                "the last long value"},
           Case{"<p title=\"never closed, and it is long>x", ""},
       }) {
    SCOPED_TRACE(html.substr(0, 80));
    EXPECT_EQ(TitleOf(html), title);
  }
}

TEST(HtmlMarks, IconsOfAPrivateFontLoseNoText) {
  const std::string text = "a run of text that is longer than a mark would be";
  for (const std::string icon : {"&#xe000;", "&#xE000;", "&#XE000;", "&#57344;", "&#x0000e000;"}) {
    SCOPED_TRACE(icon);
    const std::string got = Draw(HtmlTree::Parse("<p><i>" + icon + "</i>" + text + "</p><p>" +
                                                 icon + "0;" + text + "; and more</p>"));
    EXPECT_NE(got.find('"' + std::string(kMark) + '"'), std::string::npos) << got;
    EXPECT_NE(got.find('"' + text + '"'), std::string::npos) << got;
    EXPECT_NE(got.find('"' + std::string(kMark) + "0;" + text + "; and more\""), std::string::npos)
        << got;
  }
}

// The end tag without a start is left out, which puts the halves of the reference together.
TEST(HtmlMarks, ForgedMarksGiveNoTextTwice) {
  const std::string text = Repeat("a long text ", 10'000);
  const std::string forged = Repeat("&#xE0</x>00;0;<br>", 10'000);
  for (const std::string& html :
       {"<p>" + text + "</p>" + forged, forged + "<p>" + text + "</p>",
        "<p title=\"" + text + "\">" + Repeat("<i class='&#xE0</x>00;0;'>", 10'000)}) {
    EXPECT_LE(Bytes(HtmlTree::Parse(html)), 2 * html.size());
  }
}

// What begins like a mark and never becomes one must not be gathered again with each reference.
TEST(HtmlMarks, AnUnfinishedMarkCostsLinearTime) {
  const std::string html = "<p>a run of text that is longer than a mark would be<b>&#xE0</x>00;" +
                           Repeat("&amp;", 1'000'000) + "</b>";
  EXPECT_GE(Bytes(HtmlTree::Parse(html)), 1'000'000U);
}

TEST(HtmlMarks, APageReadsTheSameWithAndWithoutThem) {
  constexpr std::string_view kPieces[] = {"<p title=\"a long value of it\">",
                                          "<a href='https://a.example/a/long/path?x=1&amp;y=2'>",
                                          "</a>",
                                          "</p>",
                                          "<div class=\"one two three four\" id=x hidden>",
                                          "</div>",
                                          "<img alt=\"文字文字文字文字\" src=\"/i.png\"/>",
                                          "short text ",
                                          "a run of text that is longer than a mark would be",
                                          "文字文字文字文字文字文字文字文字",
                                          "&amp;",
                                          "&nbsp",
                                          "&#146;",
                                          "& ",
                                          "<br>",
                                          " < 5 ",
                                          "<li>",
                                          "<ul>",
                                          "</ul>",
                                          "<pre>\n\n  x\n</pre>",
                                          "<b>",
                                          "</b>",
                                          "<!-- note -->",
                                          "<script>var a = '<p>';</script>"};
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string html = "<html><body>";
    for (size_t i = random() % 40; i > 0; --i) {
      html += kPieces[random() % std::size(kPieces)];
    }
    // A page that has the character of marks gets none.
    const std::string sign = "<i title='" + std::string(kMark) + "'></i>";
    const std::string none = "<i title='" + std::string("x") + "'></i>";
    std::string without = Draw(HtmlTree::Parse(html + sign));
    if (const size_t at = without.rfind(kMark); at != std::string::npos) {
      without.replace(at, kMark.size(), "x");
    }
    ASSERT_EQ(Draw(HtmlTree::Parse(html + none)), without) << html;
  }
}

// Where a tag is malformed, the strip and the parser must agree on where it ends: otherwise a mark
// for text ends up in a value or a comment.
TEST(HtmlMarks, AMalformedTagEndsWhereTheStandardSays) {
  constexpr std::string_view kTags[] = {
      R"(<p=">)",         R"(<p ="x>)",          R"(<p @click="a > b">)",  R"(<p a=b="c>)",
      R"(<p a=="x>)",     R"(<p a/="x>)",        R"(<p "x" title="a>b">)", R"(<p 1x="a>b" y>)",
      R"(<p a@b="c>d">)", R"(<p title = "a>b">)"};
  for (const std::string_view tag : kTags) {
    const HtmlTree tree =
        HtmlTree::Parse(std::string(tag) + "<!--\">a long run that becomes a mark--><i>end</i>");
    const std::string drawn = Draw(tree);
    EXPECT_EQ(drawn.find(kMark), std::string::npos) << tag << "\n" << drawn;
    EXPECT_EQ(drawn.find("a long run"), std::string::npos) << tag << ": a comment\n" << drawn;
    EXPECT_NE(drawn.find("\"end\""), std::string::npos) << tag << "\n" << drawn;
  }
}

TEST(HtmlMarks, NoneIsLeftInAnyTree) {
  constexpr std::string_view kPieces[] = {"<a ",
                                          "<p",
                                          ">",
                                          "=",
                                          "\"",
                                          "'",
                                          " ",
                                          "/",
                                          "title",
                                          "class=",
                                          "@x=",
                                          "==",
                                          "a=b",
                                          "<",
                                          "&",
                                          "&amp",
                                          "</p>",
                                          "<title>",
                                          "</title>",
                                          "<!--",
                                          "-->",
                                          "\n",
                                          "<svg>",
                                          "</svg>",
                                          "<pre>",
                                          "文文文文文文文文文",
                                          "\"a long value of an attribute\"",
                                          "a run of text that is longer than a mark would be"};
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string html;
    for (size_t i = random() % 50; i > 0; --i) {
      html += kPieces[random() % std::size(kPieces)];
    }
    ASSERT_EQ(Draw(HtmlTree::Parse(html)).find(kMark), std::string::npos) << html;
  }
}

}  // namespace
}  // namespace newswire::text
