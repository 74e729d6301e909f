// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/commands/progress.h"
#include "daemon/commands/replay_journal.h"
#include "daemon/commands/replay_request.h"
#include "daemon/config/config.h"
#include "daemon/publish/output.h"
#include "daemon/relay/drain.h"
#include "daemon/relay/pending_batch.h"
#include "daemon/relay/replay_input.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// What a replay publishes into and how far it has come there: the output and its checkpoint, and
// the journal that a resume needs. Sessions begin with Find, then Claim; after a commit whose
// outcome is unknown (kUnknown) a new one begins. One thread.
class ReplayPublication {
 public:
  // All arguments outlive it. A last commit has eight seconds after `stop`.
  ReplayPublication(const ReplayRequest& request, const config::Config& config,
                    const relay::ReplayInput& input, const Clock& clock, Progress& progress,
                    std::stop_token stop);

  struct Place {
    Position begin;  // where this replay began, before it was interrupted
    Position start;  // what lies before it is published already, or is not to be
    publish::Checkpoint committed;
  };
  // Waits for an output that is away. kPermanent: there is nothing to resume; kCancelled: stopped.
  Result<Place> Find();
  // Where the state is kept for a resume; nullptr: nowhere. After the first Find.
  const ReplayJournal* journal() const { return journal_kept_ ? &journal_ : nullptr; }

  // An empty batch of a session that begins at `place`. From here on what the output holds is of
  // this run; nullopt: that could not be settled.
  Result<std::optional<relay::PendingBatch>> Claim(const Place& place);
  Result<publish::Commit> Commit(const publish::Batch& batch);

  // The replay is finished: nothing is kept any more.
  void End();

 private:
  Result<std::optional<publish::Checkpoint>> AskOutput();
  void BeginJournal(Position begin);
  std::string DifferenceInWords() const;

  const ReplayRequest& request_;
  const config::Config& config_;
  const Clock& clock_;
  Progress& progress_;
  const std::stop_token stop_;
  relay::Drain drain_;
  const std::string uuid_;  // of the input
  ReplayJournal journal_;
  std::unique_ptr<publish::Output> output_;
  bool begun_ = false, journal_kept_ = false;
  bool checkpoint_ours_ = false;  // what the output holds was written by this run, or is resumed
};

}  // namespace newswire::commands
