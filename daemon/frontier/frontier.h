// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/politeness/host_budget.h"
#include "fetchers/politeness/retry_policy.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/timestamp.h"

namespace newswire::frontier {

// What is known of a source.
struct SourceRow {
  std::string id;
  bool contacted = false;                  // the main way was read once
  std::optional<UtcMillis> publish_after;  // what the first contact publishes: the cut-off
  std::optional<UtcMillis> last_sitemap;   // last complete reading
  UtcMillis next_poll{};                   // not before
  UtcMillis blocked_until{};               // 5xx and time-outs block the source
  politeness::Failures failures;
  std::vector<std::string>
      last_urls;  // canonical, what the last non-empty poll of the main way showed
};

// What is known of a way (a feed, sitemap, list).
struct WayRow {
  std::string source, url;
  std::string etag, last_modified;  // validators, byte for byte
  std::string digest;               // of what it last said
  std::string target;               // where a permanent redirect leads; empty: `url` itself
};

enum class LinkState {
  kNew,      // never answered 200
  kFetched,  // the last answer was a 200 (or a 304 to it)
  kGone,     // a removal was confirmed
  kFailed,   // the last answer was another one
  kListed,   // known only: in a feed whose entries are the posts, or older than what is published
};

// What is known of a post's link.
struct LinkRow {
  int64_t id = 0;           // 0: not stored yet
  std::string source, url;  // as discovered; `url` is compared in canonical form
  LinkState state = LinkState::kNew;
  LinkEntry entry;                  // the main way's last word
  BodyKind body = BodyKind::kPage;  // of its first capture
  std::optional<UtcMillis> due;     // not before; nullopt: never again unless its entry changes
  std::optional<UtcMillis> dated;
  std::optional<UtcMillis> publish_after;  // stands in its first capture's metadata
  // The last 200.
  std::string etag, last_modified, payload_digest, record_id, target_uri;
  std::string entry_digest;                // of the entry that capture was made with
  std::optional<UtcMillis> first_fetched;  // the first 200
  std::optional<UtcMillis> last_fetched;   // when `record_id` was made
  std::optional<UtcMillis> first_404;      // of the present row of 404s
  std::string target;                      // permanent redirect
  uint32_t attempts = 0;                   // failures in a row
  std::string reason;                      // of the last failure, for a person
};

// What is known of a registrable domain.
struct HostRow {
  std::string domain;
  politeness::HostMemory memory;
};

std::string EntryDigest(const LinkEntry& entry);

// What is known and what is due, in SQLite. Owned and used by the intake thread alone. Reads see
// what was written in the open transaction; nothing is durable before Commit (synchronous=FULL),
// which is cheap when nothing was written. A crash forgets what was not committed: a fetch is
// repeated, never an event.
class Frontier {
 public:
  // kCorruption: the file is damaged; the owner deletes it; CatchUp fills the next.
  static Result<std::unique_ptr<Frontier>> Open(const std::filesystem::path& file);
  ~Frontier();

  bool created() const;  // the file was new or empty: nothing is known

  Result<SourceRow> LoadSource(const std::string& id);  // a fresh row when unknown
  Status StoreSource(const SourceRow& row);
  Result<WayRow> LoadWay(const std::string& source, const std::string& url);
  Status StoreWay(const WayRow& row);

  Result<std::optional<LinkRow>> FindLink(const std::string& source, const std::string& url);
  Result<std::optional<LinkRow>> FindLink(int64_t id);
  Status StoreLink(LinkRow& row);  // inserts (and sets id) or updates
  // Due links of a source, the earliest first, links of one discovery in their order; without
  // those that `skip` names by their id (in flight), which costs an index entry each. Fewer than
  // `limit`: there are no others.
  Result<std::vector<LinkRow>> DueLinks(const std::string& source, UtcMillis now, size_t limit,
                                        const std::function<bool(int64_t id)>& skip = {});
  // The first time after `after` at which a link of the source is due.
  Result<std::optional<UtcMillis>> NextDueAfter(const std::string& source, UtcMillis after);
  // Every known link of a source, by its canonical URL, one after the other: memory does not grow.
  Status ForEachLink(const std::string& source, const std::function<void(const LinkRow&)>& visit);

  Status StoreHost(std::string_view domain, const politeness::HostMemory& memory);
  // The domains whose block or failures still count at `now`; the others are forgotten.
  Result<std::vector<HostRow>> Hosts(UtcMillis now);

  // To be called first, with the time of now. When that lies before the time noted last, the clock
  // was set back: everything that is due, blocked or scheduled moves with it (the result says by
  // how much), so that nothing waits for a time that was never meant.
  Result<std::optional<std::chrono::milliseconds>> FollowClock(UtcMillis now);
  void NoteTime(UtcMillis now);  // stored with the next Commit

  // Up to where the archive's captures stand in the frontier; nullopt: never said.
  Result<std::optional<Position>> recorded();
  // Everything that the archive holds below `end` was written: stored with the next Commit.
  void NoteRecorded(Position end);

  // What was written since the last one is durable, all of it. After the first failed write nothing
  // is written or committed any more: every write and Commit gives its error, until Rollback.
  Status Commit();
  void Rollback();  // forgets what was written since the last Commit
  bool dirty() const;

 private:
  struct Impl;
  explicit Frontier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire::frontier
