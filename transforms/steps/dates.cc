// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/dates.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "transforms/steps/compose.h"
#include "transforms/steps/step.h"
#include "transforms/text/language.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using std::chrono::hours;

constexpr std::string_view kChineseZone = "Asia/Shanghai";
constexpr size_t kSampleBytes = 600;
constexpr hours kAhead{36};    // how far behind the publisher our clock and zone may be
constexpr hours kSameDay{36};  // a date without time and a time of that day, in any two zones

// Who is believed first. Lower is better.
enum Rank { kFrontMatter, kDetail, kFeed, kJsonLd, kOpenGraph, kMeta, kMicrodata, kVisible, kRest };

Rank RankOf(std::string_view origin) {
  if (origin == "front_matter") {
    return kFrontMatter;
  }
  if (origin == "detail") {
    return kDetail;
  }
  if (origin == "feed_entry" || origin == "link_entry") {
    return kFeed;
  }
  if (origin.starts_with("json_ld")) {
    return kJsonLd;
  }
  if (origin.starts_with("og") || origin.starts_with("article")) {
    return kOpenGraph;
  }
  if (origin.starts_with("meta")) {
    return kMeta;
  }
  if (origin.starts_with("microdata")) {
    return kMicrodata;
  }
  return origin.starts_with("visible") ? kVisible : kRest;
}

struct Dated {
  Timestamp time;
  Rank rank;
  std::string_view origin;
};

void Add(std::vector<Dated>& found, std::string_view text, std::string_view origin) {
  if (const auto time = text::ParseDate(text)) {
    found.push_back({*time, RankOf(origin), origin});
  }
}

void AddAll(std::vector<Dated>& found, const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) {
    Add(found, candidate.value, candidate.origin);
  }
}

bool IsChinese(const Document& document) {
  std::string sample = document.post.title;
  for (const ContentBlock& block : document.blocks) {
    if (sample.size() >= kSampleBytes) {
      break;
    }
    sample += block.text;
  }
  return text::DetectLanguage(text::TruncateToBytes(sample, kSampleBytes), "").starts_with("zh");
}

Timestamp InZone(const Document& document, const Timestamp& time) {
  if (time.offset) {
    return time;
  }
  const std::string& zone = document.source->timezone;
  const bool unset = zone.empty() || zone == "UTC";
  return text::WithZone(time, unset && IsChinese(document) ? kChineseZone : zone);
}

// The first by rank; when it names only a day, a later one that tells the time of that day.
std::optional<Timestamp> Choose(Document& document, std::vector<Dated> found,
                                std::string_view field) {
  std::ranges::stable_sort(found, {}, &Dated::rank);
  const UtcMillis latest = document.capture->fetched_at + kAhead;
  std::optional<Timestamp> chosen;
  std::string_view origin;
  for (const Dated& dated : found) {
    const Timestamp time = InZone(document, dated.time);
    if (dated.rank > kFeed && time.instant > latest) {
      continue;  // an event's date, not the post's
    }
    if (!chosen) {
      chosen = time;
      origin = dated.origin;
    } else if (chosen->date_only && !time.date_only) {
      const auto apart = std::chrono::abs(time.instant - chosen->instant);
      if (apart <= kSameDay) {
        chosen = time;
        origin = dated.origin;
      }
    }
    if (!chosen->date_only) {
      break;
    }
  }
  if (chosen) {
    document.notes.push_back(std::string(field) + " from " + std::string(origin));
  }
  return chosen;
}

std::string_view OtherKey(const formats::FrontMatter& front_matter, std::string_view key) {
  const auto found =
      std::ranges::find(front_matter.other, key, &std::pair<std::string, std::string>::first);
  return found == front_matter.other.end() ? std::string_view() : found->second;
}

}  // namespace

Status ResolveDates(Document& document) {
  std::vector<Dated> published;
  std::vector<Dated> updated;
  if (document.front_matter) {
    Add(published, document.front_matter->date, "front_matter");
    for (const std::string_view key : {"last_modified_at", "updated", "modified", "lastmod"}) {
      Add(updated, OtherKey(*document.front_matter, key), "front_matter");
    }
  }
  if (document.feed_entry) {
    if (document.feed_entry->published_at) {
      published.push_back({*document.feed_entry->published_at, kFeed, "feed_entry"});
    }
    if (document.feed_entry->updated_at) {
      updated.push_back({*document.feed_entry->updated_at, kFeed, "feed_entry"});
    }
  } else {
    Add(published, document.capture->metadata.entry.published, "link_entry");
    Add(updated, document.capture->metadata.entry.updated, "link_entry");
  }
  AddAll(published, document.candidates.published);
  AddAll(updated, document.candidates.updated);
  document.post.published_at = Choose(document, std::move(published), "published_at");
  document.post.updated_at = Choose(document, std::move(updated), "updated_at");
  // Generators write the same time twice: nothing was updated then.
  if (document.post.updated_at && document.post.published_at &&
      document.post.updated_at->instant <= document.post.published_at->instant) {
    document.post.updated_at.reset();
  }
  return {};
}

}  // namespace newswire::steps
