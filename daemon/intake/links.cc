// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/links.h"

#include <algorithm>

namespace newswire::intake {
namespace {

using frontier::LinkRow;
using frontier::LinkState;

// Dates in sitemaps and URLs are of a day in an unknown zone.
constexpr std::chrono::hours kDateSlack{36};

bool FeedIsBody(const LinkContext& context) {
  return context.source.body == BodyKind::kFeed && context.main_way;
}

// Older than what the first contact publishes, for certain: it need not even be fetched.
bool OlderThanCutOff(const LinkContext& context, const sources::FoundLink& found) {
  return context.first_contact && context.publish_after && found.dated &&
         *found.dated + kDateSlack < *context.publish_after;
}

LinkRow NewRow(const LinkContext& context, const sources::FoundLink& found) {
  LinkRow row{.source = context.source.id, .url = found.url, .dated = found.dated};
  row.body = FeedIsBody(context)                      ? BodyKind::kFeed
             : context.source.body == BodyKind::kFeed ? BodyKind::kPage
                                                      : context.source.body;
  if (context.main_way) {
    row.entry = found.entry;
  }
  if (FeedIsBody(context) || OlderThanCutOff(context, found)) {
    row.state = LinkState::kListed;
    return row;
  }
  row.due = context.now;
  if (context.first_contact) {
    row.publish_after = context.publish_after;
  }
  return row;
}

}  // namespace

std::optional<UtcMillis> CutOff(const Source& source, const std::vector<sources::FoundLink>& shown,
                                UtcMillis now) {
  switch (source.backfill.kind) {
    case Backfill::Kind::kAll:
      return std::nullopt;
    case Backfill::Kind::kNone:
      return now;
    case Backfill::Kind::kAge:
      return now - source.backfill.age;
    case Backfill::Kind::kFeed:
      break;
  }
  std::optional<UtcMillis> oldest;
  for (const auto& link : shown) {
    if (link.dated && (!oldest || *link.dated < *oldest)) {
      oldest = link.dated;
    }
  }
  return oldest ? oldest : std::optional(now);
}

std::optional<LinkRow> Merge(const LinkContext& context, const sources::FoundLink& found,
                             std::optional<LinkRow> known) {
  if (!known) {
    return NewRow(context, found);
  }
  LinkRow row = std::move(*known);
  if (context.main_way) {
    if (row.first_fetched && row.entry.empty()) {
      return std::nullopt;  // first fetched without an entry: it keeps what it had
    }
    const bool back = FeedIsBody(context) && row.body == BodyKind::kFeed &&
                      row.state == LinkState::kGone;  // unlisted, and listed again
    if (back) {
      row.state = LinkState::kListed;
    } else if (frontier::EntryDigest(row.entry) == frontier::EntryDigest(found.entry)) {
      return std::nullopt;
    }
    // Metadata that changed alone makes a new capture, asked for without validators.
    row.entry = found.entry;
    row.dated = found.dated;
    if (!FeedIsBody(context) || row.body != BodyKind::kFeed) {
      row.due = context.now;
      row.attempts = 0;
    }
    return row;
  }
  // Another way only tells that the post exists, or that it changed since it was last seen.
  const bool newer = found.dated && (!row.dated || *found.dated > *row.dated);
  if (row.state == LinkState::kListed && row.body != BodyKind::kFeed && newer) {
    row.dated = found.dated;
    row.due = context.now;
    row.state = LinkState::kNew;
    return row;
  }
  return std::nullopt;
}

}  // namespace newswire::intake
