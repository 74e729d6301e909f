// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/markup.h"

#include <string>

#include <gtest/gtest.h>

#include "transforms/formats/entities.h"
#include "transforms/formats/xml_repair.h"

namespace newswire::formats {
namespace {

struct TextCase {
  std::string_view name, markup, html, guess;
};

TEST(Markup, BecomesTheTextAReaderSees) {
  const TextCase cases[] = {
      {"inline tags join", "a<b>b</b>c", "abc", "abc"},
      {"blocks separate", "<p>a</p><p>b</p>c", "a b c", "a b c"},
      {"breaks separate", "a<br>b<br/>c<BR />d", "a b c d", "a b c d"},
      {"hidden content", "a<script>x < y</script><style>p{}</style>b", "a b", "a b"},
      {"comments", "a<!-- <p> -->b", "ab", "ab"},
      {"unknown element", "vector<int> v", "vector v", "vector<int> v"},
      {"no tag at all", "1 < 2 & 3 > 2", "1 < 2 & 3 > 2", "1 < 2 & 3 > 2"},
      {"references", "&eacute;&#233;&#xE9;&amp;lt;&nbsp;x&bogus;", "ééé&lt; x&bogus;",
       "ééé&lt; x&bogus;"},
      {"windows-1252 references", "&#147;x&#148;", "“x”", "“x”"},
      {"quoted greater-than", "<a title=\"x > y\">t</a>", "t", "t"},
      {"cut tag", "text <a href=\"http://x", "text", "text <a href=\"http://x"},
      {"white space", " \n a \t\t b  c d e f  ", "a b c d e f", "a b c d e f"},
      {"long run", "abcdefgh ijklmno pqrstuvw  xyz", "abcdefgh ijklmno pqrstuvw xyz",
       "abcdefgh ijklmno pqrstuvw xyz"},
      {"other spaces", "a\u00A0\u3000b", "a b", "a b"},
      {"inner CDATA", "a<![CDATA[<b>]]>c", "a<b>c", "a<b>c"},
  };
  for (const TextCase& one : cases) {
    EXPECT_EQ(MarkupToText(one.markup, MarkupKind::kHtml), one.html) << one.name;
    EXPECT_EQ(MarkupToText(one.markup, MarkupKind::kGuess), one.guess) << one.name;
  }
}

struct LinkCase {
  std::string_view name, markup, expected;
};

TEST(Markup, GetsAbsoluteLinks) {
  const LinkBase base("https://h.example/d/f.xml");
  const LinkCase cases[] = {
      {"nothing to do", "<p>a</p>", "<p>a</p>"},
      {"absolute stays as written", "<a HREF='HTTP://X.example/%7e'>a</a>",
       "<a HREF='HTTP://X.example/%7e'>a</a>"},
      {"double quotes", "<a class=\"k\" href=\"b\">a</a>",
       "<a class=\"k\" href=\"https://h.example/d/b\">a</a>"},
      {"no quotes", "<img src=i.png alt=x>", "<img src=\"https://h.example/d/i.png\" alt=x>"},
      {"spaces around", "<a href = ' ../c '>a</a>", "<a href = 'https://h.example/c'>a</a>"},
      {"references inside", "<a href='?a=1&amp;b=2'>a</a>",
       "<a href='https://h.example/d/f.xml?a=1&amp;b=2'>a</a>"},
      {"srcset", "<img srcset='a.png 1x, b.png 2x'>",
       "<img srcset='https://h.example/d/a.png 1x, https://h.example/d/b.png 2x'>"},
      {"text that looks like an attribute", "<p>href='x'</p>", "<p>href='x'</p>"},
      {"script goes", "a<script src='x'>y</script>b", "ab"},
      {"two links", "<a href='1'>1</a><a href='2'>2</a>",
       "<a href='https://h.example/d/1'>1</a><a href='https://h.example/d/2'>2</a>"},
  };
  for (const LinkCase& one : cases) {
    EXPECT_EQ(AbsolutizeMarkup(std::string(one.markup), base), one.expected) << one.name;
  }
  EXPECT_EQ(AbsolutizeMarkup("<a href='b'>a</a>", LinkBase()), "<a href='b'>a</a>");
}

TEST(Markup, NeverReadsBeyondItsEnd) {
  const std::string_view hard =
      "<a href=\"x'>&#x10FFFF;<![CDATA[<!-- <script></scrip <img srcset=a, b 2x <p class=<b &am";
  const LinkBase base("https://h.example/");
  for (size_t begin = 0; begin < hard.size(); ++begin) {
    for (size_t size = 0; size <= hard.size() - begin; ++size) {
      const std::string part(
          hard.substr(begin, size));  // its own allocation: sanitizers see over-reads
      EXPECT_LE(MarkupToText(part, MarkupKind::kHtml).size(), part.size());
      EXPECT_LE(MarkupToText(part, MarkupKind::kGuess).size(), part.size());
      AbsolutizeMarkup(part, base);
      RepairXml(part);
    }
  }
}

TEST(XmlRepair, MakesWellFormedXml) {
  const LinkCase cases[] = {
      {"bare ampersand", "<a>R&D &amp; x</a>", "<a>R&#38;D &#38; x</a>"},
      {"named entity", "<a>&eacute;&nosuch;</a>", "<a>é&#38;nosuch;</a>"},
      {"crossed tags", "<a><b><c>x</b></c></a>", "<a><b><c>x</c></b></a>"},
      {"stray end tag", "<a>x</b>y</a>", "<a>xy</a>"},
      {"attributes", "<a b=c b=d e>x</a>", "<a b=\"c\" e=\"\">x</a>"},
      {"text after the end", "<a>x</a> & <b>", "<a>x</a>"},
      {"declared entity", "<!DOCTYPE a [<!ENTITY e \"1 &amp; 2\">]><a>&e;</a>", "<a>1 &#38; 2</a>"},
      {"void element", "<a>x<br>y</a>", "<a>x<br/>y</a>"},
  };
  for (const LinkCase& one : cases) {
    const RepairedXml repaired = RepairXml(one.markup);
    EXPECT_EQ(repaired.text, one.expected) << one.name;
    EXPECT_EQ(repaired.damage, "") << one.name;
  }
}

TEST(XmlRepair, MarksWhereTheDocumentWasCut) {
  const RepairedXml repaired = RepairXml("<a><b>x");
  EXPECT_EQ(repaired.text, "<a><b>x<?newswire-cut?></b></a>");
  EXPECT_EQ(repaired.damage, "the document ends inside <b>");
}

TEST(Entities, ExpandWithinBounds) {
  EntityTable table;
  table.DeclareAll("<!ENTITY a \"A\"><!ENTITY b '&a;&a;'><!ENTITY b 'second'><!ENTITY c '&c;'>");
  EXPECT_EQ(table.Expand("b"), "AA");
  EXPECT_EQ(table.Expand("hellip"), "…");
  EXPECT_EQ(table.Expand("nosuch"), std::nullopt);
  EXPECT_FALSE(table.exhausted());
  EXPECT_EQ(table.Expand("c"), "");  // it contains itself
  EXPECT_TRUE(table.exhausted());
}

TEST(Entities, BoundTheWorkOfExpandingToNothing) {
  std::string declarations = "<!ENTITY e0 ''>";
  for (int level = 1; level < 8; ++level) {
    declarations += "<!ENTITY e" + std::to_string(level) + " '";
    for (int i = 0; i < 1'000; ++i) {
      declarations += "&e" + std::to_string(level - 1) + ";";
    }
    declarations += "'>";
  }
  EntityTable table;
  table.DeclareAll(declarations);
  EXPECT_EQ(table.Expand("e7"), "");
  EXPECT_TRUE(table.exhausted());
}

}  // namespace
}  // namespace newswire::formats
