// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/discovery.h"

#include <algorithm>
#include <unordered_set>

#include <spdlog/spdlog.h>

#include "daemon/intake/links.h"
#include "fetchers/sources/rhythm.h"
#include "transforms/model/url.h"
#include "transforms/text/hash.h"

namespace newswire::intake {
namespace {

constexpr int kOk = 200;
constexpr int kNotModified = 304;
constexpr int kNotFound = 404;
constexpr int kGone = 410;
// A site without a sitemap is asked for it as seldom as one that has it; after another failure in
// an hour.
constexpr std::chrono::hours kSitemapRetry{23};

std::string Canonical(const std::string& url) {
  const auto parsed = Url::Parse(url);
  return parsed ? parsed->canonical() : url;
}

size_t MaxBytes(const IntakeOptions& options, CaptureRole role) {
  return role == CaptureRole::kSitemap ? options.max_sitemap_bytes : options.max_feed_bytes;
}

bool FeedIsBody(const Source& source, const sources::Way& way) {
  return source.body == BodyKind::kFeed && way.main;
}

std::string HeaderOf(const Capture& capture, std::string_view name) {
  return std::string(FindHeader(capture.headers, name).value_or(""));
}

}  // namespace

void Discovery::StartPoll(ActiveSource& active) {
  active.polling = true;
  active.first_poll = !active.row.contacted;
  active.sitemap_asked = active.others_failed = active.gap_open = active.main_failed = false;
  active.held_way.reset();
  active.held_urls.clear();
  active.newest.clear();
  active.wished.reset();
  ++context_.counters.polls;
  const auto ways = active.rules->WaysToAsk({.first_contact = active.first_poll,
                                             .last_sitemap = active.row.last_sitemap,
                                             .now = context_.schedule.Now()});
  active.ways.assign(ways.begin(), ways.end());
  AskNext(active);
}

void Discovery::AskNext(ActiveSource& active) {
  if (active.ways.empty()) {
    EndPoll(active);
    return;
  }
  const sources::Way way = std::move(active.ways.front());
  active.ways.pop_front();
  if (way.role == CaptureRole::kSitemap) {
    active.sitemap_asked = true;
  }
  auto row = context_.frontier.LoadWay(active.source.id, way.url);
  if (!row) {
    context_.Die(row.error());
    return;
  }
  FetchRequest request{.url = row->target.empty() ? way.url : row->target,
                       .discovered = way.discovered,
                       .max_body_bytes = MaxBytes(context_.options, way.role),
                       .robots = active.source.robots,
                       .rules = RulesOf(active.source, context_.options)};
  if (!active.gap_open) {  // over a gap the whole answer is wanted
    request.etag = row->etag;
    request.last_modified = row->last_modified;
  }
  context_.fetcher.Fetch(std::move(request),
                         [this, &active, way, row = std::move(*row)](FetchOutcome outcome) {
                           OnAnswer(active, way, row, std::move(outcome));
                         });
}

void Discovery::OnAnswer(ActiveSource& active, const sources::Way& way, frontier::WayRow row,
                         FetchOutcome outcome) {
  if (!outcome.response) {
    const bool back_off =
        way.main && outcome.error->kind != ErrorKind::kCancelled && !outcome.host_blocked;
    if (way.main && outcome.host_blocked && outcome.retry_after) {
      active.row.next_poll =
          context_.schedule.Now() + *outcome.retry_after;  // not asked: no failure
    }
    OnFailure(active, way, outcome.error->message, back_off);
    return;
  }
  const auto& response = *outcome.response;
  if (outcome.permanent_target) {
    row.target = *outcome.permanent_target;
  }
  if (response.status == kNotModified) {
    AskNext(active);
    return;
  }
  if (!way.main && (response.status == kNotFound || response.status == kGone)) {
    OnAbsent(active, way);
    return;
  }
  if (response.status != kOk || !response.truncated.empty()) {
    const std::string reason = response.status != kOk
                                   ? "HTTP " + std::to_string(response.status)
                                   : "the answer was cut (" + response.truncated + ")";
    // A blocked host keeps its next request waiting by itself.
    OnFailure(active, way, reason, way.main && !outcome.host_blocked);
    return;
  }
  OnBody(active, way, std::move(row), std::move(outcome));
}

void Discovery::OnBody(ActiveSource& active, const sources::Way& way, frontier::WayRow row,
                       FetchOutcome outcome) {
  Capture capture =
      CaptureOf(std::move(outcome.final_url), *std::move(outcome.response),
                {.source = active.source.id,
                 .role = way.role,
                 .body = FeedIsBody(active.source, way) ? BodyKind::kFeed : BodyKind::kPage,
                 .link = way.url});
  row.etag = HeaderOf(capture, "ETag");
  row.last_modified = HeaderOf(capture, "Last-Modified");
  auto reading = active.rules->Read(
      way, capture, {.max_bytes = MaxBytes(context_.options, way.role), .max_ratio = 100});
  std::string failure;
  if (!reading) {
    failure = reading.error().message;
    reading = sources::Reading{.digest = "unreadable " + text::Hex(text::Sha1(capture.body))};
    row.etag.clear();
    row.last_modified.clear();
  }
  if (way.main) {
    active.wished = reading->ttl ? reading->ttl : sources::FreshFor(capture);
  }
  const bool governs = way.main && active.first_poll;
  const auto cut_off = governs ? CutOff(active.source, reading->links, context_.schedule.Now())
                               : active.row.publish_after;
  if (governs && FeedIsBody(active.source, way)) {
    capture.metadata.publish_after = cut_off;
  }
  const bool news = reading->digest != row.digest;
  row.digest = reading->digest;
  const auto after = [this, &active, way, row, failure, cut_off,
                      reading = std::move(*reading)](const Result<ArchiveAddress>& durable) {
    if (!durable) {
      OnFailure(active, way, durable.error().message, false);
    } else if (!failure.empty()) {
      if (auto stored = context_.frontier.StoreWay(row); !stored) {
        context_.Die(stored.error());
      }
      OnFailure(active, way, failure, way.main);
    } else {
      active.row.publish_after = cut_off;
      OnReading(active, way, row, reading);
    }
  };
  const bool kept = context_.options.archive_discovery || FeedIsBody(active.source, way);
  if (!news || !kept) {
    after(ArchiveAddress{});
    return;
  }
  context_.archiver.Append(std::move(capture), after);
}

void Discovery::OnReading(ActiveSource& active, const sources::Way& way,
                          const frontier::WayRow& row, const sources::Reading& reading) {
  if (!reading.damaged.empty()) {
    spdlog::warn("a list is damaged; what is readable was taken source={} url={} reason=\"{}\"",
                 active.source.id, way.url, reading.damaged);
  }
  if (way.main) {
    for (const auto& link : reading.links) {
      if (link.dated) {
        active.newest.push_back(*link.dated);
      }
    }
  }
  LookForGap(active, way, reading);
  StoreLinks(active, way, reading);
  frontier::WayRow stored_row = row;
  if (way.main) {
    if (active.source.removal.when_unlisted && reading.damaged.empty() &&
        StoreUnlisted(active, reading)) {
      // Their removals are not on disk yet. A 304 would hide them from a run that follows a crash.
      stored_row.etag.clear();
      stored_row.last_modified.clear();
    }
    if (!reading.links.empty()) {
      auto& urls = active.gap_open ? active.held_urls : active.row.last_urls;
      urls.clear();
      for (const auto& link : reading.links) {
        urls.push_back(Canonical(link.url));
      }
    }
    active.row.contacted = true;
    if (!active.known_failure.empty()) {
      spdlog::info("the source answers again source={}", active.source.id);
      active.known_failure.clear();
    }
  }
  active.ways.insert(active.ways.begin(), reading.follow.begin(), reading.follow.end());
  if (way.main && active.gap_open) {
    active.held_way = stored_row;
  } else if (auto stored = context_.frontier.StoreWay(stored_row); !stored) {
    context_.Die(stored.error());
    return;
  }
  // With the links in one transaction: what the first contact publishes, and what this poll showed.
  if (way.main) {
    if (auto stored = context_.frontier.StoreSource(active.row); !stored) {
      context_.Die(stored.error());
      return;
    }
  }
  AskNext(active);
}

// A site without a sitemap is no failure; over a gap, what is beyond it is asked.
void Discovery::OnAbsent(ActiveSource& active, const sources::Way& way) {
  spdlog::debug("a way is not there source={} url={}", active.source.id, way.url);
  if (active.gap_open && way.role == CaptureRole::kSitemap && !way.discovered) {
    AskOverGap(active, true);
  }
  AskNext(active);
}

void Discovery::AskOverGap(ActiveSource& active, bool beyond_sitemap) {
  for (auto& more : active.rules->WaysOverGap(beyond_sitemap)) {
    if (std::ranges::find(active.ways, more) == active.ways.end()) {
      active.ways.push_back(std::move(more));
    }
  }
}

void Discovery::LookForGap(ActiveSource& active, const sources::Way& way,
                           const sources::Reading& reading) {
  if (active.first_poll || active.row.last_urls.empty()) {
    return;
  }
  const bool asks_main = way.main && !reading.links.empty();
  const bool asks_sitemap = active.gap_open && way.role == CaptureRole::kSitemap;
  if (!asks_main && !asks_sitemap) {
    return;
  }
  const bool reaches_back = std::ranges::any_of(reading.links, [&](const auto& link) {
    return std::ranges::find(active.row.last_urls, Canonical(link.url)) !=
           active.row.last_urls.end();
  });
  if (asks_main && reaches_back && EndsInTheUnknown(active, reading)) {
    // Entries that stay at the top whatever comes do not reach back; nor may they at the next poll,
    // should this one be cut off before the gap is closed.
    std::erase_if(active.row.last_urls, [&](const std::string& url) {
      return std::ranges::any_of(reading.links,
                                 [&](const auto& link) { return Canonical(link.url) == url; });
    });
    if (active.row.last_urls.empty()) {
      active.row.last_urls.emplace_back();  // the URL of none: empty would mean "nothing to miss"
    }
  } else if (reaches_back) {
    return;
  }
  if (asks_main) {
    spdlog::info("a gap: this poll does not reach back to the last one source={}",
                 active.source.id);
    active.gap_open = true;
  }
  // A sitemap index tells nothing itself: its children follow.
  if (asks_sitemap && !reading.follow.empty()) {
    return;
  }
  AskOverGap(active, asks_sitemap);
}

// True when the list's last entry was never heard of, so that more such may lie beyond it: a post
// that stays at the top makes a poll overlap with the last one for ever. Only where more can be
// asked for.
bool Discovery::EndsInTheUnknown(const ActiveSource& active, const sources::Reading& reading) {
  if (reading.last.empty() || active.rules->WaysOverGap(false).empty()) {
    return false;
  }
  auto known = context_.frontier.FindLink(active.source.id, reading.last);
  if (!known) {
    context_.Die(known.error());
    return false;
  }
  return !*known;
}

void Discovery::StoreLinks(ActiveSource& active, const sources::Way& way,
                           const sources::Reading& reading) {
  const LinkContext links{.source = active.source,
                          .main_way = way.main,
                          .first_contact = active.first_poll || !active.row.last_sitemap,
                          .publish_after = active.row.publish_after,
                          .now = context_.schedule.Now()};
  for (const auto& found : reading.links) {
    auto known = context_.frontier.FindLink(active.source.id, found.url);
    if (!known) {
      context_.Die(known.error());
      return;
    }
    if (IsRedacted(context_, active.source, found.url, found.entry)) {
      if (*known && !(*known)->entry.title.empty()) {
        Withdraw(context_, std::move(**known));
      }
      continue;
    }
    const bool is_new = !*known;
    auto row = Merge(links, found, std::move(*known));
    if (!row) {
      continue;
    }
    if (auto stored = context_.frontier.StoreLink(*row); !stored) {
      context_.Die(stored.error());
      return;
    }
    context_.counters.links_found += is_new ? 1 : 0;
    if (row->due && (!active.next_link || *row->due < *active.next_link)) {
      active.next_link = row->due;
    }
  }
}

bool Discovery::StoreUnlisted(ActiveSource& active, const sources::Reading& reading) {
  std::unordered_set<std::string> listed;
  for (const auto& link : reading.links) {
    listed.insert(Canonical(link.url));
  }
  std::vector<frontier::LinkRow> gone;
  const auto walked =
      context_.frontier.ForEachLink(active.source.id, [&](const frontier::LinkRow& link) {
        const bool there =
            link.state == frontier::LinkState::kFetched ||
            (link.state == frontier::LinkState::kListed && link.body == BodyKind::kFeed);
        if (there && !listed.contains(Canonical(link.url))) {
          gone.push_back(link);
        }
      });
  if (!walked) {
    context_.Die(walked.error());
    return false;
  }
  for (auto& link : gone) {
    Capture capture;
    capture.kind = CaptureKind::kGone;
    capture.url = link.url;
    capture.fetched_at = context_.clock.Wall();
    capture.metadata = {.source = active.source.id,
                        .body = link.body,
                        .link = link.url,
                        .entry = link.entry,
                        .removal = Removal{.how = "unlisted", .confirmed_at = capture.fetched_at}};
    context_.archiver.Append(std::move(capture),
                             [this, link](const Result<ArchiveAddress>& durable) mutable {
                               if (!durable) {
                                 return;  // still known as there: found again at the next poll
                               }
                               link.state = frontier::LinkState::kGone;
                               link.due.reset();
                               ++context_.counters.removals;
                               if (auto stored = context_.frontier.StoreLink(link); !stored) {
                                 context_.Die(stored.error());
                               }
                             });
  }
  return !gone.empty();
}

void Discovery::OnFailure(ActiveSource& active, const sources::Way& way, const std::string& reason,
                          bool back_off) {
  if (!way.main) {
    active.others_failed = true;
  }
  if (way.main) {
    active.main_failed = true;
    ++context_.counters.polls_failed;
    if (back_off) {
      active.row.next_poll = BackOff(context_, active.row);
    }
    active.ways.clear();  // the main way is read first
  }
  if (reason != active.known_failure) {
    spdlog::warn("asking a source failed source={} url={} reason=\"{}\"", active.source.id, way.url,
                 reason);
    active.known_failure = reason;
  }
  AskNext(active);
}

void Discovery::EndPoll(ActiveSource& active) {
  const UtcMillis now = context_.schedule.Now();
  if (active.sitemap_asked) {
    active.row.last_sitemap = active.others_failed ? now - kSitemapRetry : now;
  }
  if (active.held_way && !active.others_failed) {  // the gap is closed
    active.row.last_urls = std::move(active.held_urls);
    if (auto stored = context_.frontier.StoreWay(*active.held_way); !stored) {
      context_.Die(stored.error());
    }
  }
  auto interval = active.source.every.value_or(std::chrono::milliseconds{0});
  if (!active.source.every) {
    interval = sources::AdaptiveInterval(active.newest, now, active.wished);
  }
  const UtcMillis next = now + politeness::WithJitter(interval, context_.schedule.Random());
  // After a failure the back-off stands when it is longer.
  active.row.next_poll = active.main_failed ? std::max(next, active.row.next_poll) : next;
  if (auto stored = context_.frontier.StoreSource(active.row); !stored) {
    context_.Die(stored.error());
  }
  active.polling = false;
  active.polled = true;
}

}  // namespace newswire::intake
