// SPDX-License-Identifier: Apache-2.0
// The `jekyll` kind: a site made by Jekyll with the jekyll-feed and jekyll-sitemap plugins. The
// feed shows the ten newest posts and is asked at each poll; the sitemap at first contact, on a gap
// and daily; category pages only when a gap goes further back than the sitemap tells.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include "fetchers/sources/kinds.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/formats/listing.h"
#include "transforms/formats/sitemap.h"
#include "transforms/model/url.h"
#include "transforms/text/charset.h"
#include "transforms/text/hash.h"

namespace newswire::sources {
namespace {

constexpr std::chrono::hours kSitemapPeriod{24};
constexpr size_t kMaxCategoryPages = 2000;
constexpr size_t kMaxChildSitemaps = 500;

std::string At(std::string_view site, std::string_view path, const std::string& given) {
  if (!given.empty()) {
    return given;
  }
  const auto base = Url::Parse(site);
  if (!base) {
    return std::string(site) + std::string(path);
  }
  const auto url = Url::Resolve(*base, path);
  return url ? url->given() : std::string(site);
}

void SortOldestFirst(std::vector<FoundLink>& links) {
  std::ranges::stable_sort(links, [](const FoundLink& a, const FoundLink& b) {
    return a.dated.value_or(UtcMillis{}) < b.dated.value_or(UtcMillis{});
  });
}

std::string DigestOf(const Reading& reading) {
  text::FieldHasher hasher;
  for (const auto& link : reading.links) {
    hasher.Add(link.url);
    hasher.Add(link.dated ? FormatUtc(*link.dated) : "");
  }
  for (const auto& way : reading.follow) {
    hasher.Add(way.url);
  }
  return text::Hex(hasher.Finish());
}

// /category/<slug>.html, /categories/<slug>/, or /<slug>/: where a Jekyll theme lists a category.
bool LooksLikeCategoryPage(const Url& site, const Url& url) {
  if (url.origin() != site.origin() || DateInUrl(url.canonical()) || !url.query().empty()) {
    return false;
  }
  std::string_view path = url.path();
  if (!path.starts_with(site.path())) {
    return false;
  }
  path.remove_prefix(site.path().size());
  if (path.starts_with("category/") || path.starts_with("categories/")) {
    return path.size() > path.find('/') + 1;
  }
  return path.size() > 1 && path.find('/') == path.size() - 1;
}

class JekyllRules final : public SourceKindRules {
 public:
  explicit JekyllRules(const Source& source)
      : site_(source.url),
        feed_(At(source.url, "feed.xml", source.feed)),
        sitemap_(At(source.url, "sitemap.xml", source.sitemap)) {}

  std::vector<Way> WaysToAsk(const PollState& state) const override {
    std::vector<Way> ways{{.role = CaptureRole::kFeed, .url = feed_, .main = true}};
    if (!state.last_sitemap || state.now - *state.last_sitemap >= kSitemapPeriod) {
      ways.push_back({.role = CaptureRole::kSitemap, .url = sitemap_});
    }
    return ways;
  }

  std::vector<Way> WaysOverGap(bool beyond_sitemap) const override {
    if (beyond_sitemap) {
      return {{.role = CaptureRole::kListing, .url = site_}};
    }
    return {{.role = CaptureRole::kSitemap, .url = sitemap_}};
  }

  Result<Reading> Read(const Way& way, const Capture& answer,
                       const text::DecodeLimits& limits) const override {
    switch (way.role) {
      case CaptureRole::kSitemap:
        return ReadSitemap(answer, limits);
      case CaptureRole::kListing:
        return ReadListing(way, answer, limits);
      default:
        return ReadFeedAnswer(answer, limits);
    }
  }

 private:
  // jekyll-sitemap lists posts and pages alike. Posts have dated permalinks; a site without them is
  // told by `lastmod`, which the plugin writes for posts.
  static Result<Reading> ReadSitemap(const Capture& answer, const text::DecodeLimits& limits) {
    auto reading = ReadSitemapAnswer(answer, limits);
    if (!reading) {
      return reading;
    }
    const bool dated_permalinks = std::ranges::any_of(
        reading->links, [](const FoundLink& link) { return DateInUrl(link.url).has_value(); });
    std::erase_if(reading->links, [&](const FoundLink& link) {
      return dated_permalinks ? !DateInUrl(link.url) : !link.dated;
    });
    return reading;
  }

  Result<Reading> ReadListing(const Way& way, const Capture& answer,
                              const text::DecodeLimits& limits) const {
    const auto encoding = FindHeader(answer.headers, "Content-Encoding").value_or("");
    auto body = text::DecodeContent(answer.body, encoding, limits);
    if (!body) {
      return WithContext(body.error(), answer.url);
    }
    const auto page =
        text::DecodeText(*body, FindHeader(answer.headers, "Content-Type").value_or(""));
    const auto site = Url::Parse(site_);
    Reading reading;
    std::set<std::string> seen;
    for (const auto& listed : formats::ParseListing(page.text, answer.url)) {
      const auto url = Url::Parse(listed.url);
      if (!url || !site || url->origin() != site->origin() ||
          !seen.insert(url->canonical()).second) {
        continue;
      }
      if (const auto date = DateInUrl(url->canonical())) {
        reading.links.push_back({.url = url->given(), .dated = date});
      } else if (!way.discovered && LooksLikeCategoryPage(*site, *url) &&
                 reading.follow.size() < kMaxCategoryPages) {
        reading.follow.push_back(
            {.role = CaptureRole::kListing, .url = url->given(), .discovered = true});
      }
    }
    SortOldestFirst(reading.links);
    reading.digest = DigestOf(reading);
    return reading;
  }

  std::string site_, feed_, sitemap_;
};

}  // namespace

Result<Reading> ReadSitemapAnswer(const Capture& answer, const text::DecodeLimits& limits) {
  const auto encoding = FindHeader(answer.headers, "Content-Encoding").value_or("");
  auto body = text::DecodeContent(answer.body, encoding, limits);
  if (!body) {
    return WithContext(body.error(), answer.url);
  }
  auto sitemap = formats::ParseSitemap(*body, answer.url);
  if (!sitemap) {
    return WithContext(sitemap.error(), answer.url);
  }
  Reading reading;
  reading.damaged = sitemap->damaged;
  for (const auto& entry : sitemap->entries) {
    if (sitemap->kind == formats::SitemapKind::kIndex) {
      if (reading.follow.size() < kMaxChildSitemaps) {
        reading.follow.push_back(
            {.role = CaptureRole::kSitemap, .url = entry.url, .discovered = true});
      }
      continue;
    }
    FoundLink link{.url = entry.url};
    if (entry.lastmod) {
      link.dated = entry.lastmod->instant;
    } else {
      link.dated = DateInUrl(entry.url);
    }
    reading.links.push_back(std::move(link));
  }
  SortOldestFirst(reading.links);
  reading.digest = DigestOf(reading);
  return reading;
}

std::optional<UtcMillis> DateInUrl(std::string_view url) {
  // .../YYYY/MM/DD/...
  constexpr size_t kLength = 12;  // "/2022/04/19/"
  for (size_t at = url.find('/'); at != std::string_view::npos && at + kLength <= url.size();
       at = url.find('/', at + 1)) {
    const std::string_view part = url.substr(at, kLength);
    if (part[5] != '/' || part[8] != '/' || part[11] != '/') {
      continue;
    }
    const auto number = [](std::string_view digits) -> int {
      int value = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return error == std::errc{} && end == digits.data() + digits.size() ? value : -1;
    };
    const std::chrono::year_month_day day{
        std::chrono::year(number(part.substr(1, 4))),
        std::chrono::month(static_cast<unsigned>(number(part.substr(6, 2)))),
        std::chrono::day(static_cast<unsigned>(number(part.substr(9, 2))))};
    if (day.ok() && day.year() >= std::chrono::year(1990)) {
      return std::chrono::sys_days(day);
    }
  }
  return std::nullopt;
}

std::unique_ptr<SourceKindRules> MakeJekyllRules(const Source& source) {
  return std::make_unique<JekyllRules>(source);
}

}  // namespace newswire::sources
