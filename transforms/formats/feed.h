// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/timestamp.h"

namespace newswire::formats {

enum class FeedFormat {
  kRss090,
  kRss091,
  kRss092,
  kRss094,
  kRss10,
  kRss20,
  kRss,  // kRss: another or no version
  kAtom03,
  kAtom10,
  kJson1,
  kJson11,
  kCdf
};
std::string_view Name(FeedFormat format);  // "rss090" ... as `inspect feed` prints it

struct Enclosure {
  std::string url, type;
  std::optional<uint64_t> length;  // bytes
  bool operator==(const Enclosure&) const = default;
};

struct FeedEntry {
  std::string id, url;         // url is absolute when a base is known
  std::string title, summary;  // text: block boundaries and <br> separate words
  std::string content;         // HTML with absolute links
  std::vector<std::string> authors, categories;
  std::string language, rights;
  std::optional<Timestamp> published_at, updated_at;
  std::string published_raw, updated_raw;  // as written
  std::vector<Enclosure> enclosures;
};

struct Feed {
  FeedFormat format = FeedFormat::kRss;
  std::string title, description, url, language, rights;
  std::vector<std::string> authors, categories;
  std::optional<Timestamp> updated_at;
  std::optional<uint32_t> ttl_minutes;  // RSS ttl, sy:updatePeriod
  std::vector<FeedEntry> entries;       // document order
  std::string damaged;                  // why reading stopped early; empty when it did not
};

// Bytes of RSS 0.9x/1.0/2.0, Atom 0.3/1.0, JSON Feed 1/1.1 or CDF to values. Tolerant as users
// need: wrong content types, undeclared entities and prefixes, unescaped `&`, text after the end,
// HTML in titles, xml:base, `media:` and iTunes elements. `base_url` may be empty. At most 10,000
// entries, 128 levels, no external entities, entity expansion bounded. kMalformed when it is not a
// feed at all.
Result<Feed> ParseFeed(std::string_view bytes, std::string_view content_type,
                       std::string_view base_url);

}  // namespace newswire::formats
