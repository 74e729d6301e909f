// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/catch_up.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "daemon/archive/hold.h"
#include "daemon/archive/reader.h"
#include "daemon/fail_point.h"
#include "daemon/frontier/answer.h"
#include "daemon/intake/verdict.h"
#include "fetchers/sources/source_kind.h"

namespace newswire::frontier {
namespace {

constexpr uint64_t kLinksPerCommit = 10'000;
// A feed in the archive is one that was taken within http.max_feed_size.
constexpr text::DecodeLimits kFeedLimits{.max_bytes = size_t{1} << 30, .max_ratio = 1000};

class Recorder {
 public:
  // With `all_is_news` what the rows say of entries is from the archive too, and no newer.
  Recorder(Frontier& frontier, std::span<const Source> sources, UtcMillis now, bool all_is_news)
      : frontier_(frontier), now_(now), all_is_news_(all_is_news) {
    for (const Source& source : sources) {
      sources_.emplace(source.id, &source);
    }
  }

  size_t links() const { return links_.size(); }

  Status Take(const Capture& capture) {
    const auto& metadata = capture.metadata;
    if (metadata.source.empty() || metadata.link.empty() || capture.IsImported()) {
      return {};
    }
    if (metadata.role == CaptureRole::kPost) {
      return TakeAnswer(capture);
    }
    return metadata.body == BodyKind::kFeed ? TakeFeed(capture) : Status{};
  }

  // After the last capture.
  Status Schedule(const std::stop_token& stop) {
    for (const auto& [id, made] : links_) {
      if (stop.stop_requested()) {
        return Fail(ErrorKind::kCancelled, "stopped");
      }
      auto row = frontier_.FindLink(id);
      if (!row) {
        return std::unexpected(row.error());
      }
      const auto source = sources_.find((*row)->source);
      if (source == sources_.end() || (*row)->body == BodyKind::kFile ||
          ((*row)->body == BodyKind::kFeed && source->second->body == BodyKind::kFeed)) {
        continue;  // nobody's, or told by their folder or feed
      }
      (*row)->due = DueOf(*source->second, **row);
      if (auto stored = Store(**row); !stored) {
        return stored;
      }
    }
    return {};
  }

 private:
  std::optional<UtcMillis> DueOf(const Source& source, LinkRow& row) const {
    for (auto* time : {&row.first_fetched, &row.first_404}) {
      *time = *time ? std::optional(std::min(**time, now_)) : std::nullopt;
    }
    const bool entry_changed =
        row.state == LinkState::kFetched && row.entry_digest != EntryDigest(row.entry);
    if (row.state == LinkState::kFailed || entry_changed) {
      return now_;
    }
    return intake::NextRecheck(source, row, std::min(row.last_fetched.value_or(now_), now_));
  }

  // The row of a link, and whether what a capture says of its entry is news.
  Result<std::pair<LinkRow, bool>> Known(const Capture& capture, const std::string& url) {
    auto known = frontier_.FindLink(capture.metadata.source, url);
    if (!known) {
      return std::unexpected(known.error());
    }
    if (!*known) {
      return std::pair(
          LinkRow{.source = capture.metadata.source, .url = url, .body = capture.metadata.body},
          true);
    }
    const auto taken = links_.find((*known)->id);
    const bool made_here = taken != links_.end() && taken->second;
    return std::pair(std::move(**known), all_is_news_ || made_here);
  }

  Status Keep(LinkRow& row) {
    const bool made_here = row.id == 0;
    Status stored = Store(row);
    if (stored) {
      links_.try_emplace(row.id, made_here);
    }
    return stored;
  }

  Status Store(LinkRow& row) {
    if (auto stored = frontier_.StoreLink(row); !stored) {
      return stored;
    }
    return ++written_ % kLinksPerCommit == 0 ? frontier_.Commit() : Status{};
  }

  Status TakeAnswer(const Capture& capture) {
    auto known = Known(capture, capture.metadata.link);
    if (!known) {
      return std::unexpected(known.error());
    }
    auto& [row, entry_is_news] = *known;
    if (entry_is_news) {
      row.entry = capture.metadata.entry;
    }
    RecordAnswer(row, capture);
    return Keep(row);
  }

  Status TakeFeed(const Capture& capture) {
    auto reading = sources::ReadFeedAnswer(capture, kFeedLimits);
    if (!reading) {
      return {};  // it was unreadable when it came
    }
    for (const auto& found : reading->links) {
      auto known = Known(capture, found.url);
      if (!known) {
        return std::unexpected(known.error());
      }
      LinkRow& row = known->first;
      if (row.body != BodyKind::kFeed) {
        continue;
      }
      row.state = LinkState::kListed;
      row.entry = found.entry;
      row.dated = found.dated;
      if (auto stored = Keep(row); !stored) {
        return stored;
      }
    }
    return {};
  }

  Frontier& frontier_;
  std::unordered_map<std::string_view, const Source*> sources_;  // by their ids
  const UtcMillis now_;
  const bool all_is_news_;
  std::unordered_map<int64_t, bool> links_;  // what was taken: whether the row was made here
  uint64_t written_ = 0;
};

struct Start {
  Position position;
  bool nothing_known = false;  // so far
};

// nullopt: all is recorded.
Result<std::optional<Start>> StartOf(Frontier& frontier, Position end) {
  const auto recorded = frontier.recorded();
  if (!recorded) {
    return std::unexpected(recorded.error());
  }
  if (!*recorded) {
    // One that an earlier version wrote did not say: it is taken as it is.
    return frontier.created() ? std::optional(Start{.nothing_known = true}) : std::nullopt;
  }
  if (**recorded > end) {
    spdlog::warn("the archive ends before what the frontier knows of it end={} known={}",
                 end.ToHex(), (*recorded)->ToHex());
  }
  return **recorded < end ? std::optional(Start{.position = **recorded}) : std::nullopt;
}

Status Record(Recorder& recorder, const archive::Archive& archive, Position from, Position end,
              const std::stop_token& stop) {
  const auto hold = archive::Hold::Take(archive.dir(), from.serial());  // the relay retires
  if (!hold) {
    return std::unexpected(hold.error());
  }
  const auto segments = archive::ListSegments(archive.dir());
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (std::ranges::find(*segments, from.serial(), &archive::Segment::serial) == segments->end()) {
    from = {};  // that segment is gone: all that is left
  }
  auto reader = archive::Reader::OpenArchive(
      archive.dir(), from, [end] { return end; }, [&archive] { return archive.controls(); });
  if (!reader) {
    return std::unexpected(reader.error());
  }
  while (!stop.stop_requested()) {
    auto item = (*reader)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!*item) {
      return recorder.Schedule(stop);
    }
    if (const auto* capture = std::get_if<Capture>(&**item)) {
      if (auto taken = recorder.Take(*capture); !taken) {
        return taken;
      }
    }
  }
  return Fail(ErrorKind::kCancelled, "stopped");
}

}  // namespace

Status CatchUp(Frontier& frontier, const archive::Archive& archive, std::span<const Source> sources,
               UtcMillis now, const std::stop_token& stop) {
  const Position end = archive.durable_end();
  const auto start = StartOf(frontier, end);
  if (!start) {
    return std::unexpected(start.error());
  }
  if (*start) {
    Recorder recorder(frontier, sources, now, (*start)->nothing_known);
    if (auto recorded = Record(recorder, archive, (*start)->position, end, stop); !recorded) {
      return WithContext(recorded.error(), "recording in the frontier what the archive holds");
    }
    if (recorder.links() > 0) {
      spdlog::info("the frontier was behind the archive: what was captured is recorded links={}",
                   recorder.links());
      NEWSWIRE_FAIL_POINT("frontier.caught_up");
    }
  }
  frontier.NoteRecorded(end);
  return frontier.Commit();
}

}  // namespace newswire::frontier
