// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/relay/replay_list.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// What a replay keeps in <data_dir>/state/replays until it is finished, so that --resume goes on
// from it: the position it began at, the list of its input, and its sequencer state. Without them a
// resume still finds its position in the output and folds again what lies below. One thread.
class ReplayJournal {
 public:
  // `uuid` is the input's; `list` its files, nullptr for an archive.
  ReplayJournal(const std::filesystem::path& data_dir, std::string uuid,
                const relay::ReplayList* list);

  // A new replay of this input begins at `start`: what an older one left is removed. An error means
  // that nothing is kept.
  Status Begin(Position start);
  // Where the replay that is to be resumed began; nullopt when nothing is known of it.
  std::optional<Position> Start() const;
  // The sequencer state of this input's replay.
  std::filesystem::path state_file() const { return folder_ / (uuid_ + ".db"); }
  // What the input has that the one last replayed from has not, in words; "" when nothing is known.
  std::string Difference() const;
  // The replay is finished. An error means that something is left, which the next one removes.
  Status End();

 private:
  std::filesystem::path start_file() const { return folder_ / (uuid_ + ".start"); }
  std::filesystem::path list_file(const std::string& uuid) const {
    return folder_ / (uuid + ".inputs");
  }

  const std::filesystem::path folder_;
  const std::string uuid_;
  const relay::ReplayList* const list_;
};

}  // namespace newswire::commands
