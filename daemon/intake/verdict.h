// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "daemon/frontier/frontier.h"
#include "fetchers/polite_fetcher.h"
#include "transforms/model/capture.h"
#include "transforms/model/source.h"

namespace newswire::intake {

// What an outcome of fetching a post's link means.
struct Verdict {
  bool archive = false;                       // the answer is kept, as `kind`
  CaptureKind kind = CaptureKind::kResponse;  // kResponse or kRevisit
  std::optional<Removal> removal;             // confirmed: the sequencer will obey it
  bool source_failed = false;                 // 5xx, time-out: the source backs off
  bool host_blocked = false;                  // 429, 503 with Retry-After: the domain waits
  std::string reason;                         // for a person, when it is no success
  std::optional<std::chrono::milliseconds>
      retry_in;          // before the next try, without jitter; nullopt: as re-checks say
  bool give_up = false;  // not again unless its entry changes
};

struct VerdictInput {
  const frontier::LinkRow& link;
  const FetchOutcome& outcome;
  const RemovalRules& rules;
  std::string_view payload_digest;  // of the answer's body
  std::string_view entry_digest;    // of the entry it was asked with
  bool others_answer = false;  // another page of the source answered 200 since the link's first 404
  UtcMillis now;
};

// Pure. The rules of docs/architecture.md: a 304 or an equal 200 is a revisit; 410 once, or 404
// twice `confirm_after` apart while other pages answer, is a removal of a post that was there;
// other failures are tried again, ever more seldom.
Verdict Judge(const VerdictInput& input);

// When a fetched post is asked again: the first of `recheck` (counted from the first fetch) behind
// the time for which it was due now. One that was missed meanwhile, because the machine slept or
// its clock was wrong, is not left out: it and those after it move along, and `link.first_fetched`
// with them. Call it once for an answer.
std::optional<UtcMillis> NextRecheck(const Source& source, frontier::LinkRow& link, UtcMillis now);

}  // namespace newswire::intake
