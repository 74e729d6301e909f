// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/publish/output.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::publish {

// A small file beside the archive that remembers where its events last went. Nothing is ever
// resumed from it: it only makes a start refuse when the output lost what it had.
struct Hint {
  std::string output;    // "kafka", "files", "embedded"
  Position position;     // committed so far; zero: nothing yet
  std::string identity;  // Output::Identity(); empty: not known yet

  bool operator==(const Hint&) const = default;
};

// <data_dir>/archive/hint.json is the usual place. nullopt: there is none; kCorruption: not a hint.
Result<std::optional<Hint>> ReadHint(const std::filesystem::path& file);
// Durable when it returns: temporary file, fsync, rename, fsync of the folder.
Status WriteHint(const std::filesystem::path& file, const Hint& hint);

// What a start knows.
struct StartState {
  std::optional<Hint> hint;              // ReadHint
  std::optional<Checkpoint> checkpoint;  // Output::Open
  std::string misfit;                    // why the archive does not fit it; empty: it does
  bool archive_created = false;          // nothing was ever captured here
  Position archive_end;                  // Archive::durable_end(): where `end` starts
  std::string output;                    // as in Hint
  std::string identity;                  // Output::Identity()
  OnMissingPosition on_missing_position = OnMissingPosition::kStop;
};

// Where the relay starts. Pure.
// - A checkpoint of ours decides, except in a Kafka cluster other than the one the hint names (a
//   mirror, a re-created cluster), and unless the archive does not reach it or holds another record
//   there (restored from a backup, another archive): these count as a missing position.
// - No checkpoint: an archive just made, or a hint of position 0 for this output, start at the
//   beginning, and so does the embedded broker, which forgets everything when it ends.
// - Otherwise the position is missing: on_missing_position says stop (kConfig, with what was found
//   and what can be done), beginning, or end.
Result<Position> DecideStart(const StartState& state);

}  // namespace newswire::publish
