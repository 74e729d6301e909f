// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/posts.h"

#include <algorithm>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "daemon/frontier/answer.h"
#include "daemon/intake/verdict.h"
#include "transforms/text/hash.h"

namespace newswire::intake {
namespace {

// At the fetcher: enough to keep a domain busy; the rest waits on disk.
constexpr size_t kFetchingPerSource = 16;
constexpr size_t kFetchingPerSlot = 2;  // of Source::parallel
// With those whose capture is not yet durable: at full speed some hundred wait for one fsync.
constexpr size_t kInFlightPerSource = 512;
constexpr std::chrono::seconds kArchiveRetry{10};
constexpr int kOk = 200;
constexpr int kNotModified = 304;

std::string PayloadDigest(std::string_view body) {
  return "sha1:" + text::Base32(text::Sha1(body));
}

// As the archive keeps it: what discovery knew, the verdict, and for a revisit what it repeats.
Capture PostCapture(const frontier::LinkRow& link, const Verdict& verdict, FetchOutcome outcome,
                    std::string payload_digest) {
  Capture capture = CaptureOf(std::move(outcome.final_url), *std::move(outcome.response),
                              {.source = link.source,
                               .role = CaptureRole::kPost,
                               .body = link.body,
                               .link = link.url,
                               .entry = link.entry,
                               .publish_after = link.publish_after,
                               .removal = verdict.removal});
  capture.kind = verdict.kind;
  capture.payload_digest = std::move(payload_digest);
  if (verdict.kind == CaptureKind::kRevisit) {
    capture.payload_digest = link.payload_digest;
    capture.refers_to = frontier::LastAnswer(link);
  }
  return capture;
}

}  // namespace

void Posts::StartDue(ActiveSource& active) {
  const UtcMillis now = context_.schedule.Now();
  const size_t wanted =
      std::max(kFetchingPerSource,
               kFetchingPerSlot * static_cast<size_t>(std::max(active.source.parallel, 1)));
  // Not before half of them are gone: looking costs the same for one as for many.
  if (!active.next_link || *active.next_link > now || active.row.blocked_until > now ||
      active.fetching > wanted / 2 || active.in_flight.size() >= kInFlightPerSource) {
    return;
  }
  const size_t limit =
      std::min(wanted - active.fetching, kInFlightPerSource - active.in_flight.size());
  auto due = context_.frontier.DueLinks(active.source.id, now, limit, [&active](int64_t id) {
    return active.in_flight.contains(id);
  });
  if (!due) {
    context_.Die(due.error());
    return;
  }
  const bool all_started = due->size() < limit;
  for (auto& link : *due) {
    if (IsRedacted(context_, active.source, link.url, link.entry)) {
      Withdraw(context_, std::move(link));
      continue;
    }
    active.in_flight.insert(link.id);
    ++active.fetching;
    Fetch(active, std::move(link));
  }
  if (all_started) {
    // What is in flight sets its own due time when it ends.
    active.next_link.reset();
    auto next = context_.frontier.NextDueAfter(active.source.id, now);
    if (!next) {
      context_.Die(next.error());
      return;
    }
    active.next_link = *next;
  }
}

void Posts::Fetch(ActiveSource& active, frontier::LinkRow link) {
  FetchRequest request{.url = link.target.empty() ? link.url : link.target,
                       .discovered = true,
                       .max_body_bytes = context_.options.max_post_bytes,
                       .robots = active.source.robots,
                       .rules = RulesOf(active.source, context_.options)};
  if (link.state == frontier::LinkState::kFetched &&
      link.entry_digest == frontier::EntryDigest(link.entry)) {
    request.etag = link.etag;
    request.last_modified = link.last_modified;
  }
  context_.fetcher.Fetch(std::move(request),
                         [this, &active, link = std::move(link)](FetchOutcome outcome) {
                           OnOutcome(active, link, std::move(outcome));
                         });
}

void Posts::OnOutcome(ActiveSource& active, const frontier::LinkRow& asked, FetchOutcome outcome) {
  --active.fetching;
  if (outcome.error && outcome.error->kind == ErrorKind::kCancelled) {
    active.in_flight.erase(asked.id);
    return;  // shutdown: still due
  }
  const std::string payload =
      outcome.response ? PayloadDigest(outcome.response->body) : std::string();
  const std::string entry = frontier::EntryDigest(asked.entry);
  const UtcMillis now = context_.schedule.Now();
  const Verdict verdict = Judge({.link = asked,
                                 .outcome = outcome,
                                 .rules = active.source.removal,
                                 .payload_digest = payload,
                                 .entry_digest = entry,
                                 .others_answer = active.last_success && asked.first_404 &&
                                                  *active.last_success > *asked.first_404,
                                 .now = now});
  if (outcome.response &&
      (outcome.response->status == kOk || outcome.response->status == kNotModified)) {
    active.last_success = now;
  }
  if (verdict.source_failed) {
    BackOff(context_, active.row);
  }
  if (!verdict.archive) {
    active.in_flight.erase(asked.id);
    Reschedule(active, asked, verdict);
    return;
  }
  std::string target = outcome.permanent_target.value_or("");
  Capture capture = PostCapture(asked, verdict, std::move(outcome), payload);
  Capture light = frontier::WithoutBody(capture);
  context_.archiver.Append(std::move(capture),
                           [this, &active, light = std::move(light), verdict, id = asked.id,
                            target = std::move(target)](const Result<ArchiveAddress>& durable) {
                             active.in_flight.erase(id);
                             OnDurable(active, id, light, target, verdict, durable);
                           });
}

void Posts::OnDurable(ActiveSource& active, int64_t id, const Capture& capture,
                      const std::string& target, const Verdict& verdict,
                      const Result<ArchiveAddress>& durable) {
  // Its entry may have changed while it was fetched: the row of now is the one to write into.
  auto found = context_.frontier.FindLink(id);
  if (!found) {
    context_.Die(found.error());
    return;
  }
  if (!*found) {
    return;
  }
  frontier::LinkRow row = std::move(**found);
  if (!durable) {
    if (durable.error().kind == ErrorKind::kCorruption) {
      context_.Die(durable.error());
      return;
    }
    Verdict later;
    later.reason = durable.error().message;
    later.retry_in = kArchiveRetry;
    Reschedule(active, std::move(row), later);
    return;
  }
  Capture recorded = capture;
  recorded.address = *durable;
  const bool fetched_before = row.first_fetched.has_value();
  const bool missing_before = row.first_404.has_value();
  frontier::RecordAnswer(row, recorded);
  // The record's date is the wall clock's; what is scheduled goes by the steady one.
  if (!fetched_before && row.first_fetched) {
    row.first_fetched = context_.schedule.Now();
  }
  if (!missing_before && row.first_404) {
    row.first_404 = context_.schedule.Now();
  }
  if (!target.empty()) {
    row.target = target;
  }
  if (capture.kind == CaptureKind::kRevisit) {
    ++context_.counters.posts_unchanged;
  } else if (row.state == frontier::LinkState::kFetched) {
    ++context_.counters.posts_archived;
  }
  if (verdict.removal) {
    ++context_.counters.removals;
    spdlog::info("a post was removed source={} url={} how={}", row.source, row.url,
                 verdict.removal->how);
  }
  Reschedule(active, std::move(row), verdict);
}

void Posts::Reschedule(ActiveSource& active, frontier::LinkRow row, const Verdict& verdict) {
  const UtcMillis now = context_.schedule.Now();
  const std::optional<UtcMillis> recheck = NextRecheck(active.source, row, now);
  row.reason = verdict.reason;
  if (!verdict.reason.empty()) {
    ++row.attempts;
    if (!verdict.removal) {
      ++context_.counters.posts_failed;
    }
  }
  if (row.state == frontier::LinkState::kFetched &&
      row.entry_digest != frontier::EntryDigest(row.entry)) {
    row.due = now;
  } else if (verdict.retry_in) {
    row.due = now + politeness::WithJitter(*verdict.retry_in, context_.schedule.Random());
    if (verdict.source_failed || verdict.host_blocked) {
      row.due = std::max(*row.due, active.row.blocked_until);
    }
  } else {
    row.due = verdict.give_up ? std::nullopt : recheck;
  }
  if (row.state == frontier::LinkState::kGone) {  // it may come back: its re-checks go on
    if (recheck && (!row.due || *recheck < *row.due)) {
      row.due = recheck;
    }
  }
  if (auto stored = context_.frontier.StoreLink(row); !stored) {
    context_.Die(stored.error());
    return;
  }
  if (row.due && (!active.next_link || *row.due < *active.next_link)) {
    active.next_link = row.due;
  }
}

}  // namespace newswire::intake
