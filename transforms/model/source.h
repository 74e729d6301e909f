// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/model/error.h"

namespace newswire {

enum class SourceKind { kFeed, kSitemap, kListing, kJekyll, kJsonApi, kFolder };
// Which of the shapes of a post is the one that its text is taken from; all others only yield links
// and metadata.
enum class BodyKind { kPage, kFeed, kDetail, kFile };
enum class IdPolicy { kAuto, kUrl, kGuid, kOriginalUrl, kPattern };
enum class RobotsPolicy {
  kObey,        // every URL
  kDiscovered,  // links found; what the operator listed by hand is fetched without (default)
  kIgnore,
};

// What the first contact with a source publishes. Older posts are folded into the state, not
// published.
struct Backfill {
  enum class Kind { kFeed, kNone, kAge, kAll };  // kFeed: what the feed shows (default)
  Kind kind = Kind::kFeed;
  std::chrono::seconds age{0};  // for kAge

  bool operator==(const Backfill&) const = default;
};

struct RemovalRules {
  std::chrono::seconds confirm_after{3600};  // two 404s at least so far apart; one 410 suffices
  bool when_unlisted = false;                // leaving the feed or folder is a removal

  bool operator==(const RemovalRules&) const = default;
};

// One namespace of post ids, with a main way to find posts and one body. A plain value: made by the
// configuration, archived in every `warcinfo` record, read back by replays.
struct Source {
  std::string id;  // [a-z0-9][a-z0-9_-]{0,63}
  SourceKind kind = SourceKind::kFeed;
  std::string url;      // the site, feed, sitemap; for `folder` a path
  std::string feed;     // jekyll: the feed, when it is not <url>/feed.xml
  std::string sitemap;  // jekyll: the sitemap, when it is not <url>/sitemap.xml
  BodyKind body = BodyKind::kPage;

  // Fetching. None of these shapes a value.
  std::optional<std::chrono::milliseconds> every;  // absent: adaptive
  std::optional<std::chrono::milliseconds> delay;  // absent: http.delay
  int parallel = 1;                                // requests in flight to its domain
  std::vector<std::chrono::seconds> recheck;       // after the fetch; empty turns re-checks off
  RobotsPolicy robots = RobotsPolicy::kDiscovered;
  Backfill backfill;
  RemovalRules removal;

  // Transforms. Everything from here on is hashed into `pipeline`.
  IdPolicy id_policy = IdPolicy::kAuto;
  std::string id_pattern;          // regular expression with one group, over the canonical URL
  std::string timezone = "UTC";    // IANA name; for times written without offset
  std::string language;            // BCP 47; empty: detected
  std::vector<std::string> steps;  // empty: the default pipeline
  std::vector<std::pair<std::string, std::string>> categories;  // mapping table: name -> slug

  bool operator==(const Source&) const = default;
};

std::string_view Name(SourceKind kind);
std::string_view Name(BodyKind kind);
std::string_view Name(IdPolicy policy);
std::string_view Name(RobotsPolicy policy);

// The JSON that a warcinfo record holds: keys as in the configuration file, every key present, in
// the order of the struct. `SourceFromJson(SourceToJson(s)) == s`. Unknown keys are ignored (an
// archive may be newer than the reader); a wrong type is kMalformed.
std::string SourceToJson(const Source& source);
Result<Source> SourceFromJson(std::string_view json);

}  // namespace newswire
