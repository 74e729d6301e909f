// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/publish/output.h"
#include "daemon/relay/relay.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// Where the sessions of one run start, and the hint beside the archive that a later run needs to
// tell (publish/hint.h has the rules). The relay's thread; what it is made with outlives it.
class Start {
 public:
  // `begun_at` is where the archive ended before this process appended anything to it.
  Start(const RelayOptions& options, const publish::Output& output, const archive::Archive& archive,
        Position begun_at, const Clock& clock);

  struct Place {
    Position position;
    bool committed = false;  // it is the output's checkpoint
  };
  // `checkpoint` is what Output::Open gave. kConfig: the operator must say from where.
  Result<Place> Find(const std::optional<publish::Checkpoint>& checkpoint);
  // The output is given something: from here on its checkpoint may lie in what this process
  // archived.
  void Publishing() { published_ = true; }

  // Keeps the hint: once a second at most, unless `now`; on a full disk once a minute. What cannot
  // be written is logged.
  void Remember(const publish::Checkpoint& committed, bool now);

  // Says in an archive that holds nothing yet that nothing was published from it, unless a hint is
  // there. To be durable before anything is appended.
  static Status WriteFirstHint(const RelayOptions& options);

 private:
  Result<std::string> MisfitOf(const publish::Checkpoint& checkpoint) const;

  const RelayOptions& options_;
  const publish::Output& output_;
  const archive::Archive& archive_;
  const Position begun_at_;
  const Clock& clock_;

  bool published_ = false;          // or tried to
  bool committed_ = false;          // the output has something of this archive
  std::optional<Position> chosen_;  // by on_missing_position: the end of then, not of now
  SteadyTime written_{};
  std::optional<Position> remembered_;
  std::optional<SteadyTime> failed_;  // to write the hint, when
};

}  // namespace newswire::relay
