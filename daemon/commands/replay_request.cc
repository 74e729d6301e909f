// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_request.h"

#include <fnmatch.h>

#include "daemon/commands/replay_target.h"
#include "daemon/publish/output.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

// A filter that may pass an older revision of a post and hold back its newest one.
bool MayHoldBackNewest(const ReplayFilter& filter) {
  return filter.until || !filter.category.empty() || !filter.url.empty() ||
         (filter.since && filter.by == ReplayFilter::By::kPublished);
}

bool IsOfCategory(const Event& event, const std::string& category) {
  const auto value = text::JsonDocument::Parse(event.value);
  if (value) {
    if (const auto slug = value->root()["category"]["slug"].string()) {
      return *slug == category;
    }
  }
  // A removal names no category: its topic does, if that is the category's own.
  return event.topic_slug == publish::TopicSlug(category);
}

}  // namespace

bool ReplayFilter::Keeps(const Event& event) const {
  if (!source.empty() && event.ce_source != "urn:newswire:" + source) {
    return false;
  }
  const UtcMillis time = by == By::kPublished ? event.published : event.ce_time;
  if ((since && time < *since) || (until && time >= *until)) {
    return false;
  }
  if (!url.empty() && ::fnmatch(url.c_str(), event.ce_subject.c_str(), 0) != 0) {
    return false;
  }
  return category.empty() || IsOfCategory(event, category);
}

std::string ReplayTopicPattern(const ReplayRequest& request, const config::Config& config) {
  return request.to ? *request.to + "{category}" : config.kafka.topic;
}

Status CheckReplayRequest(const ReplayRequest& request, const config::Config& config) {
  const auto refuse = [](std::string message) {
    return Fail(ErrorKind::kConfig, std::move(message));
  };
  if (request.position && !request.from.empty()) {
    return refuse("--position belongs to the own archive: not with --from");
  }
  if (request.resume && request.position) {
    return refuse("--resume knows the position: not with --position");
  }
  if (request.dry_run && (request.to || request.resume || request.diff)) {
    return refuse("--dry-run publishes nothing: not with --to, --resume or --diff");
  }
  if (request.diff && (request.resume || request.rate)) {
    return refuse("--diff publishes nothing: not with --resume or --rate");
  }
  if (request.rate && *request.rate <= 0) {
    return refuse("--rate needs a number of events a second above 0");
  }
  if (request.to) {
    if (Status status = publish::CheckTopicPattern(*request.to + "{category}"); !status) {
      return WithContext(status.error(), "--to");
    }
  }
  if (!request.from.empty() && request.publishes() && !request.to) {
    return refuse(
        "what --from names goes to topics of its own: say --to PREFIX (or --dry-run, --diff)");
  }
  if (request.publishes() && !request.to && IsCompacted(config) &&
      MayHoldBackNewest(request.filter)) {
    return refuse(
        "the live topics are compacted: --until, --category, --url and --since by published could "
        "leave an older revision as the last of its post; say --to PREFIX");
  }
  return {};
}

}  // namespace newswire::commands
