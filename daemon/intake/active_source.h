// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/frontier/frontier.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/model/source.h"

namespace newswire::intake {

// A source at work: its rules, its durable row, and what is under way. Only the intake's thread
// touches it.
struct ActiveSource {
  Source source;
  std::unique_ptr<sources::SourceKindRules> rules;  // null for folders
  frontier::SourceRow row;
  std::string known_failure;  // the last one logged, so that the same is not logged at each poll

  // The poll under way.
  bool polling = false;
  bool polled = false;      // at least one poll has ended since the start
  bool first_poll = false;  // the poll under way is the first contact
  bool sitemap_asked = false, others_failed = false, gap_open = false, main_failed = false;
  std::deque<sources::Way> ways;  // still to ask, in order
  // While a gap is open, the main way's validators and URLs are kept back: a crash meets the gap
  // again.
  std::optional<frontier::WayRow> held_way;
  std::vector<std::string> held_urls;
  std::vector<UtcMillis> newest;               // dates of the main way's entries: its rhythm
  std::optional<std::chrono::seconds> wished;  // ttl, Cache-Control

  // Posts.
  std::set<int64_t> in_flight;            // link ids being fetched or archived
  size_t fetching = 0;                    // of these: at the fetcher
  std::optional<UtcMillis> next_link;     // when a link is due; nullopt: none is
  std::optional<UtcMillis> last_success;  // a page of the source answered 200
};

}  // namespace newswire::intake
