// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/html_tree.h"

#include <string>

#include <gtest/gtest.h>

#include "transforms/text/html_tags.h"

namespace newswire::text {
namespace {

// The tree as nested brackets: div(p("a") p("b")).
std::string Draw(const HtmlTree& tree, HtmlTree::NodeId node) {
  if (tree.is_text(node)) {
    return '"' + std::string(tree.text(node)) + '"';
  }
  if (tree.is_comment(node)) {
    return '!' + std::string(tree.text(node));
  }
  std::string children;
  for (auto child = tree.first_child(node); child != HtmlTree::kNone;
       child = tree.next_sibling(child)) {
    EXPECT_EQ(tree.parent(child), node);
    children += (children.empty() ? "" : " ") + Draw(tree, child);
  }
  return std::string(tree.name(node)) + '(' + children + ')';
}

std::string Draw(std::string_view html) {
  const HtmlTree tree = HtmlTree::Parse(html);
  return Draw(tree, tree.root());
}

TEST(HtmlTree, FragmentGetsABody) { EXPECT_EQ(Draw("a <b>c</b>"), R"((html(body("a " b("c")))))"); }

TEST(HtmlTree, ImpliesEndsOfParagraphsAndItems) {
  EXPECT_EQ(Draw("<p>a<p>b<ul><li>c<li>d</ul>"),
            R"((html(body(p("a") p("b") ul(li("c") li("d"))))))");
}

TEST(HtmlTree, GoesOnBehindAPrematureEndOfThePage) {
  EXPECT_EQ(Draw("<html><head><title>t</title></head><body><p>a</p></body></html><html><body><p>b"),
            R"((html(head(title("t")) body(p("a") p("b")))))");
}

TEST(HtmlTree, TitleHoldsNoTags) {
  EXPECT_EQ(Draw("<html><head><title>a <b> c</title></head><body>d</body></html>"),
            R"((html(head(title("a <b> c")) body("d"))))");
}

TEST(HtmlTree, KeepsMarkersAsNodes) {
  EXPECT_EQ(Draw("<!-- EM_StockImg_Start --><p>a</p><!-- EM_StockImg_End -->"),
            R"((html(body(p("a") !EM_StockImg_End))))");
  EXPECT_EQ(Draw("<p>x</p><!-- EM_StockImg_Start --><p>a</p><!-- EM_StockImg_End -->"),
            R"((html(body(p("x") !EM_StockImg_Start p("a") !EM_StockImg_End))))");
}

TEST(HtmlTree, UnclosedButtonAndTemplateEndWithTheirParent) {
  EXPECT_EQ(Draw("<div><div><button>x</div><p>a</p></div>"),
            R"((html(body(div(div(button("x")) p("a"))))))");
}

TEST(HtmlTree, EndTagWithoutStartIsNothing) {
  EXPECT_EQ(Draw("<div>a</p></span>b</div></div>c"), R"((html(body(div("ab") "c"))))");
}

TEST(HtmlTree, AttributesAreDecoded) {
  const HtmlTree tree =
      HtmlTree::Parse("<a href=x?a=1&amp;b=2 TITLE='&quot;t&quot;' data-code=\"1,6\" hidden>y</a>");
  const HtmlTree::NodeId a = 3;
  ASSERT_EQ(tree.tag(a), Tag::kA);
  EXPECT_EQ(tree.attribute(a, "href"), "x?a=1&b=2");
  EXPECT_EQ(tree.attribute(a, "title"), "\"t\"");
  EXPECT_EQ(tree.attribute(a, "data-code"), "1,6");
  EXPECT_TRUE(tree.has_attribute(a, "hidden"));
  EXPECT_FALSE(tree.has_attribute(a, "class"));
}

TEST(HtmlTree, KeepsJsonLdAside) {
  const HtmlTree tree = HtmlTree::Parse(
      "<script type=\"application/ld+json\">{\"a\":\"</p>\"}</script><p>x</p><script>y</script>");
  ASSERT_EQ(tree.json_ld().size(), 1);
  EXPECT_EQ(tree.json_ld()[0], "{\"a\":\"</p>\"}");
}

TEST(HtmlTree, IgnoresTheCharsetThatThePageDeclares) {
  EXPECT_EQ(Draw("<html><head><meta charset=gb2312></head><body>中文</body></html>"),
            R"((html(head(meta()) body("中文"))))");
}

std::string Repeat(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    out += text;
  }
  return out;
}

constexpr size_t kHuge = size_t{5} << 20;

struct Bomb {
  std::string name;
  std::string (*make)();  // not made before it is needed: it is large
};
void PrintTo(const Bomb& bomb, std::ostream* out) { *out << bomb.name; }

class HtmlTreeBombs : public testing::TestWithParam<Bomb> {};

TEST_P(HtmlTreeBombs, AreBoundedAndTheTextSurvives) {
  const std::string html = GetParam().make();
  const HtmlTree tree = HtmlTree::Parse(html);
  EXPECT_LE(tree.size(), 500'000U);
  size_t depth = 0;
  for (HtmlTree::NodeId node = 0; node < tree.size(); node += 1 + tree.size() / 1000) {
    size_t up = 0;
    for (auto it = node; it != HtmlTree::kNone; it = tree.parent(it)) {
      ++up;
    }
    depth = std::max(depth, up);
  }
  EXPECT_LE(depth, 402U);
}

INSTANTIATE_TEST_SUITE_P(
    HtmlTree, HtmlTreeBombs,
    testing::Values(
        Bomb{"OpenDivs", [] { return Repeat("<div>", kHuge); }},
        Bomb{"OpenInlineAndForeignEnds", [] { return Repeat("<b></i>", kHuge); }},
        Bomb{"InlineNestThenEnds",
             [] { return Repeat("<b><i><u>", kHuge / 2) + Repeat("</b></u></s>", kHuge / 2); }},
        Bomb{"UnknownNames",
             [] { return Repeat("<x-a><x-b>", kHuge / 2) + Repeat("</x-b></y>", kHuge / 2); }},
        Bomb{"Paragraphs", [] { return Repeat("<p>", kHuge); }},
        Bomb{"Tables", [] { return Repeat("<table><tr><td>", kHuge); }},
        Bomb{"Lists", [] { return Repeat("<ul><li>", kHuge); }},
        Bomb{"Anchors", [] { return Repeat("<a><span>", kHuge); }},
        Bomb{"Headings", [] { return Repeat("<h1><p>", kHuge); }},
        Bomb{"Attributes", [] { return "<p" + Repeat(" a=b", kHuge) + ">x"; }},
        Bomb{"AttributesWithoutBlanks", [] { return "<p " + Repeat("a=\"b\"c", kHuge) + ">x"; }},
        Bomb{"AttributeNames", [] { return "<p " + Repeat("a/b/", kHuge) + ">x"; }},
        Bomb{"LongAttribute", [] { return "<p class=\"" + Repeat("a", kHuge) + "\">x"; }},
        Bomb{"OpenQuotes", [] { return Repeat("<a b='", kHuge); }},
        Bomb{"OpenTags", [] { return Repeat("<a", kHuge); }},
        Bomb{"OpenComments", [] { return Repeat("<!--", kHuge); }},
        Bomb{"OpenSvgs", [] { return Repeat("<svg>", kHuge); }},
        Bomb{"NestedSvgs",
             [] { return Repeat("<svg>", kHuge / 2) + Repeat("<p><p></svg>", kHuge / 2); }},
        Bomb{"OpenScripts", [] { return Repeat("<script>", kHuge); }},
        Bomb{"LessThan", [] { return Repeat("<", kHuge); }},
        Bomb{"Ampersands", [] { return Repeat("&", kHuge); }},
        Bomb{"References", [] { return Repeat("&#x41;", kHuge); }},
        Bomb{"Titles", [] { return Repeat("<title>", kHuge); }},
        Bomb{"Ends", [] { return Repeat("</div>", kHuge); }},
        Bomb{"LongText", [] { return Repeat("文", kHuge); }}),
    [](const auto& test) { return test.param.name; });

TEST(HtmlTree, FlattensWhatIsTooDeepAndKeepsItsText) {
  std::string html;
  for (int i = 0; i < 3000; ++i) {
    html += "<div>";
  }
  html += "<p>deep</p>";
  for (int i = 0; i < 3000; ++i) {
    html += "</div>";
  }
  html += "<p>after</p>";
  const HtmlTree tree = HtmlTree::Parse(html);
  EXPECT_TRUE(tree.truncated());
  bool deep = false, after = false;
  for (HtmlTree::NodeId node = 0; node < tree.size(); ++node) {
    deep = deep || tree.text(node) == "deep";
    after = after ||
            (tree.text(node) == "after" && tree.tag(tree.parent(tree.parent(node))) == Tag::kBody);
  }
  EXPECT_TRUE(deep);
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace newswire::text
