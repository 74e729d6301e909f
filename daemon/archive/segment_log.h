// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/archive/capture_codec.h"
#include "daemon/archive/control.h"
#include "daemon/archive/recovery.h"
#include "daemon/archive/room_watch.h"
#include "daemon/archive/segment_writer.h"
#include "fetchers/clock.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// The archive's segments as one log that grows at its end: begins segments and their heads, takes
// units, ends segments that are full or old. What is taken is durable, and is answered, with
// Commit. An I/O error after which the end is not known breaks the log: everything fails with it
// from then on. One thread at a time, but Retired; blocking I/O. Clock and room outlive it.
class SegmentLog {
 public:
  using Unit = std::variant<Capture, Control>;

  // What readers may read.
  struct Durable {
    Position end;
    std::shared_ptr<const Controls> controls = std::make_shared<const Controls>();
  };
  // What was there before.
  struct Found {
    bool created = false;  // nothing was ever captured here
    bool empty = false;    // nothing is captured here now
  };
  struct Answer {
    Archive::Appended done;
    Result<ArchiveAddress> address;
  };

  SegmentLog(const ArchiveOptions& options, std::string uuid, WarcInfo info, const Clock& clock,
             RoomWatch& room);

  // First of all, once: mends what a crash left (an unfinished sum, a torn tail, a rewrite that is
  // not in place) and goes on in the newest segment; its head is durable then, but on a full disk.
  Result<Found> Open();

  void Take(Unit unit, Archive::Appended done);
  // For all units taken from here on.
  void SetInfo(WarcInfo info);
  // Whether what was taken is so much that it should be made durable now.
  bool IsCommitDue() const;
  // Makes durable what was taken. The answers are in the order of Take; give them before anything
  // else is asked of the log.
  std::vector<Answer> Commit();
  const Durable& durable() const { return durable_; }  // as of the last Commit

  // Ends the segment if it is full or old, and the disk has room for its sum.
  void RotateIfDue();
  // After a Commit: ends the segment whatever its size. What lies below the answer is sealed, and
  // no segment there will be written to. kTransient: no room for its sum.
  Result<Position> EndSegment();

  // What lies below was deleted: controls that governed nothing else are out of force with the next
  // segment's head. Any thread.
  void Retired(Position oldest) { oldest_ = oldest.value(); }

 private:
  struct Pending {
    Archive::Appended done;
    Result<ArchiveAddress> address;
    bool buffered = false;  // its bytes are in buffer_, not yet in the file
  };

  Result<Found> Recover();
  static Status CompleteSums(std::span<const Segment> sealed);
  Result<Tail> Continue(Segment& newest);
  Status LoadControls(const std::vector<Segment>& segments);
  Status Prepare();
  Status BeginSegment();
  void DropRetiredControls();
  Result<ArchiveAddress> Encode(Unit unit);
  void Flush();
  void Break(const Error& error);
  bool IsFull() const;
  bool IsAged() const;
  void Rotate();

  const ArchiveOptions options_;
  const std::string uuid_;
  const Clock& clock_;
  RoomWatch& room_;
  std::atomic<uint64_t> oldest_{0};

  WarcInfo info_;
  bool info_written_ = false;
  // In force once all that was taken is written; and when none of what is in `buffer_` is.
  std::shared_ptr<const Controls> taken_controls_ = std::make_shared<const Controls>();
  std::shared_ptr<const Controls> written_controls_ = taken_controls_;
  std::string warcinfo_id_;
  CaptureEncoder encoder_;
  std::unique_ptr<SegmentWriter> segment_;
  uint32_t highest_serial_ = 0;
  std::optional<uint32_t> previous_serial_;  // of the segment before `segment_`
  std::optional<uint32_t> newest_serial_;    // of the last segment there is
  bool segment_holds_unit_ = false;
  UtcMillis segment_begun_;
  std::string buffer_;
  uint64_t unsynced_ = 0;
  std::vector<Pending> pending_;
  Durable durable_;
  std::optional<Error> broken_;
};

}  // namespace newswire::archive
