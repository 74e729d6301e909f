// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/publish/output.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

struct RelayOptions {
  std::filesystem::path archive_dir;
  std::filesystem::path state_dir;  // sequencer.db
  int threads = 0;                  // of the transform pool; 0: the number of cores
  publish::KafkaOptions kafka;  // commit cadence, max_topics, max_event_bytes, on_missing_position
  std::string output_name;  // "kafka", "files", "embedded": the hint beside the archive names it
};

// What the relay did: read by STATUS lines, `check`, tests. Any thread.
struct RelayCounters {
  std::atomic<uint64_t> captures{0}, events{0}, dead_letters{0}, commits{0}, rewinds{0}, damage{0};
  std::atomic<uint64_t> committed{0};  // Position::value
  std::atomic<bool> output_ready{false};
};

// Reader -> transform pool -> sequencer -> output. Live: from the last committed position,
// following the archive. Run blocks until stop (kCancelled is success) or until the process must
// end (fenced, wrong topics, missing position): the error then says why.
//
// Threads: Run's own reads, sequences and publishes; `threads` workers run pipelines, answers are
// taken in archive order. On stop it commits what it has within 10 s. Every position it starts from
// comes from the output; the state is rewound to it or folded up to it without publishing.
class Relay {
 public:
  Relay(RelayOptions options, publish::Output& output, const archive::Archive& archive,
        const Clock& clock);
  ~Relay();

  Status Run(std::stop_token stop);
  const RelayCounters& counters() const { return counters_; }

 private:
  RelayOptions options_;
  publish::Output& output_;
  const archive::Archive& archive_;
  const Clock& clock_;
  RelayCounters counters_;
};

}  // namespace newswire::relay
