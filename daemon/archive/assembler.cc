// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/assembler.h"

#include <algorithm>
#include <utility>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/control_codec.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kNoMetadata = "a capture's first record without its metadata record";
constexpr std::string_view kNoFirst = "a capture's metadata record without its first record";

}  // namespace

void Assembler::Begin(uint32_t serial, std::string segment) {
  serial_ = serial;
  segment_ = std::move(segment);
}

void Assembler::Take(RecordStream::Item item) {
  if (auto* gap = std::get_if<Gap>(&item)) {
    TakeGap(std::move(*gap));
  } else {
    TakeRecord(std::move(std::get<StoredRecord>(item)));
  }
}

void Assembler::End() {
  DropHead();
  FlushDamage();
}

Assembler::Output Assembler::Pop() {
  Output out = std::move(outputs_.front());
  outputs_.pop_front();
  return out;
}

void Assembler::TakeGap(Gap gap) {
  DropHead();
  AddDamage(gap.offset, gap.offset + gap.length, std::move(gap.reason));
}

void Assembler::TakeRecord(StoredRecord stored) {
  if (stored.kind == MemberKind::kCaptureTail) {
    TakeTail(stored);
    return;
  }
  DropHead();
  if (stored.kind == MemberKind::kCaptureHead) {
    FlushDamage();
    head_ = std::move(stored);
    return;
  }
  FlushDamage();
  const Position end(serial_, stored.end);
  if (stored.kind == MemberKind::kWarcInfo) {
    DecodedWarcInfo decoded = DecodeWarcInfo(stored.record);
    if (!decoded.complaint.empty()) {
      Push(Damage{segment_, stored.offset, stored.end - stored.begin, decoded.complaint}, end);
    }
    decoded.info.position = Position(serial_, stored.begin);
    Push(std::move(decoded.info), end);
  } else if (stored.kind == MemberKind::kControl) {
    TakeControl(stored, end);
  } else if (stored.kind == MemberKind::kCaptureWhole) {
    Give(DecodeCapture(nullptr, stored.record), stored, stored.end);
  } else {
    GiveForeign(std::move(stored));
  }
}

// One of an unknown kind is passed over.
void Assembler::TakeControl(const StoredRecord& stored, Position end) {
  Result<std::optional<Control>> control =
      DecodeControl(stored.record, Position(serial_, stored.begin), end);
  if (!control) {
    Push(Damage{segment_, stored.offset, stored.end - stored.begin, control.error().message}, end);
  } else if (control->has_value() && !foreign_) {
    Push(std::move(**control), end);
  }
}

void Assembler::TakeTail(const StoredRecord& tail) {
  const bool matches =
      head_ && StripBrackets(tail.record.Field("WARC-Concurrent-To")) == head_->record.id();
  if (!matches) {
    DropHead();
    AddDamage(tail.offset, tail.end, std::string(kNoFirst));
    return;
  }
  StoredRecord head = std::move(*std::exchange(head_, std::nullopt));
  Give(DecodeCapture(&head.record, tail.record), head, tail.end);
}

void Assembler::GiveForeign(StoredRecord stored) {
  Result<std::optional<Capture>> capture = DecodeForeign(std::move(stored.record));
  if (!capture) {
    Give(std::unexpected(capture.error()), stored, stored.end);
  } else if (capture->has_value()) {
    Give(std::move(**capture), stored, stored.end);
  }
}

void Assembler::Give(Result<Capture> capture, const StoredRecord& first, uint64_t end) {
  const Position after(serial_, end);
  if (!capture) {
    Push(Damage{segment_, first.offset, end - first.begin, capture.error().message}, after);
    return;
  }
  ArchiveAddress& address = capture->address;
  address.segment = segment_;
  address.offset = first.offset;
  address.position = Position(serial_, first.begin);
  address.end = after;
  Push(std::move(*capture), after);
}

void Assembler::DropHead() {
  if (head_) {
    AddDamage(head_->offset, head_->end, std::string(kNoMetadata));
    head_.reset();
  }
}

void Assembler::AddDamage(uint64_t begin, uint64_t end, std::string reason) {
  if (!damage_) {
    damage_ = Damage{segment_, begin, 0, std::move(reason)};
  }
  damage_->length = std::max(damage_->length, end - damage_->offset);
}

void Assembler::FlushDamage() {
  if (damage_) {
    const Position end(serial_, damage_->offset + damage_->length);
    Push(std::move(*damage_), end);
    damage_.reset();
  }
}

}  // namespace newswire::archive
