// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/archive/reader.h"
#include "daemon/bounded_queue.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/post.h"
#include "transforms/model/source.h"

namespace newswire::relay {

// One source's transforms. Any number of threads call it at once; pure.
using Runner = std::function<Transformed(const Capture&)>;
using MakeRunner = std::function<Result<Runner>(const Source&)>;
// The real one: a Pipeline for each source.
MakeRunner PipelineRunners();

// What of the configuration shapes events beside the sources.
struct Limits {
  uint32_t max_topics = 1000;
  size_t max_event_bytes = 900'000;

  bool operator==(const Limits&) const = default;
};
// kafka.max_topics and kafka.max_event_bytes of an effective configuration; `fallback` for what it
// does not say.
Limits LimitsFromConfig(std::string_view config_json, Limits fallback);

struct TransformerOptions {
  int threads = 0;                          // 0: the number of cores
  size_t max_captures = 512;                // in flight: read and not yet taken
  uint64_t max_bytes = uint64_t{64} << 20;  // of their bodies; a larger one goes alone
  MakeRunner make_runner = PipelineRunners();
  Limits limits;  // where the archived configuration does not say

  // A replay's: these sources replace archived ones of the same id, and `limits` the archived ones.
  std::optional<std::vector<Source>> todays_sources;
  // Captures without a source (other writers' WARC) are pages of this one; empty: dead letters.
  std::string foreign_source;

  // Reads a capture again for Reread; kCorruption: it is gone. Empty: all are gone.
  std::function<Result<Capture>(Position)> read_capture;

  // Why a capture is in quarantine; nullopt: it is not. Its transforms are not run: it becomes a
  // dead letter, and Reread takes it as gone. Empty: none is. Called by the threads that read and
  // that call Reread.
  std::function<std::optional<std::string>(Position)> quarantined;

  // The redactions in force, asked after a capture's bytes were read: what they kept of a document
  // stands in the place of what the blanked bytes give. Empty: there are none. Called by the
  // workers and by the thread that calls Reread.
  std::function<std::shared_ptr<const archive::Redactions>()> redactions;
};

// Takes captures from a reader through the transforms of the configuration that governs them, on a
// pool of workers, and gives the answers in the order of the archive: whatever the number of
// threads, the same sequence. A warcinfo puts its sources in force for the captures behind it,
// never for those before it. A capture whose source is not known becomes a dead letter.
//
// Take and Reread belong to one thread. A thread of the transformer's own reads ahead: `next` and
// `make_runner` are called there alone (`make_runner` also by the constructor), so that neither
// reading nor inflating waits for what is taken. It reads as far as `max_captures` and `max_bytes`
// allow, and looks again behind an end only when Take is called. Destruction waits for the read and
// the captures that workers are busy with.
class Transformer {
 public:
  using NextItem = std::function<Result<std::optional<archive::Item>>()>;

  enum class Outcome {
    kCapture,
    kDamage,
    kControl,  // a control record, at its place in the archive
    kEnd,      // the reader has nothing now and nothing is in flight
    kWaiting,  // the next answer was not ready within `wait`
  };
  struct Taken {
    Outcome outcome = Outcome::kEnd;
    Transformed capture;
    archive::Damage damage;
    archive::Control control;
    std::optional<Limits> limits;  // set when other ones are in force from this capture on
  };

  Transformer(NextItem next, TransformerOptions options);
  ~Transformer();
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  // An error is the reader's; the captures before it have been given out.
  Result<Taken> Take(std::chrono::milliseconds wait);

  // An earlier capture through today's transforms: those of the capture last taken. Fits
  // Sequencer's Reread.
  Result<std::optional<Transformed>> Reread(Position capture) const;

 private:
  struct Governing;
  struct Slot;

  bool MayRead() const;  // holding mutex_
  void ReadAhead(const std::stop_token& stop);
  void Accept(archive::Item item);
  void Enqueue(std::shared_ptr<Slot> slot);
  std::shared_ptr<const Governing> Govern(const archive::WarcInfo& info) const;
  void Transform(Slot& slot) const;
  void Work(std::stop_token stop);

  const NextItem next_;
  const TransformerOptions options_;
  BoundedQueue<std::shared_ptr<Slot>> work_;

  // The reading thread's.
  std::shared_ptr<const Governing> reading_;  // in force where the reader is

  // The taking thread's.
  std::shared_ptr<const Governing> taken_;  // in force at the capture last taken

  mutable std::mutex mutex_;                     // guards the following and Slot::done
  std::deque<std::shared_ptr<Slot>> in_flight_;  // order of the archive
  uint64_t bytes_in_flight_ = 0;
  uint64_t asked_ = 0;            // Takes that were begun
  uint64_t answered_ = 0;         // the last of them after whose beginning the reader found its end
  bool at_end_ = false;           // the last read found nothing
  std::optional<Error> failed_;   // of the reader
  std::condition_variable done_;  // for Take: an answer, an end or a failure
  std::condition_variable_any may_read_;  // for the reader: room, or a Take at the end

  std::vector<std::jthread> workers_;  // last: they use all of the above
  std::jthread reader_;
};

}  // namespace newswire::relay
