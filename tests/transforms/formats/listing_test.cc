// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/listing.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace newswire::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

constexpr std::string_view kBase = "https://h.example/category/ships.html";

auto Link(const std::string& url, const std::string& text) {
  return ::testing::AllOf(Field("url", &ListedLink::url, url),
                          Field("text", &ListedLink::text, text));
}

TEST(Listing, TakesLinksInDocumentOrderAndResolvesThem) {
  const auto links = ParseListing(
      "<html><body><h1>Ships</h1><ul><li><a href=\"/a.html\"> First\n <b>ship</b></a></li>"
      "<li><a href='b.html?x=1&amp;y=2'>Second</a></li><li><a "
      "href=\"https://other.example/c\">Third</a></ul></body></html>",
      kBase);
  EXPECT_THAT(links, ElementsAre(Link("https://h.example/a.html", "First ship"),
                                 Link("https://h.example/category/b.html?x=1&y=2", "Second"),
                                 Link("https://other.example/c", "Third")));
}

TEST(Listing, GivesEachUrlOnceWithTheFirstTextThereIs) {
  const auto links = ParseListing(
      "<a href='/a'><img src='i.png'></a><a href='/a#part'>Title</a><a href='/a'>More</a>", kBase);
  EXPECT_THAT(links, ElementsAre(Link("https://h.example/a", "Title")));
}

TEST(Listing, LeavesOutWhatIsNoPage) {
  EXPECT_THAT(ParseListing("<a href='#top'>t</a><a href='javascript:x()'>j</a><a "
                           "href='mailto:a@b.example'>m</a><a name='n'>n</a><a href=''>e</a>",
                           kBase),
              SizeIs(0));
}

TEST(Listing, ObeysTheFirstBaseElement) {
  const auto links = ParseListing(
      "<head><base href='/deep/er/'><base href='/no/'></head><body><a href='a'>A</a></body>",
      kBase);
  EXPECT_THAT(links, ElementsAre(Link("https://h.example/deep/er/a", "A")));
}

TEST(Listing, StopsAtTenThousandLinks) {
  std::string page;
  for (int i = 0; i < 10'010; ++i) {
    page += fmt::format("<a href='/{}'>x</a>", i);
  }
  EXPECT_THAT(ParseListing(page, kBase), SizeIs(10'000));
}

}  // namespace
}  // namespace newswire::formats
