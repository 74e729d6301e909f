// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/tools.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/folder.h"
#include "daemon/archive/reader.h"
#include "daemon/archive/record_stream.h"
#include "transforms/text/content_encoding.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxDecoded = size_t{256} << 20;
constexpr size_t kMaxDecodeRatio = 1000;

std::string_view KindName(CaptureKind kind) {
  switch (kind) {
    case CaptureKind::kResponse:
      return "response";
    case CaptureKind::kResource:
      return "resource";
    case CaptureKind::kRevisit:
      return "revisit";
    case CaptureKind::kGone:
      return "gone";
  }
  return "";
}

// Control characters would break the table or drive a terminal.
std::string OneField(std::string_view text) {
  std::string field(text.empty() ? "-" : text);
  for (char& c : field) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = ' ';
    }
  }
  return field;
}

// Whether damage is only the unfinished end of a segment that a running daemon writes.
bool IsBeingWritten(const std::filesystem::path& dir, const std::string& segment, uint64_t end) {
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments || segments->empty()) {
    return false;
  }
  // A segment that was the newest a moment ago may have been sealed by now: look at its size only.
  const auto found = std::ranges::find_if(
      *segments, [&](const Segment& s) { return s.path.filename() == segment; });
  const bool newest = found != segments->end() && found + 1 >= segments->end() && !found->sealed;
  const bool grown = found != segments->end() && found->size > end;
  return (newest || grown) && IsLocked(dir);
}

class DamageReport {
 public:
  DamageReport(const std::filesystem::path& dir, std::ostream& out) : dir_(dir), out_(out) {}

  void Add(const std::string& segment, uint64_t offset, uint64_t length, std::string_view reason,
           bool at_end) {
    if (at_end && IsBeingWritten(dir_, segment, offset + length)) {
      return;
    }
    out_ << fmt::format("{}: {}, {} bytes at offset {}\n", segment, reason, length, offset);
    found_ = true;
  }
  bool found() const { return found_; }

 private:
  const std::filesystem::path& dir_;
  std::ostream& out_;
  bool found_ = false;
};

bool Matches(const ListFilter& filter, const Capture& capture) {
  return (filter.source.empty() || capture.metadata.source == filter.source) &&
         (filter.url.empty() || capture.url.find(filter.url) != std::string::npos ||
          capture.metadata.link.find(filter.url) != std::string::npos) &&
         (!filter.since || capture.fetched_at >= *filter.since) &&
         (!filter.until || capture.fetched_at < *filter.until);
}

// Gives every capture to `visit` until it says false. The exit status.
template <typename Visit>
int ForEachCapture(const std::filesystem::path& dir, std::ostream& err, const Visit& visit) {
  Result<std::unique_ptr<Reader>> reader = Reader::OpenArchive(dir, Position{}, {});
  if (!reader) {
    err << reader.error() << "\n";
    return kCannotRead;
  }
  DamageReport report(dir, err);
  std::optional<Damage> last;  // reported when it is known whether something follows
  while (true) {
    Result<std::optional<Item>> item = (*reader)->Next();
    if (!item) {
      err << item.error() << "\n";
      return kCannotRead;
    }
    if (last) {
      report.Add(last->segment, last->offset, last->length, last->reason, !item->has_value());
      last.reset();
    }
    if (!item->has_value()) {
      return report.found() ? kFoundDamage : 0;
    }
    if (auto* damage = std::get_if<Damage>(&**item)) {
      last = std::move(*damage);
    } else if (auto* capture = std::get_if<Capture>(&**item)) {
      if (!visit(*capture)) {
        return report.found() ? kFoundDamage : 0;
      }
    }
  }
}

std::string NormalRecordId(std::string_view which) {
  const std::string_view id = StripBrackets(which);
  constexpr std::string_view kScheme = "urn:uuid:";
  return id.starts_with(kScheme) ? std::string(id) : fmt::format("{}{}", kScheme, id);
}

Result<std::string> CaptureRecords(const std::filesystem::path& dir, const Capture& capture) {
  Result<std::unique_ptr<RecordStream>> stream =
      RecordStream::Open(dir / capture.address.segment, capture.address.position.offset());
  if (!stream) {
    return std::unexpected(stream.error());
  }
  std::string bytes;
  while ((*stream)->position() < capture.address.end.offset()) {
    const Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    const StoredRecord* record = item->has_value() ? std::get_if<StoredRecord>(&**item) : nullptr;
    if (record == nullptr) {
      return Fail(ErrorKind::kCorruption, "the capture is damaged");
    }
    bytes += record->record.Bytes();
  }
  return bytes;
}

int Print(const std::filesystem::path& dir, Capture capture, CatPart part, std::ostream& out,
          std::ostream& err) {
  Result<std::string> bytes = std::string();
  if (part == CatPart::kRecords) {
    bytes = CaptureRecords(dir, capture);
  } else if (part == CatPart::kPayload) {
    bytes = std::move(capture.body);
  } else {
    const std::string_view encoding =
        FindHeader(capture.headers, "Content-Encoding").value_or(std::string_view{});
    bytes = text::DecodeContent(capture.body, encoding,
                                {.max_bytes = kMaxDecoded, .max_ratio = kMaxDecodeRatio});
  }
  if (!bytes) {
    err << bytes.error() << "\n";
    return kFoundDamage;
  }
  out.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
  return 0;
}

}  // namespace

int ListCaptures(const std::filesystem::path& dir, const ListFilter& filter, std::ostream& out,
                 std::ostream& err) {
  return ForEachCapture(dir, err, [&](const Capture& capture) {
    if (Matches(filter, capture)) {
      out << fmt::format(
          "{}\t{}\t{}\t{}\t{}\t{}\t{}\n", capture.address.position.ToHex(),
          FormatUtcMillis(capture.fetched_at), KindName(capture.kind),
          OneField(capture.metadata.source), Name(capture.metadata.role),
          capture.http_status == 0 ? std::string("-") : std::to_string(capture.http_status),
          OneField(capture.url));
    }
    return true;
  });
}

int CatCapture(const std::filesystem::path& dir, std::string_view which, CatPart part,
               std::ostream& out, std::ostream& err) {
  if (const std::optional<Position> position = Position::FromHex(which);
      position && which.size() == position->ToHex().size()) {
    Result<Capture> capture = ReadCaptureAt(dir, *position);
    if (!capture) {
      err << capture.error() << "\n";
      return kCannotRead;
    }
    return Print(dir, std::move(*capture), part, out, err);
  }
  const std::string id = NormalRecordId(which);
  std::optional<Capture> found;
  const int status = ForEachCapture(dir, err, [&](Capture& capture) {
    if (capture.address.record_id == id) {
      found = std::move(capture);
    }
    return !found;
  });
  if (!found) {
    err << fmt::format("{} holds no capture with the id {}\n", dir.native(), id);
    return kCannotRead;
  }
  return std::max(status, Print(dir, std::move(*found), part, out, err));
}

}  // namespace newswire::archive
