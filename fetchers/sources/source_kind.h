// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"
#include "transforms/model/timestamp.h"
#include "transforms/text/content_encoding.h"

namespace newswire::sources {

// A way to find posts: one URL to ask, and what its answer is.
struct Way {
  CaptureRole role = CaptureRole::kFeed;
  std::string url;
  bool main = false;        // the source's main way: its entries go into the posts' metadata
  bool discovered = false;  // found in an answer, not listed by the operator: robots.txt decides

  bool operator==(const Way&) const = default;
};

// A post that a way shows.
struct FoundLink {
  std::string url;                   // absolute, as given
  LinkEntry entry;                   // what the way says; empty for sitemaps and listings
  std::optional<UtcMillis> dated;    // the entry's date, lastmod, or the date in the URL
  bool date_is_publication = false;  // `dated` is when it was published, not last changed

  bool operator==(const FoundLink&) const = default;
};

// What one answer says.
struct Reading {
  std::vector<FoundLink> links;  // oldest first
  std::vector<Way> follow;       // children of a sitemap index, category pages
  std::string last;              // URL at the list's end, where it has the newest first
  std::string digest;            // of what it says (entries, not build times): 64 hex digits
  std::optional<std::chrono::seconds> ttl;  // the publisher's wish (RSS ttl)
  std::string damaged;                      // why reading stopped early
};

// What has happened with the source, as far as it decides which ways to ask.
struct PollState {
  bool first_contact = true;
  std::optional<UtcMillis> last_sitemap;  // last complete reading
  UtcMillis now;
};

// One kind of source: which ways it has and what their answers mean. Decides only; fetches and
// stores nothing. Stateless and immutable: one object serves for the life of its source.
class SourceKindRules {
 public:
  virtual ~SourceKindRules() = default;
  // The ways to ask at this poll; the main way first.
  virtual std::vector<Way> WaysToAsk(const PollState& state) const = 0;
  // What to ask when this poll's main way does not reach back to the last one (a gap).
  // `beyond_sitemap`: the sitemap was asked and does not reach back to what is known either.
  virtual std::vector<Way> WaysOverGap(bool beyond_sitemap) const = 0;
  // Reads an answer with status 200. kMalformed: it is not what the way promises.
  virtual Result<Reading> Read(const Way& way, const Capture& answer,
                               const text::DecodeLimits& limits) const = 0;
};

// For HTTP kinds (feed, jekyll); folders have no ways (see folder.h). `source` is copied.
std::unique_ptr<SourceKindRules> MakeRules(const Source& source);

// Reads any feed answer; shared by the kinds that have one.
Result<Reading> ReadFeedAnswer(const Capture& answer, const text::DecodeLimits& limits);
Result<Reading> ReadSitemapAnswer(const Capture& answer, const text::DecodeLimits& limits);

// /2022/04/19/ in a path: what a dated permalink says.
std::optional<UtcMillis> DateInUrl(std::string_view url);

}  // namespace newswire::sources
