// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/rebuild.h"

#include <spdlog/spdlog.h>

#include "daemon/archive/reader.h"
#include "daemon/frontier/answer.h"

namespace newswire::frontier {
namespace {

constexpr uint64_t kLinksPerCommit = 10'000;

bool AnswersPost(const Capture& capture) {
  return capture.metadata.role == CaptureRole::kPost && !capture.metadata.source.empty() &&
         !capture.metadata.link.empty();
}

}  // namespace

Status Rebuild(Frontier& frontier, const std::filesystem::path& archive_dir) {
  auto reader = archive::Reader::OpenArchive(archive_dir, Position{},
                                             [] { return Position::FromValue(~uint64_t{0} >> 1); });
  if (!reader) {
    return WithContext(reader.error(), "rebuilding the frontier");
  }
  uint64_t captures = 0;
  for (;;) {
    auto item = (*reader)->Next();
    if (!item) {
      return WithContext(item.error(), "rebuilding the frontier");
    }
    if (!*item) {
      break;
    }
    const auto* capture = std::get_if<Capture>(&**item);
    if (capture == nullptr || !AnswersPost(*capture)) {
      continue;
    }
    auto known = frontier.FindLink(capture->metadata.source, capture->metadata.link);
    if (!known) {
      return std::unexpected(known.error());
    }
    LinkRow row = known->value_or(LinkRow{.source = capture->metadata.source,
                                          .url = capture->metadata.link,
                                          .body = capture->metadata.body});
    row.entry = capture->metadata.entry;
    RecordAnswer(row, *capture);
    if (auto stored = frontier.StoreLink(row); !stored) {
      return stored;
    }
    if (++captures % kLinksPerCommit == 0) {
      if (auto committed = frontier.Commit(); !committed) {
        return committed;
      }
    }
  }
  if (captures > 0) {
    spdlog::info("frontier rebuilt from the archive captures={}", captures);
  }
  return frontier.Commit();
}

}  // namespace newswire::frontier
