// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/relay/transformer.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/timestamp.h"

namespace newswire::commands {

// What of the events is published (or printed). Everything is folded whatever is chosen, so that
// revisions are numbered as in a whole replay.
struct ReplayFilter {
  enum class By { kPublished, kFetched };

  std::string source;                     // empty: all
  std::string category;                   // slug; empty: all
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
  bool as_archived = false;  // each capture under the configuration that archived it, not today's
  int threads = 0;           // 0: as configured
  relay::MakeRunner make_runner = relay::PipelineRunners();
};

// The body of `newswired replay`. With `dry_run` the values of the events go to `out`, one a line,
// byte for byte as the live run published them; else everything is published exactly once, whatever
// interrupts it, with the header newswire-replay. Progress and reasons go to `err`: one line that
// is drawn again when `terminal`, else plain lines. Dead letters are published too, and in a dry
// run only counted.
//
// On `stop` it commits what it has and says how to resume (kExitFailed). The daemon may run at the
// same time: its archive is read up to where it ends now, its state is only read.
//
// kExitOk, kExitFailed with the reason on `err`, or kExitUsage when the request contradicts itself.
int Replay(const ReplayRequest& request, const config::Config& config, const Clock& clock,
           std::ostream& out, std::ostream& err, bool terminal, std::stop_token stop);

}  // namespace newswire::commands
