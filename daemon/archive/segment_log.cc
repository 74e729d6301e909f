// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/segment_log.h"

#include <filesystem>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/recovery.h"
#include "daemon/archive/segment_rewrite.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

constexpr size_t kFlushBytes = size_t{1} << 20;  // compressed; written at once

}  // namespace

SegmentLog::SegmentLog(const ArchiveOptions& options, std::string uuid, WarcInfo info,
                       const Clock& clock, RoomWatch& room)
    : options_(options),
      uuid_(std::move(uuid)),
      clock_(clock),
      room_(room),
      info_(std::move(info)),
      encoder_(options.compression_level) {}

Result<SegmentLog::Found> SegmentLog::Open() {
  Result<Found> found = Recover();
  if (!found) {
    return found;
  }
  RotateIfDue();
  if (Status status = Prepare(); status) {
    Commit();
  } else if (status.error().kind != ErrorKind::kTransient) {
    return std::unexpected(status.error());
  }
  if (broken_) {
    return std::unexpected(*broken_);
  }
  return found;
}

// Leaves the newest segment open for appending.
Result<SegmentLog::Found> SegmentLog::Recover() {
  Result<std::vector<Segment>> segments = ListSegments(options_.dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const Result<std::optional<uint32_t>> highest = ReadHighestSerial(options_.dir);
  if (!highest) {
    return std::unexpected(highest.error());
  }
  if (!highest->has_value() && segments->empty()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} is missing: which serials were used is not known",
                            (options_.dir / "serial").native()));
  }
  highest_serial_ = highest->value_or(0);
  if (segments->empty()) {
    durable_.end = Position(highest_serial_, 0);
    return Found{.created = highest_serial_ == 0, .empty = true};
  }
  if (highest_serial_ < segments->back().serial) {
    highest_serial_ = segments->back().serial;
    if (Status status = WriteHighestSerial(options_.dir, highest_serial_); !status) {
      return std::unexpected(status.error());
    }
  }
  Segment& newest = segments->back();
  newest_serial_ = newest.serial;
  if (segments->size() > 1) {
    previous_serial_ = (*segments)[segments->size() - 2].serial;
  }
  Found found;
  Status status = CompleteSums(std::span(*segments).first(segments->size() - 1));
  if (status && !newest.sealed) {
    Result<Tail> tail = Continue(newest);
    status = tail ? Status() : std::unexpected(tail.error());
    found.empty = tail && segments->size() == 1 && !tail->holds_unit;
    found.created = found.empty && highest_serial_ == 1;
  }
  if (status) {
    durable_.end = Position(newest.serial, newest.size);
    status = LoadControls(*segments);
  }
  return status ? Result<Found>(found) : std::unexpected(status.error());
}

Status SegmentLog::CompleteSums(std::span<const Segment> sealed) {
  for (const Segment& old : sealed) {
    if (std::filesystem::exists(SumPath(old.path))) {
      continue;
    }
    const Result<std::string> sum = FileSum(old.path);
    if (!sum) {
      return std::unexpected(sum.error());
    }
    if (Status status = WriteSum(old.path, *sum); !status) {
      return status;
    }
    spdlog::warn("archive: completed the sum of a sealed segment segment={}",
                 old.path.filename().native());
  }
  return {};
}

// Opens the newest segment behind its last whole unit.
Result<Tail> SegmentLog::Continue(Segment& newest) {
  Result<Tail> tail = FindTail(newest.path);
  if (!tail) {
    return tail;
  }
  if (Status status = CutTail(newest, tail->end); !status) {
    return std::unexpected(status.error());
  }
  Result<std::unique_ptr<SegmentWriter>> opened =
      SegmentWriter::Continue(newest.path, newest.serial);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  segment_ = std::move(*opened);
  if (Status status = segment_->Sync(); !status) {
    return std::unexpected(status.error());
  }
  segment_holds_unit_ = tail->holds_unit;
  segment_begun_ = tail->begun.value_or(clock_.Wall());
  newest.size = segment_->size();
  return tail;
}

Status SegmentLog::LoadControls(const std::vector<Segment>& segments) {
  ControlScan scan;
  if (const Result<bool> found = scan.Refresh(segments); !found) {
    return std::unexpected(found.error());
  }
  if (Status status = FinishRewrites(options_.dir, scan.controls()); !status) {
    return status;
  }
  Retired(Position(segments.front().serial, 0));
  durable_.controls = std::make_shared<const Controls>(scan.controls());
  taken_controls_ = written_controls_ = durable_.controls;
  return {};
}

bool SegmentLog::IsFull() const {
  return segment_ != nullptr && segment_holds_unit_ &&
         segment_->size() + buffer_.size() >= options_.segment_size;
}

bool SegmentLog::IsAged() const {
  return segment_ != nullptr && segment_holds_unit_ &&
         clock_.Wall() - segment_begun_ >= options_.segment_age;
}

Status SegmentLog::BeginSegment() {
  if (highest_serial_ == Position::kMaxSerial) {
    return Fail(ErrorKind::kCorruption, "the archive's serials are used up");
  }
  const uint32_t serial = highest_serial_ + 1;
  NEWSWIRE_FAIL_POINT("archive.rotate.before_serial");
  if (Status status = WriteHighestSerial(options_.dir, serial); !status) {
    return status;
  }
  highest_serial_ = serial;
  NEWSWIRE_FAIL_POINT("archive.rotate.before_create");
  Result<std::unique_ptr<SegmentWriter>> made =
      SegmentWriter::Create(options_.dir / SegmentName(options_.instance, serial), serial);
  if (!made) {
    return std::unexpected(made.error());
  }
  NEWSWIRE_FAIL_POINT("archive.rotate.created");
  segment_ = std::move(*made);
  previous_serial_ = std::exchange(newest_serial_, serial);
  segment_holds_unit_ = false;
  segment_begun_ = clock_.Wall();
  info_written_ = false;
  return {};
}

// Those that govern nothing that is left.
void SegmentLog::DropRetiredControls() {
  auto controls = std::make_shared<Controls>(*taken_controls_);
  if (controls->Retire(Position::FromValue(oldest_))) {
    taken_controls_ = std::move(controls);
  }
}

// A segment is open and the configuration in force stands in it.
Status SegmentLog::Prepare() {
  if (broken_) {
    return std::unexpected(*broken_);
  }
  if (segment_ == nullptr) {
    if (Status status = BeginSegment(); !status) {
      return status;
    }
  }
  if (!info_written_) {
    DropRetiredControls();
    Result<std::string> id = encoder_.AppendWarcInfo(info_, taken_controls_->ToJson(), uuid_,
                                                     segment_->path().filename().native(),
                                                     previous_serial_, clock_.Wall(), buffer_);
    if (!id) {
      return std::unexpected(id.error());
    }
    warcinfo_id_ = std::move(*id);
    info_written_ = true;
  }
  return {};
}

void SegmentLog::Take(Unit unit, Archive::Appended done) {
  Result<ArchiveAddress> address = Encode(std::move(unit));
  const bool buffered = address.has_value();
  pending_.push_back({std::move(done), std::move(address), buffered});
  if (buffer_.size() >= kFlushBytes) {
    Flush();
  }
}

// Appends the unit's records to the buffer.
Result<ArchiveAddress> SegmentLog::Encode(Unit unit) {
  if (Status ready = Prepare(); !ready) {
    if (ready.error().kind == ErrorKind::kCorruption) {
      Break(ready.error());
    } else {
      room_.Refused();
    }
    return std::unexpected(ready.error());
  }
  const Position begin(segment_->serial(), segment_->size() + buffer_.size());
  auto* control = std::get_if<Control>(&unit);
  Result<std::string> id;
  if (control == nullptr) {
    id = encoder_.Append(std::get<Capture>(unit), warcinfo_id_, buffer_);
  } else {
    control->date = clock_.Wall();
    id = encoder_.AppendControl(*control, warcinfo_id_, buffer_);
  }
  if (!id) {
    return std::unexpected(id.error());
  }
  segment_holds_unit_ = true;
  const Position end(segment_->serial(), segment_->size() + buffer_.size());
  if (control != nullptr && control->kind != ControlKind::kSnapshotPart) {
    control->position = begin;
    control->end = end;
    auto controls = std::make_shared<Controls>(*taken_controls_);
    controls->Add(std::move(*control));
    taken_controls_ = std::move(controls);
  }
  return ArchiveAddress{.segment = segment_->path().filename(),
                        .offset = begin.offset(),
                        .record_id = std::move(*id),
                        .position = begin,
                        .end = end};
}

void SegmentLog::SetInfo(WarcInfo info) {
  info_ = std::move(info);
  info_written_ = false;
  if (const Status status = Prepare(); !status) {
    spdlog::warn("archive: the configuration is written before the next capture reason=\"{}\"",
                 status.error().message);
  }
}

bool SegmentLog::IsCommitDue() const {
  return unsynced_ + buffer_.size() >= kMaxUnsynced || IsFull();
}

// The archive is read-only from here on.
void SegmentLog::Break(const Error& error) {
  if (!broken_) {
    broken_ = Error{ErrorKind::kCorruption, error.message};
    spdlog::error("archive: nothing more can be archived reason=\"{}\"", error.message);
  }
}

// Writes the buffer. When that fails, the captures in it fail and the file is as before.
void SegmentLog::Flush() {
  if (buffer_.empty() || segment_ == nullptr) {
    return;
  }
  const Status status = broken_ ? Status(std::unexpected(*broken_)) : segment_->Append(buffer_);
  if (status) {
    unsynced_ += buffer_.size();
    written_controls_ = taken_controls_;
    room_.Written();
  } else {
    taken_controls_ = written_controls_;
    info_written_ = false;  // perhaps it was in the buffer; once more does no harm
    if (status.error().kind == ErrorKind::kCorruption) {
      Break(status.error());
    } else {
      room_.Refused();
    }
  }
  for (Pending& one : pending_) {
    if (one.buffered) {
      one.buffered = false;
      if (!status) {
        one.address = std::unexpected(broken_.value_or(status.error()));
      }
    }
  }
  buffer_.clear();
}

std::vector<SegmentLog::Answer> SegmentLog::Commit() {
  Flush();
  if (segment_ != nullptr && !broken_) {
    if (const Status status = segment_->Sync(); !status) {
      Break(status.error());
      for (Pending& one : pending_) {
        if (one.address) {
          one.address = std::unexpected(*broken_);
        }
      }
    }
  }
  unsynced_ = 0;
  if (segment_ != nullptr && !broken_) {
    durable_ = {.end = Position(segment_->serial(), segment_->size()),
                .controls = written_controls_};
  }
  std::vector<Answer> answers;
  for (Pending& one : std::exchange(pending_, {})) {
    if (one.done) {
      answers.push_back({std::move(one.done), std::move(one.address)});
    }
  }
  return answers;
}

void SegmentLog::RotateIfDue() {
  if ((IsFull() || IsAged()) && room_.Look()) {
    Rotate();
  }
}

void SegmentLog::Rotate() {
  if (broken_) {
    return;
  }
  if (const Status status = segment_->Seal(); !status) {
    if (status.error().kind == ErrorKind::kTransient) {
      // No room for the sum: the segment is written on until there is.
      spdlog::warn("archive: a segment cannot be ended yet segment={} reason=\"{}\"",
                   segment_->path().filename().native(), status.error().message);
      room_.Refused();
      return;
    }
    spdlog::warn("archive: a segment's sum is completed at the next start segment={} reason=\"{}\"",
                 segment_->path().filename().native(), status.error().message);
  }
  NEWSWIRE_FAIL_POINT("archive.rotate.sealed");
  segment_.reset();
}

Result<Position> SegmentLog::EndSegment() {
  if (segment_ != nullptr && segment_holds_unit_) {
    Rotate();
  }
  if (broken_) {
    return std::unexpected(*broken_);
  }
  if (segment_ != nullptr && segment_holds_unit_) {
    return Fail(ErrorKind::kTransient, "the segment cannot be ended: no room for its sum");
  }
  // A segment without a unit holds nothing but its head, and is written on.
  return segment_ == nullptr ? durable_.end : Position(segment_->serial(), 0);
}

}  // namespace newswire::archive
