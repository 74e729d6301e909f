// SPDX-License-Identifier: Apache-2.0
// The `feed` kind: one RSS, Atom or JSON feed, asked at each poll.
#include "transforms/formats/feed.h"

#include <algorithm>
#include <ranges>

#include "fetchers/sources/kinds.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/text/hash.h"

namespace newswire::sources {
namespace {

FoundLink LinkOf(const formats::FeedEntry& entry) {
  FoundLink link;
  link.url = entry.url;
  link.entry = {.id = entry.id,
                .title = entry.title,
                .summary = entry.summary,
                .published = entry.published_raw,
                .updated = entry.updated_raw,
                .language = entry.language,
                .rights = entry.rights,
                .authors = entry.authors,
                .categories = entry.categories};
  const auto& date = entry.published_at ? entry.published_at : entry.updated_at;
  if (date) {
    link.dated = date->instant;
    link.date_is_publication = entry.published_at.has_value();
  }
  return link;
}

// What the feed says, without what changes at every build: feed-level dates are left out.
std::string DigestOf(const formats::Feed& feed) {
  text::FieldHasher hasher;
  for (const auto& entry : feed.entries) {
    for (const auto& field :
         {entry.id, entry.url, entry.title, entry.summary, entry.content, entry.language,
          entry.rights, entry.published_raw, entry.updated_raw}) {
      hasher.Add(field);
    }
    for (const auto& author : entry.authors) {
      hasher.Add(author);
    }
    hasher.Add("");
    for (const auto& category : entry.categories) {
      hasher.Add(category);
    }
    hasher.Add("");
    for (const auto& enclosure : entry.enclosures) {
      hasher.Add(enclosure.url);
    }
  }
  return text::Hex(hasher.Finish());
}

class FeedRules final : public SourceKindRules {
 public:
  explicit FeedRules(const Source& source) : url_(source.url) {}

  std::vector<Way> WaysToAsk(const PollState&) const override {
    return {{.role = CaptureRole::kFeed, .url = url_, .main = true}};
  }
  std::vector<Way> WaysOverGap(bool) const override { return {}; }
  Result<Reading> Read(const Way&, const Capture& answer,
                       const text::DecodeLimits& limits) const override {
    return ReadFeedAnswer(answer, limits);
  }

 private:
  std::string url_;
};

}  // namespace

Result<Reading> ReadFeedAnswer(const Capture& answer, const text::DecodeLimits& limits) {
  const auto encoding = FindHeader(answer.headers, "Content-Encoding").value_or("");
  auto body = text::DecodeContent(answer.body, encoding, limits);
  if (!body) {
    return WithContext(body.error(), answer.url);
  }
  const auto content_type = FindHeader(answer.headers, "Content-Type").value_or("");
  auto feed = formats::ParseFeed(*body, content_type, answer.url);
  if (!feed) {
    return WithContext(feed.error(), answer.url);
  }
  Reading reading;
  reading.damaged = feed->damaged;
  reading.digest = DigestOf(*feed);
  if (feed->ttl_minutes) {
    reading.ttl = std::chrono::minutes(*feed->ttl_minutes);
  }
  if (!feed->entries.empty()) {
    reading.last = feed->entries.back().url;
  }
  // Feeds show the newest first: turned around, then sorted where dates tell.
  for (const auto& entry : std::views::reverse(feed->entries)) {
    if (!entry.url.empty()) {
      reading.links.push_back(LinkOf(entry));
    }
  }
  std::ranges::stable_sort(reading.links, [](const FoundLink& a, const FoundLink& b) {
    return a.dated && b.dated && *a.dated < *b.dated;
  });
  return reading;
}

std::unique_ptr<SourceKindRules> MakeFeedRules(const Source& source) {
  return std::make_unique<FeedRules>(source);
}

}  // namespace newswire::sources
