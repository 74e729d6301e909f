// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

namespace newswire::formats {

enum class SitemapKind { kUrlset, kIndex, kText };
std::string_view Name(SitemapKind kind);  // "urlset", "index", "text"

struct SitemapNews {  // the news extension
  std::string title, language, publication;
  std::optional<Timestamp> published_at;
};

struct SitemapEntry {
  std::string url;
  std::optional<Timestamp> lastmod;
  std::optional<SitemapNews> news;
};

struct Sitemap {
  SitemapKind kind = SitemapKind::kUrlset;
  std::vector<SitemapEntry> entries;
  std::string damaged;  // why reading stopped early
};

// sitemaps.org 0.9 (urlset, sitemapindex, text; gzip recognised by content, at most 50 MiB
// decoded), at most 50,000 entries. What is readable of a damaged file is returned with `damaged`;
// kMalformed only when nothing is.
Result<Sitemap> ParseSitemap(std::string_view bytes, std::string_view base_url);

}  // namespace newswire::formats
