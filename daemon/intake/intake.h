// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/frontier/frontier.h"
#include "daemon/intake/context.h"
#include "fetchers/clock.h"
#include "fetchers/politeness/host_budget.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::intake {

// The intake half: discovery -> frontier -> fetch -> archive, as one event loop over curl_multi.
// Brings bytes in and archives them; knows nothing of what they mean beyond their links.
//
// Run is the loop, on the thread that calls it; the engine, frontier and fetcher are used by that
// thread only. The archive, engine, frontier and clock outlive the Intake. On stop nothing new is
// started, what was archived is waited for (the archive acknowledges within its sync interval) and
// recorded; fetches under way are abandoned: they are still due at the next start.
class Intake {
 public:
  Intake(IntakeOptions options, std::vector<Source> sources, const std::string& user_agent,
         archive::Archive& archive, frontier::Frontier& frontier, transports::HttpEngine& engine,
         const Clock& clock);
  ~Intake();

  // Ends with kCancelled after a stop, or with the error that nothing here can mend (frontier or
  // archive unusable). While a disk has no room nothing new is started; when the frontier cannot be
  // written (kTransient) all that is under way is dropped, and after a pause of 1 s, doubling to 5
  // min, fetching goes on from what the frontier holds.
  Status Run(std::stop_token stop);

  // Replaces the sources, from any thread: takes effect at the loop's next turn. Sources that stay
  // keep what they have in flight.
  void SetSources(std::vector<Source> sources);

  // Every source was asked since the start (or is not due within 30 s), nothing is due now, and all
  // that was fetched is on disk. Any thread.
  bool drained() const { return drained_.load(); }
  const IntakeCounters& counters() const;

 private:
  struct Impl;
  struct Session;
  void Pause(const Error& why, std::chrono::milliseconds pause, const std::stop_token& stop);
  std::unique_ptr<Impl> impl_;
  std::atomic<bool> drained_{false};
};

}  // namespace newswire::intake
