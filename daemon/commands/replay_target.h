// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "daemon/commands/replay_request.h"
#include "daemon/publish/output.h"
#include "daemon/publish/topic_reader.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::commands {

// Where a replay of the input `uuid` publishes: the topics of --to or the live ones, under the
// replay's own transactional id; with `output: files`, the folder <data_dir>/replay.
std::unique_ptr<publish::Output> MakeReplayOutput(const ReplayRequest& request,
                                                  const config::Config& config,
                                                  const std::string& uuid, const Clock& clock);

// What those topics hold now; with `output: files`, the live ones are in <data_dir>/topics.
Result<std::unique_ptr<publish::TopicReader>> OpenReplayTopics(const ReplayRequest& request,
                                                               const config::Config& config,
                                                               const Clock& clock);

// Whether the configuration makes the topics compacted.
bool IsCompacted(const config::Config& config);

}  // namespace newswire::commands
