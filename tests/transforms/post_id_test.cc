// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "transforms/pipeline.h"

namespace newswire {
namespace {

Source Of(SourceKind kind, IdPolicy policy = IdPolicy::kAuto) {
  Source source;
  source.id = "s";
  source.kind = kind;
  source.id_policy = policy;
  return source;
}

std::string Id(const Source& source, const std::string& url, const std::string& guid = "") {
  LinkEntry entry;
  entry.id = guid;
  return PostIdFromLink(source, url, entry);
}

TEST(PostId, IsOneForFileFeedAndPage) {
  for (const char* url : {"file:///srv/_posts/2021-12-01-init.md", "2021-12-01-init.md",
                          "https://finews.example/sitenews/2021/12/01/init.html",
                          "https://finews.example/sitenews/2021/12/01/init",
                          "https://finews.example/sitenews/2021/12/01/init/",
                          "https://finews.example/sitenews/2021/12/01/init/index.html",
                          "https://finews.example/sitenews/2021/12/01/init.html?x=1#y"}) {
    EXPECT_EQ(Id(Of(SourceKind::kJekyll), url), "s:init") << url;
    EXPECT_EQ(Id(Of(SourceKind::kFolder), url), "s:init") << url;
  }
}

TEST(PostId, ReadsFileNamesWithoutADate) {
  EXPECT_EQ(Id(Of(SourceKind::kFolder), "file:///srv/-202205262391921712.md"),
            "s:202205262391921712");
  EXPECT_EQ(Id(Of(SourceKind::kFolder), "file:///srv/2022-04-19-NW202204192348120034.md"),
            "s:NW202204192348120034");
  EXPECT_EQ(Id(Of(SourceKind::kFolder), "file:///srv/%E5%B7%A5.md"), "s:工");
}

TEST(PostId, FindsTheFirstSitesOwnIds) {
  const Source feed = Of(SourceKind::kFeed);
  EXPECT_EQ(Id(feed, "http://hk.example/news/1797,202204192347943667.html"),
            "s:202204192347943667");
  EXPECT_EQ(Id(feed, "http://a.example/NewsShare.html?x=1&infoCode=NW202204192348120034"),
            "s:NW202204192348120034");
  EXPECT_EQ(Id(feed, "http://a.example/GetNewsText.do?id=NW202204192348120034"),
            "s:NW202204192348120034");
}

TEST(PostId, HashesTheCanonicalUrlOfOthers) {
  const Source feed = Of(SourceKind::kFeed);
  const std::string id = Id(feed, "https://a.example/story");
  EXPECT_EQ(id.size(), 2U + 16U);
  EXPECT_EQ(id, Id(feed, "HTTPS://A.example:443/x/../story#top"));
  EXPECT_NE(id, Id(feed, "https://a.example/story?p=2"));
  EXPECT_NE(id, Id(feed, "https://a.example/123456789012345678901"));  // too long for a native id
}

TEST(PostId, FallsBackToTheGuid) {
  EXPECT_EQ(Id(Of(SourceKind::kFeed), "", "abc-1"), "s:abc-1");
  EXPECT_EQ(Id(Of(SourceKind::kFeed), "", "tag:a b/ü").size(), 2U + 16U);
  EXPECT_EQ(Id(Of(SourceKind::kFeed), "", ""), "");
}

TEST(PostId, ObeysThePolicy) {
  const std::string url = "https://a.example/news/1797,202204192347943667.html";
  EXPECT_EQ(Id(Of(SourceKind::kFeed, IdPolicy::kUrl), url).size(), 2U + 16U);
  EXPECT_EQ(Id(Of(SourceKind::kFeed, IdPolicy::kGuid), url, "g1"), "s:g1");
  EXPECT_EQ(Id(Of(SourceKind::kFeed, IdPolicy::kOriginalUrl), url, "g1"), "");
  Source pattern = Of(SourceKind::kFeed, IdPolicy::kPattern);
  pattern.id_pattern = R"(/news/(\d+),)";
  EXPECT_EQ(Id(pattern, url), "s:1797");
  EXPECT_EQ(PostIdFromOriginal(Of(SourceKind::kFeed, IdPolicy::kOriginalUrl), url, "x"),
            "s:202204192347943667");
}

}  // namespace
}  // namespace newswire
