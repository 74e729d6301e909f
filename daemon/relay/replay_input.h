// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/archive/reader.h"
#include "daemon/relay/replay_list.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// What a replay reads: our own archive, a copied folder of its segments, or a list of other files.
// Captures come in the order of their positions. Next, Seek and Extend are called by one thread at
// a time; Read, read_bytes and what is const by any.
class ReplayInput {
 public:
  virtual ~ReplayInput() = default;

  // The next item; nullopt at the end as it was when the input was opened or last extended.
  virtual Result<std::optional<archive::Item>> Next() = 0;
  // Starts again: the next capture is the first at or beyond `from` (an end or beginning that this
  // input has given, or the first position), with the configuration that governs it before it.
  virtual Status Seek(Position from) = 0;
  // After an end: whether there is more by now. Only an archive grows.
  virtual Result<bool> Extend() { return false; }
  // One capture again; kCorruption when it is not there.
  virtual Result<Capture> Read(Position capture) const = 0;

  // The control records in force for what was read last: all that the archive holds. Null: it is no
  // archive of ours. Any thread.
  virtual std::shared_ptr<const archive::Controls> controls() const { return nullptr; }
  // The first byte after an archive, as far as it is read; the first position for other input.
  virtual Position end() const { return {}; }
  // For progress: bytes of input, and how much of it has been read.
  virtual uint64_t total_bytes() const = 0;
  virtual uint64_t read_bytes() const = 0;
  // What names this input in checkpoints: the archive's uuid, or one made of the list of files
  // (names, sizes, samples of their bytes), so that another list does not resume this one's replay.
  virtual std::string uuid() const = 0;
  // The files of foreign input; nullptr for an archive, whose positions are its own, so that ids
  // and revisions repeat what was published.
  virtual const ReplayList* list() const { return nullptr; }
  // An archive's folder.
  virtual std::optional<std::filesystem::path> archive_dir() const { return std::nullopt; }
};

// An archive that a daemon may be writing to: read up to its end as it is now. Bytes behind the
// last whole capture of a segment that is still written are not yet part of it. No segment of it is
// retired as long as the input lives, unless the folder cannot be written to, which is logged.
// kPermanent: there is none.
Result<std::unique_ptr<ReplayInput>> OpenArchiveInput(const std::filesystem::path& dir);

// Files and folders as ListReplayFiles takes them. One folder that holds segments of ours and
// nothing else is read as the archive that it is. Positions of all others are (index in the list of
// files, offset): of a WARC's record in the file, of a member's header in the uncompressed tar.
Result<std::unique_ptr<ReplayInput>> OpenPathsInput(
    const std::vector<std::filesystem::path>& paths);

// A list of files; what OpenPathsInput opens where there is no archive.
std::unique_ptr<ReplayInput> OpenListInput(ReplayList list);

}  // namespace newswire::relay
