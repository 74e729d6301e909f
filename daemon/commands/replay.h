// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <stop_token>

#include "daemon/commands/replay_request.h"
#include "daemon/config/config.h"
#include "fetchers/clock.h"

namespace newswire::commands {

// The body of `newswired replay`. With `dry_run` the values of the events go to `out`, one a line,
// byte for byte as the live run published them; with `diff` a line per difference from what the
// topics hold, and a summary; else everything is published exactly once, whatever interrupts it,
// with the header newswire-replay. Progress and reasons go to `err`: one line that is drawn again
// when `terminal`, else plain lines. Dead letters are published too, in a dry run only counted, and
// not compared.
//
// On `stop` it commits what it has and says how to resume (kExitFailed). The daemon may run at the
// same time: its archive is read up to where it ends now (into the live topics: up to where it ends
// after the last commit), its state is only read. What is needed to resume is kept in
// <data_dir>/state/replays.
//
// kExitOk, kExitFailed with the reason on `err` (also when `diff` found a difference), or
// kExitUsage when the request contradicts itself.
int Replay(const ReplayRequest& request, const config::Config& config, const Clock& clock,
           std::ostream& out, std::ostream& err, bool terminal, std::stop_token stop);

}  // namespace newswire::commands
