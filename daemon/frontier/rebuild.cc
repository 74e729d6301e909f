// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/rebuild.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/spdlog.h>

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

class Rebuilder {
 public:
  Rebuilder(Frontier& frontier, std::span<const Source> sources, UtcMillis now)
      : frontier_(frontier), sources_(sources), now_(now) {}

  uint64_t links() const { return links_; }

  Status Take(const Capture& capture) {
    const auto& metadata = capture.metadata;
    if (metadata.source.empty() || metadata.link.empty()) {
      return {};
    }
    if (metadata.role == CaptureRole::kPost) {
      return TakeAnswer(capture);
    }
    return metadata.body == BodyKind::kFeed ? TakeFeed(capture) : Status{};
  }

  // After the last capture.
  Status Schedule() {
    for (const Source& source : sources_) {
      std::vector<LinkRow> due;
      const auto walked = frontier_.ForEachLink(source.id, [&](const LinkRow& link) {
        if (link.body == BodyKind::kFile || !link.last_fetched ||
            (link.body == BodyKind::kFeed && source.body == BodyKind::kFeed)) {
          return;  // told by their folder or feed
        }
        LinkRow row = link;
        for (auto* time : {&row.first_fetched, &row.first_404}) {
          *time = *time ? std::optional(std::min(**time, now_)) : std::nullopt;
        }
        const UtcMillis last = std::min(*link.last_fetched, now_);
        row.due = std::nullopt;
        row.due = link.state == LinkState::kFailed ? std::optional(last)
                                                   : intake::NextRecheck(source, row, last);
        if (row.due) {
          due.push_back(std::move(row));
        }
      });
      if (!walked) {
        return walked;
      }
      for (LinkRow& row : due) {
        if (auto stored = Store(row); !stored) {
          return stored;
        }
      }
    }
    return frontier_.Commit();
  }

 private:
  Result<LinkRow> Known(const Capture& capture, const std::string& url) {
    auto known = frontier_.FindLink(capture.metadata.source, url);
    if (!known) {
      return std::unexpected(known.error());
    }
    return known->value_or(
        LinkRow{.source = capture.metadata.source, .url = url, .body = capture.metadata.body});
  }

  Status Store(LinkRow& row) {
    if (auto stored = frontier_.StoreLink(row); !stored) {
      return stored;
    }
    return ++links_ % kLinksPerCommit == 0 ? frontier_.Commit() : Status{};
  }

  Status TakeAnswer(const Capture& capture) {
    auto row = Known(capture, capture.metadata.link);
    if (!row) {
      return std::unexpected(row.error());
    }
    row->entry = capture.metadata.entry;
    RecordAnswer(*row, capture);
    return Store(*row);
  }

  Status TakeFeed(const Capture& capture) {
    auto reading = sources::ReadFeedAnswer(capture, kFeedLimits);
    if (!reading) {
      return {};  // it was unreadable when it came
    }
    for (const auto& found : reading->links) {
      auto row = Known(capture, found.url);
      if (!row) {
        return std::unexpected(row.error());
      }
      if (row->body != BodyKind::kFeed) {
        continue;
      }
      row->state = LinkState::kListed;
      row->entry = found.entry;
      row->dated = found.dated;
      if (auto stored = Store(*row); !stored) {
        return stored;
      }
    }
    return {};
  }

  Frontier& frontier_;
  const std::span<const Source> sources_;
  const UtcMillis now_;
  uint64_t links_ = 0;
};

}  // namespace

Status Rebuild(Frontier& frontier, const std::filesystem::path& archive_dir,
               std::span<const Source> sources, UtcMillis now) {
  auto reader = archive::Reader::OpenArchive(archive_dir, Position{},
                                             [] { return Position::FromValue(~uint64_t{0} >> 1); });
  if (!reader) {
    return WithContext(reader.error(), "rebuilding the frontier");
  }
  Rebuilder rebuilder(frontier, sources, now);
  for (;;) {
    auto item = (*reader)->Next();
    if (!item) {
      return WithContext(item.error(), "rebuilding the frontier");
    }
    if (!*item) {
      break;
    }
    if (const auto* capture = std::get_if<Capture>(&**item)) {
      if (auto taken = rebuilder.Take(*capture); !taken) {
        return taken;
      }
    }
  }
  NEWSWIRE_FAIL_POINT("frontier.rebuilt");
  if (auto scheduled = rebuilder.Schedule(); !scheduled) {
    return scheduled;
  }
  if (rebuilder.links() > 0) {
    spdlog::info("frontier rebuilt from the archive rows_written={}", rebuilder.links());
  }
  return frontier.Commit();
}

}  // namespace newswire::frontier
