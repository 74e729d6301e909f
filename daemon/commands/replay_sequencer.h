// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/commands/replay_journal.h"
#include "daemon/commands/replay_request.h"
#include "daemon/config/config.h"
#include "daemon/relay/sequencer.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// Where a replay's sequencer state comes from. `begin` is where the replay began, `start` how far
// it had come when it was interrupted (the same where it was not).
struct ReplayStart {
  std::string uuid;  // of the input
  Position begin, start;
  // Where the state is kept for a resume; nullptr: nowhere.
  const ReplayJournal* journal = nullptr;
  // Of which posts no event is made.
  std::function<bool(std::string_view post)> redacted = {};
  relay::Retired retired = {};
};

// The state as of `begin`, rewound to `start` where it has been there already; else the captures
// from its `folded()` up to `start` are to be folded without publishing. From the beginning it is a
// new one, or the one that the journal keeps; from the middle of the own archive a copy of the
// daemon's, or, where that cannot be read, a new one. The daemon's own is never written. Into the
// live topics it takes over the live map of slugs to topics. `say` hears what an operator should
// know.
Result<std::unique_ptr<relay::Sequencer>> OpenReplaySequencer(
    const ReplayRequest& request, const config::Config& config, const ReplayStart& start,
    const relay::Reread& reread, const std::function<void(const std::string&)>& say);

}  // namespace newswire::commands
