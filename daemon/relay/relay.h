// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/publish/output.h"
#include "daemon/relay/transformer.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

struct RelayOptions {
  std::filesystem::path archive_dir;
  std::filesystem::path state_dir;  // sequencer.db
  int threads = 0;                  // of the transform pool; 0: the number of cores
  publish::KafkaOptions kafka;  // commit cadence, max_topics, max_event_bytes, on_missing_position
  std::string output_name;  // "kafka", "files", "embedded": the hint beside the archive names it
  archive::RetentionOptions retention;
  // How long a stop may take: what is gathered is committed until then, else left for the next
  // start.
  std::chrono::milliseconds drain{8000};
  MakeRunner make_runner = PipelineRunners();
};

// What the relay did: read by STATUS lines, `check`, tests. Any thread.
struct RelayCounters {
  std::atomic<uint64_t> captures{0}, events{0}, dead_letters{0}, commits{0}, rewinds{0}, damage{0};
  std::atomic<uint64_t> folded{0};            // captures taken into the state without publishing
  std::atomic<uint64_t> ignored_rechecks{0};  // challenge pages, soft 404s
  std::atomic<uint64_t> rebuilds{0};          // of a damaged sequencer state
  std::atomic<uint64_t> snapshots{0};         // of the state, written to the archive
  std::atomic<uint64_t> retired_segments{0};
  std::atomic<uint64_t> committed{0};  // Position::value
  // Everything below this Position::value is sequenced and none of its events waits: reaches the
  // archive's end when there is nothing left to do, even where `committed` lags behind because the
  // last captures gave no event.
  std::atomic<uint64_t> settled{0};
  std::atomic<bool> output_ready{false};
};

// Reader -> transform pool -> sequencer -> output. Live: from the last committed position,
// following the archive. Every position it starts from comes from the output; the state is rewound
// to it or folded up to it without publishing. The order in which things become durable: state
// rows, then events and position in one transaction of the output; so a crash between the two
// leaves rows beyond the committed position, which the next start drops.
//
// Threads: Run's own reads, sequences and publishes; `threads` workers run pipelines; one watches
// the deadline of a stop. `output` and `archive` outlive the relay; `output` is used by Run alone.
class Relay {
 public:
  Relay(RelayOptions options, publish::Output& output, archive::Archive& archive,
        const Clock& clock);
  ~Relay();

  // For an archive just made: writes the first hint beside it. Call it before anything is appended;
  // a crash before it, with captures after it, would look like an output that lost its position.
  // Does nothing to a hint that is there. Run calls it too.
  Status Prepare();

  // Blocks until stop, which is success, or until the process must end; the error then says why:
  // kPermanent (fenced), kConfig (wrong topics, missing position, an archive that does not hold
  // what was committed), kCorruption (the archive cannot be read on). Waits as long as the output
  // is away or the disk is full. On stop it commits what it has within `drain`.
  Status Run(std::stop_token stop);
  const RelayCounters& counters() const { return counters_; }

 private:
  RelayOptions options_;
  publish::Output& output_;
  archive::Archive& archive_;
  const Clock& clock_;
  std::optional<Position> begun_at_;  // the archive's end at the first Prepare
  RelayCounters counters_;
};

}  // namespace newswire::relay
