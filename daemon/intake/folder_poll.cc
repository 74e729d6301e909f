// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/folder_poll.h"

#include <string_view>
#include <unordered_set>

#include <spdlog/spdlog.h>

#include "daemon/frontier/answer.h"
#include "daemon/intake/links.h"
#include "fetchers/sources/rhythm.h"
#include "transforms/text/hash.h"

namespace newswire::intake {
namespace {

constexpr size_t kFilesPerTick = 64;
constexpr size_t kMaxUnacknowledged = 512;

}  // namespace

void FolderPoll::StartPoll(ActiveSource& active) {
  active.polling = true;
  active.main_failed = false;
  ++context_.counters.polls;
  auto files = sources::ListPostFiles(active.source);
  if (!files) {
    ++context_.counters.polls_failed;
    if (files.error().message != active.known_failure) {
      spdlog::warn("reading a folder failed source={} reason=\"{}\"", active.source.id,
                   files.error().message);
      active.known_failure = files.error().message;
    }
    EndPoll(active, Work{.failed = true});
    return;
  }
  active.known_failure.clear();
  Work work;
  if (!active.row.contacted && active.source.backfill.kind != Backfill::Kind::kFeed) {
    // What the folder shows is all of it: only an age or `none` withholds.
    work.publish_after = CutOff(active.source, {}, context_.schedule.Now());
  }
  work.vanished = FindVanished(active, *files);
  work.files.assign(std::make_move_iterator(files->begin()), std::make_move_iterator(files->end()));
  work_.insert_or_assign(&active, std::move(work));
}

bool FolderPoll::Pump() {
  bool more = false;
  for (auto current = work_.begin(); current != work_.end();) {
    auto& [active, work] = *current;
    const auto has_room = [&] { return context_.archiver.pending() < kMaxUnacknowledged; };
    for (size_t i = 0; i < kFilesPerTick && has_room(); ++i) {
      if (!work.vanished.empty()) {
        const int64_t id = work.vanished.front();
        work.vanished.pop_front();
        TakeVanished(*active, id);
      } else if (!work.files.empty()) {
        const sources::PostFile file = std::move(work.files.front());
        work.files.pop_front();
        Take(*active, file);
      }
    }
    const bool done = work.vanished.empty() && work.files.empty();
    more |= !done && has_room();
    if (done && work.unacknowledged == 0) {
      EndPoll(*active, work);
      current = work_.erase(current);
    } else {
      ++current;
    }
  }
  return more;
}

void FolderPoll::Take(ActiveSource& active, const sources::PostFile& file) {
  if (IsRedacted(context_, active.source, file.url, {})) {
    return;
  }
  auto known = context_.frontier.FindLink(active.source.id, file.url);
  if (!known) {
    context_.Die(known.error());
    return;
  }
  const frontier::LinkRow* row = *known ? &**known : nullptr;
  if (row != nullptr && row->state == frontier::LinkState::kFetched && row->etag == file.version) {
    return;
  }
  Work& work = work_.at(&active);
  auto capture = sources::ReadPostFile(file, context_.options.max_post_bytes, context_.clock);
  if (!capture) {
    work.failed = true;  // met again at the next poll
    spdlog::warn("reading a post failed source={} reason=\"{}\"", active.source.id,
                 capture.error().message);
    return;
  }
  capture->payload_digest = "sha1:" + text::Base32(text::Sha1(capture->body));
  capture->metadata = {.source = active.source.id,
                       .role = CaptureRole::kPost,
                       .body = BodyKind::kFile,
                       .link = file.url};
  if (row == nullptr) {
    capture->metadata.publish_after = work.publish_after;
    ++context_.counters.links_found;
  } else if (row->state == frontier::LinkState::kFetched &&
             row->payload_digest == capture->payload_digest) {
    capture->kind = CaptureKind::kRevisit;
    capture->refers_to = frontier::LastAnswer(*row);
  }
  Append(active, std::move(*capture), file.version);
}

void FolderPoll::Append(ActiveSource& active, Capture capture, std::string version) {
  ++work_.at(&active).unacknowledged;
  Capture light = frontier::WithoutBody(capture);
  context_.archiver.Append(
      std::move(capture), [this, &active, light = std::move(light), version = std::move(version)](
                              const Result<ArchiveAddress>& durable) mutable {
        Work& work = work_.at(&active);
        --work.unacknowledged;
        if (!durable) {
          work.failed = true;
          if (durable.error().kind == ErrorKind::kCorruption) {
            context_.Die(durable.error());
          }
          return;
        }
        light.address = *durable;
        auto known = context_.frontier.FindLink(light.metadata.source, light.metadata.link);
        if (!known) {
          context_.Die(known.error());
          return;
        }
        frontier::LinkRow row = known->value_or(frontier::LinkRow{
            .source = light.metadata.source, .url = light.metadata.link, .body = BodyKind::kFile});
        frontier::RecordAnswer(row, light);
        row.due.reset();
        if (light.kind != CaptureKind::kGone) {
          row.etag = version;
          ++(light.kind == CaptureKind::kRevisit ? context_.counters.posts_unchanged
                                                 : context_.counters.posts_archived);
        } else if (light.metadata.removal) {
          ++context_.counters.removals;
        }
        if (auto stored = context_.frontier.StoreLink(row); !stored) {
          context_.Die(stored.error());
        }
      });
}

std::deque<int64_t> FolderPoll::FindVanished(const ActiveSource& active,
                                             const std::vector<sources::PostFile>& files) {
  std::unordered_set<std::string_view> present;
  for (const auto& file : files) {
    present.insert(file.url);
  }
  std::deque<int64_t> vanished;
  const auto walked =
      context_.frontier.ForEachLink(active.source.id, [&](const frontier::LinkRow& link) {
        if (link.state == frontier::LinkState::kFetched && !present.contains(link.url)) {
          vanished.push_back(link.id);
        }
      });
  if (!walked) {
    context_.Die(walked.error());
  }
  return vanished;
}

void FolderPoll::TakeVanished(ActiveSource& active, int64_t id) {
  auto link = context_.frontier.FindLink(id);
  if (!link) {
    context_.Die(link.error());
    return;
  }
  if (!*link) {
    return;
  }
  Capture capture;
  capture.kind = CaptureKind::kGone;
  capture.url = (*link)->url;
  capture.fetched_at = context_.clock.Wall();
  capture.metadata = {.source = active.source.id,
                      .role = CaptureRole::kPost,
                      .body = BodyKind::kFile,
                      .link = (*link)->url};
  if (active.source.removal.when_unlisted) {
    capture.metadata.removal = Removal{.how = "file_vanished", .confirmed_at = capture.fetched_at};
  }
  Append(active, std::move(capture), "");
}

void FolderPoll::EndPoll(ActiveSource& active, const Work& work) {
  const UtcMillis now = context_.schedule.Now();
  const auto interval = active.source.every.value_or(sources::kShortestAdaptive);
  active.row.next_poll = now + politeness::WithJitter(interval, context_.schedule.Random());
  if (!work.failed) {
    active.row.contacted = true;
  }
  if (auto stored = context_.frontier.StoreSource(active.row); !stored) {
    context_.Die(stored.error());
  }
  active.polling = false;
  active.polled = true;
}

}  // namespace newswire::intake
