// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/archive/archive.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// Bytes that are no whole record, skipped up to the next one that is.
struct Damage {
  std::string segment;
  uint64_t offset = 0;  // where it begins
  uint64_t length = 0;  // bytes skipped
  std::string reason;   // "CRC of the gzip member is wrong"
};

// In archive order. A WarcInfo comes before the captures it governs. A Control comes where its
// record lies, for what happens at that position; it is in force before (Reader::controls).
using Item = std::variant<Capture, WarcInfo, Damage, Control>;

// Reads captures in order: live following, rebuilds and replay are this one class. Reads our own
// segments and any other writer's WARC (1.0, 1.1; .warc, .warc.gz with one or many members,
// .warc.zst); a response without metadata record becomes a capture with an empty `metadata.source`.
// One thread at a time. Files are opened one after the other, memory is bounded by the largest
// record (limit 256 MiB; a larger one is Damage).
class Reader {
 public:
  // Called before each read with the end that may be read (the fsynced end of a live archive).
  using Limit = std::function<Position()>;

  // Asked before each read for the control records in force in a live archive.
  using ControlsNow = std::function<std::shared_ptr<const Controls>()>;

  // Our own archive from `from` on, which must be the beginning, or an address.end or .position
  // once given out; kCorruption when it lies past the end or not at a record. The newest WarcInfo
  // that governs `from` is the first item. A segment that is retired while it is to be read is
  // kCorruption too: nothing is passed over in silence. Without `controls` the control records are
  // read from the files: all there are now, wherever `from` and the limit lie, and again with each
  // next segment.
  static Result<std::unique_ptr<Reader>> OpenArchive(const std::filesystem::path& dir,
                                                     Position from, Limit limit,
                                                     ControlsNow controls = {});
  // Foreign files in the given order; positions are (index in the list, offset). Control records in
  // them have no effect: they speak of another archive.
  static Result<std::unique_ptr<Reader>> OpenFiles(std::vector<std::filesystem::path> files);
  ~Reader();

  // The next item; nullopt at the (present) end: with a live archive, ask again after
  // Archive::WaitPast.
  Result<std::optional<Item>> Next();
  Position position() const;  // of the next unread byte
  // The control records in force for the item that Next gave last, before it: all that the archive
  // holds. Never null.
  std::shared_ptr<const Controls> controls() const;

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether a record with this id begins at `position`: what a checkpoint is checked with.
Result<bool> HoldsRecord(const std::filesystem::path& dir, Position position,
                         std::string_view record_id);

// One capture by address (to compare revisions under another pipeline, `archive cat`). kCorruption
// when it is not there.
Result<Capture> ReadCaptureAt(const std::filesystem::path& dir, Position position);
// The same of a file; its address is (0, offset).
Result<Capture> ReadCaptureInFile(const std::filesystem::path& file, uint64_t offset);

}  // namespace newswire::archive
