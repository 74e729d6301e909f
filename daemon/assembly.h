// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "daemon/archive/archive.h"
#include "daemon/config/config.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire {

// What a warcinfo record says of a configuration.
archive::WarcInfo DescribeConfiguration(const config::Config& config);
// kafka, files, embedded: as the hint beside the archive names it.
std::string_view OutputName(publish::OutputKind kind);

// What one turn of the status line says.
struct DaemonStatus {
  uint64_t sources = 0, polls = 0, posts_archived = 0, removals = 0;
  uint64_t events = 0, dead_letters = 0, commits = 0;
  uint64_t lag_bytes =
      0;  // archive end minus committed position, within one segment; else of the newest
  bool output_ready = false, paused = false;

  std::string ToLine() const;
};

// The running daemon: intake and relay, joined by the archive. The one place where objects are
// made; read it first.
//
// Create makes everything in the order of the flow and takes the locks; nothing runs yet. Run
// starts the threads and blocks until `stop` is requested, or until a half ends by itself, or, with
// `once`, until the sites are drained and everything is committed. It stops intake first, then the
// relay, which commits what it has within 10 seconds.
class Daemon {
 public:
  static Result<std::unique_ptr<Daemon>> Create(const config::Config& config, const Clock& clock);
  ~Daemon();

  struct RunOptions {
    bool once = false;
    std::function<void()> on_started;                  // both halves run
    std::function<void(const DaemonStatus&)> on_tick;  // about once a second, from Run's thread
    std::function<void()> on_stopping;
  };
  // Success after a stop or a drained `once`; else why it had to end.
  Status Run(std::stop_token stop, const RunOptions& options);

  // Takes over the sources of a new, already validated configuration (call it from on_tick): they
  // take effect at their warcinfo record. What else differs needs a restart and is named in the
  // log.
  void Reconfigure(const config::Config& config);

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace newswire
