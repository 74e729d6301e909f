// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_view.h"

#include <utility>

#include "daemon/commands/replay_target.h"

namespace newswire::commands {

ReplayView::ReplayView(std::ostream& out, std::unique_ptr<ReplayDiff> diff)
    : out_(out), diff_(std::move(diff)) {}

Result<ReplayView> ReplayView::Open(const ReplayRequest& request, const config::Config& config,
                                    const Clock& clock, std::ostream& out, Progress& progress,
                                    const std::stop_token& stop) {
  if (!request.diff) {
    return ReplayView(out, nullptr);
  }
  auto topics = OpenReplayTopics(request, config, clock);
  if (!topics) {
    return std::unexpected(topics.error());
  }
  auto diff = ReplayDiff::Create(ReplayTopicPattern(request, config), IsCompacted(config), out);
  if (!diff) {
    return std::unexpected(diff.error());
  }
  const auto show = [&](uint64_t records) { progress.ShowCount("reading the topics", records); };
  if (Status status = (*diff)->Read(**topics, request.filter, show, stop); !status) {
    return std::unexpected(status.error());
  }
  return ReplayView(out, std::move(*diff));
}

Status ReplayView::Take(std::span<const Event> events) {
  for (const Event& event : events) {
    if (diff_) {
      if (Status status = diff_->Compare(event); !status) {
        return status;
      }
    } else if (event.type != EventType::kDeadLetter) {
      out_.write(event.value.data(), static_cast<std::streamsize>(event.value.size()));
      out_.put('\n');
    }
  }
  if (!out_) {
    return Fail(ErrorKind::kPermanent, "the output stream cannot be written to");
  }
  return {};
}

Result<bool> ReplayView::Finish(Position start, Position end) {
  bool same = true;
  if (diff_) {
    const auto counts = diff_->Finish(start, end);
    if (!counts) {
      return std::unexpected(counts.error());
    }
    same = counts->same_content();
  }
  out_.flush();
  return same && out_.good();
}

}  // namespace newswire::commands
