// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/reader.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/control_codec.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/record_stream.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kNoMetadata = "a capture's first record without its metadata record";
constexpr std::string_view kNoFirst = "a capture's metadata record without its first record";

Result<Segment> SegmentOf(const std::filesystem::path& dir, uint32_t serial) {
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const auto found = std::ranges::find(*segments, serial, &Segment::serial);
  if (found == segments->end()) {
    return Fail(ErrorKind::kCorruption, fmt::format("{} has no segment {}", dir.native(), serial));
  }
  return *found;
}

// Puts records together to captures. Takes the items of one file in order and gives what they are.
class Assembler {
 public:
  struct Output {
    Item item;
    Position end;
  };

  // `foreign`: not of the archive that is read; control records are none there.
  explicit Assembler(bool foreign = false) : foreign_(foreign) {}

  void Begin(uint32_t serial, std::string segment) {
    serial_ = serial;
    segment_ = std::move(segment);
  }

  void Take(RecordStream::Item item) {
    if (auto* gap = std::get_if<Gap>(&item)) {
      TakeGap(std::move(*gap));
    } else {
      TakeRecord(std::move(std::get<StoredRecord>(item)));
    }
  }

  // Nothing follows (in this file, or now).
  void End() {
    DropHead();
    FlushDamage();
  }

  bool empty() const { return outputs_.empty(); }
  Output Pop() {
    Output out = std::move(outputs_.front());
    outputs_.pop_front();
    return out;
  }
  void Push(Item item, Position end) { outputs_.push_back({std::move(item), end}); }

 private:
  void TakeGap(Gap gap) {
    DropHead();
    AddDamage(gap.offset, gap.offset + gap.length, std::move(gap.reason));
  }

  void TakeRecord(StoredRecord stored) {
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
  void TakeControl(const StoredRecord& stored, Position end) {
    Result<std::optional<Control>> control =
        DecodeControl(stored.record, Position(serial_, stored.begin), end);
    if (!control) {
      Push(Damage{segment_, stored.offset, stored.end - stored.begin, control.error().message},
           end);
    } else if (control->has_value() && !foreign_) {
      Push(std::move(**control), end);
    }
  }

  void TakeTail(const StoredRecord& tail) {
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

  void GiveForeign(StoredRecord stored) {
    Result<std::optional<Capture>> capture = DecodeForeign(std::move(stored.record));
    if (!capture) {
      Give(std::unexpected(capture.error()), stored, stored.end);
    } else if (capture->has_value()) {
      Give(std::move(**capture), stored, stored.end);
    }
  }

  void Give(Result<Capture> capture, const StoredRecord& first, uint64_t end) {
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

  void DropHead() {
    if (head_) {
      AddDamage(head_->offset, head_->end, std::string(kNoMetadata));
      head_.reset();
    }
  }

  void AddDamage(uint64_t begin, uint64_t end, std::string reason) {
    if (!damage_) {
      damage_ = Damage{segment_, begin, 0, std::move(reason)};
    }
    damage_->length = std::max(damage_->length, end - damage_->offset);
  }

  void FlushDamage() {
    if (damage_) {
      const Position end(serial_, damage_->offset + damage_->length);
      Push(std::move(*damage_), end);
      damage_.reset();
    }
  }

  const bool foreign_;
  uint32_t serial_ = 0;
  std::string segment_;
  std::optional<StoredRecord> head_;  // of a capture of ours whose metadata record comes next
  std::optional<Damage> damage_;
  std::deque<Output> outputs_;
};

// Where the records that govern `from` lie, and whether `from` is a place to read from.
struct Governing {
  std::vector<uint64_t> warcinfos;  // offsets below `from`, in order
};

Result<Governing> WalkTo(const Segment& segment, uint64_t from, uint64_t limit) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment.path);
  if (!stream) {
    return std::unexpected(stream.error());
  }
  if (Status status = (*stream)->SetLimit(limit); !status) {
    return std::unexpected(status.error());
  }
  const auto wrong = [&](std::string_view why) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{}: {} at offset {}", segment.path.filename().native(), why, from));
  };
  Governing governing;
  bool after_head = false;
  while ((*stream)->position() <= from) {
    const Result<std::optional<RecordStream::Item>> item = (*stream)->Skim();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      if ((*stream)->position() < from) {
        return wrong("the segment ends before the position");
      }
      break;
    }
    const auto* record = std::get_if<StoredRecord>(&**item);
    if (record == nullptr) {
      after_head = false;
      continue;  // a position inside damage cannot be judged
    }
    if (record->begin >= from) {
      if (record->begin == from && after_head && record->kind == MemberKind::kCaptureTail) {
        return wrong("no capture begins");
      }
      break;
    }
    if (record->end > from) {
      return wrong("no record begins");
    }
    after_head = record->kind == MemberKind::kCaptureHead;
    if (record->kind == MemberKind::kWarcInfo) {
      governing.warcinfos.push_back(record->offset);
    }
  }
  return governing;
}

}  // namespace

struct Reader::Impl {
  explicit Impl(bool foreign) : assembler(foreign) {}

  std::filesystem::path dir;  // of an archive; empty for files
  Limit limit;
  std::vector<std::filesystem::path> files;

  std::unique_ptr<RecordStream> stream;
  uint32_t serial = 0;  // of the open segment, or the last one; index of the file
  bool begun = false;   // a file was opened
  uint64_t start = 0;   // offset in the first segment
  Assembler assembler;
  Position position;
  ControlsNow controls_now;  // empty: from the files
  ControlScan scan;
  std::shared_ptr<const Controls> controls = std::make_shared<const Controls>();

  bool IsArchive() const { return !dir.empty(); }
  Position End() const { return limit ? limit() : Position::FromValue(UINT64_MAX >> 1); }

  Result<bool> OpenNext(Position end);
  Status OpenStream(const std::filesystem::path& path, uint32_t number, uint64_t offset);
  Result<bool> Advance();
  Status RefreshControls(const std::vector<Segment>& segments);
};

Status Reader::Impl::RefreshControls(const std::vector<Segment>& segments) {
  if (controls_now) {
    controls = controls_now();
    return {};
  }
  const Result<bool> changed = scan.Refresh(segments);
  if (!changed) {
    return std::unexpected(changed.error());
  }
  if (*changed) {
    controls = std::make_shared<const Controls>(scan.controls());
  }
  return {};
}

Status Reader::Impl::OpenStream(const std::filesystem::path& path, uint32_t number,
                                uint64_t offset) {
  Result<std::unique_ptr<RecordStream>> opened = RecordStream::Open(path, offset);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  stream = std::move(*opened);
  serial = number;
  begun = true;
  position = Position(number, offset);
  assembler.Begin(number, path.filename());
  return {};
}

// The file after the present one; false when there is none that may be read.
Result<bool> Reader::Impl::OpenNext(Position end) {
  if (!IsArchive()) {
    const size_t next = begun ? size_t{serial} + 1 : 0;
    if (next >= files.size()) {
      return false;
    }
    if (Status status = OpenStream(files[next], static_cast<uint32_t>(next), 0); !status) {
      Error error = status.error();
      error.kind = ErrorKind::kConfig;  // named by the user
      return std::unexpected(error);
    }
    return true;
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (Status status = RefreshControls(*segments); !status) {
    return std::unexpected(status.error());
  }
  for (const Segment& segment : *segments) {
    const bool wanted = begun ? segment.serial > serial : segment.serial >= position.serial();
    if (!wanted) {
      continue;
    }
    if (segment.serial > end.serial()) {
      return false;
    }
    Status status = OpenStream(segment.path, segment.serial, begun ? 0 : start);
    if (!status && status.error().kind == ErrorKind::kTransient) {
      continue;  // retired just now
    }
    if (!status) {
      return std::unexpected(status.error());
    }
    return true;
  }
  return false;
}

// Reads on until there is something to give; false at the present end.
Result<bool> Reader::Impl::Advance() {
  while (assembler.empty()) {
    const Position end = End();  // before the file's size is asked for
    if (stream == nullptr) {
      const Result<bool> opened = OpenNext(end);
      if (!opened || !*opened) {
        return opened;
      }
    }
    const bool last = end.serial() <= serial && IsArchive();
    const uint64_t most = end.serial() < serial    ? 0
                          : end.serial() == serial ? end.offset()
                                                   : UINT64_MAX;
    if (Status status = stream->SetLimit(IsArchive() ? most : UINT64_MAX); !status) {
      return std::unexpected(status.error());
    }
    Result<std::optional<RecordStream::Item>> item = stream->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (item->has_value()) {
      assembler.Take(std::move(**item));
      continue;
    }
    // A live archive ends after a whole capture; elsewhere nothing will complete what is torn.
    assembler.End();
    if (!assembler.empty()) {
      continue;
    }
    if (last) {
      return false;
    }
    const uint64_t read_to = stream->position();
    const Result<bool> opened = OpenNext(end);
    if (!opened) {
      return opened;
    }
    if (!*opened) {
      position = Position(serial, read_to);
      return false;
    }
  }
  return true;
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::OpenArchive(const std::filesystem::path& dir, Position from,
                                                    Limit limit, ControlsNow controls) {
  auto impl = std::make_unique<Impl>(false);
  impl->dir = dir;
  impl->limit = std::move(limit);
  impl->controls_now = std::move(controls);
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (Status status = impl->RefreshControls(*segments); !status) {
    return std::unexpected(status.error());
  }
  if (from == Position{}) {
    return std::unique_ptr<Reader>(new Reader(std::move(impl)));
  }
  const Position end = impl->End();
  if (from > end) {
    return Fail(
        ErrorKind::kCorruption,
        fmt::format("position {} lies past the end of the archive, {}", from.ToHex(), end.ToHex()));
  }
  const Result<Segment> segment = SegmentOf(dir, from.serial());
  if (!segment) {
    return std::unexpected(segment.error());
  }
  const uint64_t most = end.serial() == from.serial() ? end.offset() : UINT64_MAX;
  const Result<Governing> governing = WalkTo(*segment, from.offset(), most);
  if (!governing) {
    return std::unexpected(governing.error());
  }
  if (Status status = impl->OpenStream(segment->path, from.serial(), from.offset()); !status) {
    return std::unexpected(status.error());
  }
  // The newest that is whole.
  for (size_t i = governing->warcinfos.size(); i-- > 0;) {
    const Result<std::optional<StoredRecord>> record =
        RecordAt(segment->path, governing->warcinfos[i]);
    if (!record) {
      return std::unexpected(record.error());
    }
    if (record->has_value()) {
      DecodedWarcInfo decoded = DecodeWarcInfo((*record)->record);
      decoded.info.position = Position(from.serial(), (*record)->begin);
      impl->assembler.Push(std::move(decoded.info), from);
      break;
    }
  }
  return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

Result<std::unique_ptr<Reader>> Reader::OpenFiles(std::vector<std::filesystem::path> files) {
  if (files.size() > Position::kMaxSerial) {
    return Fail(ErrorKind::kConfig, "too many files at once");
  }
  for (const std::filesystem::path& file : files) {
    const Result<FileBytes> opened = FileBytes::Open(file);
    if (!opened) {
      return Fail(ErrorKind::kConfig, opened.error().message);
    }
    if (opened->limit() > Position::kMaxOffset) {
      return Fail(ErrorKind::kConfig, fmt::format("{} is too large", file.native()));
    }
  }
  auto impl = std::make_unique<Impl>(true);
  impl->files = std::move(files);
  return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

Result<std::optional<Item>> Reader::Next() {
  const Result<bool> more = impl_->Advance();
  if (!more) {
    return std::unexpected(more.error());
  }
  if (!*more) {
    return std::nullopt;
  }
  Assembler::Output out = impl_->assembler.Pop();
  impl_->position = out.end;
  if (impl_->controls_now) {
    impl_->controls = impl_->controls_now();
  }
  return std::optional<Item>(std::move(out.item));
}

Position Reader::position() const { return impl_->position; }
std::shared_ptr<const Controls> Reader::controls() const { return impl_->controls; }

Result<bool> HoldsRecord(const std::filesystem::path& dir, Position position,
                         std::string_view record_id) {
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const auto found = std::ranges::find(*segments, position.serial(), &Segment::serial);
  if (found == segments->end()) {
    return false;
  }
  const Result<std::optional<StoredRecord>> record = RecordAt(found->path, position.offset());
  if (!record) {
    return std::unexpected(record.error());
  }
  return record->has_value() && (*record)->record.id() == record_id;
}

namespace {

Result<Capture> ReadCapture(const std::filesystem::path& file, Position position) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(file, position.offset());
  if (!stream) {
    return std::unexpected(stream.error());
  }
  Assembler assembler;
  assembler.Begin(position.serial(), file.filename());
  while (assembler.empty()) {
    Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      break;
    }
    assembler.Take(std::move(**item));
  }
  if (!assembler.empty()) {
    Assembler::Output out = assembler.Pop();
    auto* capture = std::get_if<Capture>(&out.item);
    if (capture != nullptr && capture->address.position == position) {
      return std::move(*capture);
    }
  }
  return Fail(ErrorKind::kCorruption, fmt::format("{}: no whole capture at offset {}",
                                                  file.filename().native(), position.offset()));
}

}  // namespace

Result<Capture> ReadCaptureAt(const std::filesystem::path& dir, Position position) {
  const Result<Segment> segment = SegmentOf(dir, position.serial());
  if (!segment) {
    return std::unexpected(segment.error());
  }
  return ReadCapture(segment->path, position);
}

Result<Capture> ReadCaptureInFile(const std::filesystem::path& file, uint64_t offset) {
  return ReadCapture(file, Position(0, offset));
}

}  // namespace newswire::archive
