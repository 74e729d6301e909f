// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/frontier/frontier.h"
#include "daemon/intake/archiver.h"
#include "daemon/intake/schedule.h"
#include "fetchers/clock.h"
#include "fetchers/polite_fetcher.h"

namespace newswire::intake {

struct IntakeOptions {
  std::chrono::milliseconds delay{
      1000};  // between two requests to a domain, unless the source says
  size_t max_post_bytes = size_t{5} << 20;
  size_t max_feed_bytes = size_t{15} << 20;
  size_t max_sitemap_bytes = size_t{50} << 20;
  bool archive_discovery = true;
  // Fetching pauses while the disk that holds the frontier has less room than this.
  std::filesystem::path state_dir = ".";
  uint64_t min_free_bytes = 0;
};

// Read by status lines and tests from any thread.
struct IntakeCounters {
  std::atomic<uint64_t> polls{0}, polls_failed{0}, links_found{0}, posts_archived{0},
      posts_unchanged{0}, posts_failed{0}, removals{0};
  std::atomic<bool> paused{false};  // the disk is nearly full
};

// What the parts of the intake share. All of it is used from the intake's thread only (but the
// counters).
struct Context {
  const IntakeOptions& options;
  const Clock& clock;
  Schedule& schedule;
  frontier::Frontier& frontier;
  Archiver& archiver;
  PoliteFetcher& fetcher;
  IntakeCounters& counters;
  const archive::Archive& archive;  // knows what was redacted
  std::optional<Error>& fatal;      // set by a part: the intake ends with it

  // A frontier or archive error that nothing here can mend.
  void Die(Error error) {
    if (!fatal) {
      fatal = std::move(error);
    }
  }
};

politeness::HostRules RulesOf(const Source& source, const IntakeOptions& options);

// Whether a link is that of a post which was taken out of the archive: it is not fetched again.
bool IsRedacted(const Context& context, const Source& source, const std::string& url,
                const LinkEntry& entry);
// What the frontier keeps of such a link: that it is known, never due, and none of its words.
// Stored; an error ends the intake.
void Withdraw(Context& context, frontier::LinkRow row);

// A source that fails backs off: 60 s doubling to a day. Marks and stores the row; gives when it
// may be asked again. What was asked before it backed off and fails later is the same failure.
UtcMillis BackOff(Context& context, frontier::SourceRow& row);

}  // namespace newswire::intake
