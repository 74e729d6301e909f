// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <stop_token>

#include "daemon/commands/progress.h"
#include "daemon/commands/replay_diff.h"
#include "daemon/commands/replay_request.h"
#include "daemon/config/config.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// What a replay shows of its events instead of publishing them: their values, one a line, or with
// --diff how they differ from what the topics hold. One thread.
class ReplayView {
 public:
  // With --diff what the topics hold is read first. `out` outlives it.
  static Result<ReplayView> Open(const ReplayRequest& request, const config::Config& config,
                                 const Clock& clock, std::ostream& out, Progress& progress,
                                 const std::stop_token& stop);

  Status Take(std::span<const Event> events);
  // All events of [start, end) were taken. False: there are differences, or not all could be
  // written.
  Result<bool> Finish(Position start, Position end);

 private:
  ReplayView(std::ostream& out, std::unique_ptr<ReplayDiff> diff);

  std::ostream& out_;
  std::unique_ptr<ReplayDiff> diff_;  // null: values are printed
};

}  // namespace newswire::commands
