// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "daemon/archive/import_ledger.h"
#include "daemon/archive/reader.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::archive {

// Where imported captures go: the archive itself, or the daemon that owns it. One thread.
class CaptureSink {
 public:
  virtual ~CaptureSink() = default;

  // Queues the capture. An error means that the sink is lost.
  virtual Status Append(Capture capture) = 0;
  // Waits for the oldest answer that was not taken yet, as Archive::Append gives it. There must be
  // one.
  virtual Result<ArchiveAddress> NextAnswer() = 0;
};

struct ImportOptions {
  Source source;  // the captures become captures of it
  // Which of another writer's captures are posts; empty: all answers and files.
  std::function<bool(const Capture&)> is_post;
};

struct ImportCounts {
  uint64_t imported = 0;
  uint64_t known = 0;      // were imported before
  uint64_t passed_by = 0;  // revisits, what is no post
  uint64_t damaged = 0;    // places
  uint64_t failed = 0;     // captures that the archive refused: too large
};

// The capture of `source` that an imported one becomes: date, payload and HTTP header as they are,
// our metadata record, and `refers_to` naming the record it came from. Metadata of a Newswire
// archive is kept but for its source and what only concerned its own first contact. nullopt: it is
// passed by.
std::optional<Capture> ToImport(Capture capture, const ImportOptions& options);

// Imports all that `next` gives, each capture once, whatever interrupted an earlier run: what
// `ledger` knows is not appended again, and it is told only what the archive has acknowledged. A
// capture without a record id has that of its file and offset (`address`). `tell` is called after
// each item. A stop ends it after what was appended is durable: kCancelled.
Status Import(const std::function<Result<std::optional<Item>>()>& next,
              const ImportOptions& options, ImportLedger& ledger, CaptureSink& sink,
              const std::stop_token& stop, ImportCounts& counts, const std::function<void()>& tell);

}  // namespace newswire::archive
