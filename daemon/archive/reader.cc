// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/assembler.h"
#include "daemon/archive/control_scan.h"
#include "daemon/archive/file_bytes.h"
#include "daemon/archive/governing.h"
#include "daemon/archive/record_stream.h"

namespace newswire::archive {
namespace {

Result<Segment> SegmentOf(const std::filesystem::path& dir, uint32_t serial) {
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const auto found = std::ranges::find(*segments, serial, &Segment::serial);
  if (found == segments->end()) {
    const bool retired = !segments->empty() && serial < segments->front().serial;
    return Fail(
        ErrorKind::kCorruption,
        retired ? fmt::format("{} has no segment {} any more: its oldest position is {}",
                              dir.native(), serial, Position(segments->front().serial, 0).ToHex())
                : fmt::format("{} has no segment {}", dir.native(), serial));
  }
  return *found;
}

}  // namespace

struct Reader::Impl {
  explicit Impl(bool foreign) : assembler(foreign) {}

  std::filesystem::path dir;  // of an archive; empty for files
  Limit limit;
  std::vector<std::filesystem::path> files;

  std::unique_ptr<RecordStream> stream;
  uint32_t serial = 0;                  // of the open segment, or the last one; index of the file
  bool begun = false;                   // a file was opened
  uint64_t start = 0;                   // offset in the first segment
  std::optional<uint32_t> listed_next;  // the segment behind the open one, when it was there
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
  Status RefreshControls();
  std::unexpected<Error> Retired(uint32_t gone) const;
};

// After a segment was opened: what was taken out of the bytes that are now read was recorded
// before.
Status Reader::Impl::RefreshControls() {
  if (controls_now) {
    controls = controls_now();
    return {};
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  const Result<bool> changed = scan.Refresh(*segments);
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
  for (size_t i = 0; i < segments->size(); ++i) {
    const Segment& segment = (*segments)[i];
    const bool wanted = begun ? segment.serial > serial : segment.serial >= position.serial();
    if (!wanted) {
      continue;
    }
    if (listed_next && *listed_next != segment.serial) {
      return Retired(*listed_next);
    }
    if (segment.serial > end.serial()) {
      return false;
    }
    Status status = OpenStream(segment.path, segment.serial, begun ? 0 : start);
    if (!status && status.error().kind == ErrorKind::kTransient) {
      if (begun) {
        return Retired(segment.serial);
      }
      continue;  // the beginning is what is left
    }
    if (status) {
      status = RefreshControls();
    }
    if (!status) {
      return std::unexpected(status.error());
    }
    listed_next.reset();
    if (i + 1 < segments->size()) {
      listed_next = (*segments)[i + 1].serial;
    }
    return true;
  }
  if (listed_next) {
    return Retired(*listed_next);
  }
  return false;
}

std::unexpected<Error> Reader::Impl::Retired(uint32_t gone) const {
  return Fail(
      ErrorKind::kCorruption,
      fmt::format("segment {} of {} was retired while it was to be read", gone, dir.native()));
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
  if (from == Position{}) {
    if (Status status = impl->RefreshControls(); !status) {
      return std::unexpected(status.error());
    }
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
  Result<std::optional<WarcInfo>> governing = GoverningAt(*segment, from.offset(), most);
  if (!governing) {
    return std::unexpected(governing.error());
  }
  Status opened = impl->OpenStream(segment->path, from.serial(), from.offset());
  if (opened) {
    opened = impl->RefreshControls();
  }
  if (!opened) {
    return std::unexpected(opened.error());
  }
  const auto next = std::ranges::upper_bound(*segments, from.serial(), {}, &Segment::serial);
  if (next != segments->end()) {
    impl->listed_next = next->serial;
  }
  if (governing->has_value()) {
    impl->assembler.Push(std::move(**governing), from);
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
