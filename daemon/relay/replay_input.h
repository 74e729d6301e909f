// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/archive/reader.h"
#include "fetchers/sources/folder.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// What a replay reads: our own archive, a copied folder of its segments, or a list of other files.
// Captures come in the order of their positions. One thread.
class ReplayInput {
 public:
  virtual ~ReplayInput() = default;

  // The next item; nullopt at the end as it was when the input was opened.
  virtual Result<std::optional<archive::Item>> Next() = 0;
  // Starts again: the next capture is the first at or beyond `from` (an end or beginning that this
  // input has given, or the first position), with the configuration that governs it before it.
  virtual Status Seek(Position from) = 0;
  // One capture again; kCorruption when it is not there.
  virtual Result<Capture> Read(Position capture) const = 0;

  // For progress: bytes of input, and how much of it has been read.
  virtual uint64_t total_bytes() const = 0;
  virtual uint64_t read_bytes() const = 0;
  // What names this input in checkpoints: the archive's uuid, or one made of the list of files
  // (names, sizes), so that another list does not resume this one's replay.
  virtual std::string uuid() const = 0;
  // Whether positions are those of our own archive, so that ids and revisions repeat what was
  // published.
  virtual bool is_archive() const = 0;
};

// An archive that a daemon may be writing to: read up to its end as it is now. kPermanent: there is
// none.
Result<std::unique_ptr<ReplayInput>> OpenArchiveInput(const std::filesystem::path& dir);

// WARC files, Markdown posts (.md, .markdown), folders of either. A folder that holds segments of
// ours and nothing else is read as the archive that it is. Folders are read by name. Positions of
// all others are (index in the list of files, offset). kPermanent: a path that is none of these, a
// folder without any such file.
Result<std::unique_ptr<ReplayInput>> OpenPathsInput(
    const std::vector<std::filesystem::path>& paths);

}  // namespace newswire::relay
