// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/relay/transformer.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/position.h"
#include "transforms/model/timestamp.h"

namespace newswire::commands {

// What of the events is published (or printed). Everything is folded whatever is chosen, so that
// revisions are numbered as in a whole replay.
struct ReplayFilter {
  enum class By { kPublished, kFetched };

  std::string source;                     // empty: all
  std::string category;                   // slug; empty: all
  std::string url;                        // of the post, with * ? [...]; empty: all
  std::optional<UtcMillis> since, until;  // [since, until)
  By by = By::kPublished;  // published_at, or when it was fetched where a post has no date

  bool Keeps(const Event& event) const;
};

struct ReplayRequest {
  std::vector<std::filesystem::path> from;  // empty: the archive of data_dir
  std::optional<Position> position;         // of the own archive; absent: its beginning
  ReplayFilter filter;  // `source` also says which source's pages captures of other writers are
  std::optional<std::string> to;  // topics <to><category>; absent: the live topics
  std::optional<double> rate;     // events per second
  bool resume = false;            // go on where the last replay of this input stopped
  bool dry_run = false;           // print values, publish nothing
  bool diff = false;              // compare with what the topics hold, publish nothing
  bool as_archived = false;  // each capture under the configuration that archived it, not today's
  int threads = 0;           // 0: as configured
  relay::MakeRunner make_runner = relay::PipelineRunners();

  bool publishes() const { return !dry_run && !diff; }
  // Into the topics of the live daemon, or compared with them: its map of topics is used.
  bool into_live() const { return !to && !dry_run; }
};

// kConfig, with the options that contradict each other or the configuration.
Status CheckReplayRequest(const ReplayRequest& request, const config::Config& config);

// The topic pattern of `--to`, or the configured one.
std::string ReplayTopicPattern(const ReplayRequest& request, const config::Config& config);

}  // namespace newswire::commands
