// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "daemon/archive/reader.h"
#include "daemon/archive/record_stream.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// Puts records together to what a Reader gives: captures, configurations, control records, damage.
// Takes the items of one file after the other, in order. A capture is given only whole; damage that
// touches is one. One thread.
class Assembler {
 public:
  struct Output {
    Item item;
    Position end;  // the first byte after it
  };

  // `foreign`: not of the archive that is read; control records are none there.
  explicit Assembler(bool foreign = false) : foreign_(foreign) {}

  // What follows is of this file.
  void Begin(uint32_t serial, std::string segment);
  void Take(RecordStream::Item item);
  // Nothing follows (in this file, or now).
  void End();

  bool empty() const { return outputs_.empty(); }
  Output Pop();
  void Push(Item item, Position end) { outputs_.push_back({std::move(item), end}); }

 private:
  void TakeGap(Gap gap);
  void TakeRecord(StoredRecord stored);
  void TakeControl(const StoredRecord& stored, Position end);
  void TakeTail(const StoredRecord& tail);
  void GiveForeign(StoredRecord stored);
  void Give(Result<Capture> capture, const StoredRecord& first, uint64_t end);
  void DropHead();
  void AddDamage(uint64_t begin, uint64_t end, std::string reason);
  void FlushDamage();

  const bool foreign_;
  uint32_t serial_ = 0;
  std::string segment_;
  std::optional<StoredRecord> head_;  // of a capture of ours whose metadata record comes next
  std::optional<Damage> damage_;
  std::deque<Output> outputs_;
};

}  // namespace newswire::archive
