// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/cat.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/reader.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/walk.h"
#include "transforms/text/content_encoding.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxDecoded = size_t{256} << 20;
constexpr size_t kMaxDecodeRatio = 1000;

std::string NormalRecordId(std::string_view which) {
  const std::string_view id = StripBrackets(which);
  constexpr std::string_view kScheme = "urn:uuid:";
  return id.starts_with(kScheme) ? std::string(id) : fmt::format("{}{}", kScheme, id);
}

bool IsUrl(std::string_view which) {
  return which.find(":/") != std::string_view::npos && !which.starts_with('<');
}

bool HoldsBody(const Capture& capture) {
  return capture.kind == CaptureKind::kResponse || capture.kind == CaptureKind::kResource;
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

// The text of the capture's documents.
Result<std::string> CaptureText(const std::filesystem::path& dir, const Capture& capture) {
  // From the capture on, a reader first gives the configuration that governs it.
  Result<std::unique_ptr<Reader>> reader = Reader::OpenArchive(dir, capture.address.position, {});
  if (!reader) {
    return std::unexpected(reader.error());
  }
  PostIds ids;
  const Result<std::optional<Item>> item = (*reader)->Next();
  if (item && item->has_value()) {
    if (const auto* info = std::get_if<WarcInfo>(&**item)) {
      ids.Govern(*info);
    }
  }
  const Pipeline* pipeline = ids.PipelineOf(capture);
  if (pipeline == nullptr) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("no source '{}' in the configuration that governs the capture",
                            capture.metadata.source));
  }
  const Transformed transformed = pipeline->Run(capture);
  std::string text;
  for (const Post& post : transformed.posts) {
    if (transformed.posts.size() > 1) {
      text += fmt::format("--- {}\n", post.id);
    }
    text += post.text + "\n";
  }
  if (transformed.posts.empty()) {
    return Fail(ErrorKind::kMalformed,
                transformed.dead_letters.empty()
                    ? "the capture holds no document"
                    : fmt::format("{}: {}", transformed.dead_letters.front().step,
                                  transformed.dead_letters.front().reason));
  }
  return text;
}

// Says when and why words were taken out of the capture.
void TellOfRedactions(const std::filesystem::path& dir, Position capture, std::ostream& err) {
  const auto controls = ReadControls(dir);
  if (!controls) {
    err << controls.error().message << '\n';
    return;
  }
  for (const Control& control : (*controls)->all()) {
    const auto redaction = control.kind == ControlKind::kRedaction ? RedactionFromJson(control.body)
                                                                   : Result<Redaction>(Redaction());
    if (redaction && std::ranges::find(redaction->captures, capture) != redaction->captures.end()) {
      err << fmt::format("redacted {}: {}\n", FormatUtcMillis(control.date),
                         redaction->reason.empty() ? "no reason was given" : redaction->reason);
    }
  }
}

int Print(const std::filesystem::path& dir, Capture capture, CatPart part, std::ostream& out,
          std::ostream& err) {
  TellOfRedactions(dir, capture.address.position, err);
  Result<std::string> bytes = std::string();
  switch (part) {
    case CatPart::kRecords:
      bytes = CaptureRecords(dir, capture);
      break;
    case CatPart::kPayload:
      bytes = std::move(capture.body);
      break;
    case CatPart::kDecoded:
      bytes = text::DecodeContent(
          capture.body,
          FindHeader(capture.headers, "Content-Encoding").value_or(std::string_view{}),
          {.max_bytes = kMaxDecoded, .max_ratio = kMaxDecodeRatio});
      break;
    case CatPart::kText:
      bytes = CaptureText(dir, capture);
      break;
  }
  if (!bytes) {
    err << bytes.error().message << '\n';
    return kFoundDamage;
  }
  out.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
  return 0;
}

}  // namespace

int CatCapture(const std::filesystem::path& dir, std::string_view which, CatPart part,
               std::ostream& out, std::ostream& err) {
  if (const std::optional<Position> position = Position::FromHex(which);
      position && which.size() == position->ToHex().size()) {
    Result<Capture> capture = ReadCaptureAt(dir, *position);
    if (!capture) {
      err << capture.error().message << '\n';
      return kCannotRead;
    }
    return Print(dir, std::move(*capture), part, out, err);
  }
  const bool by_url = IsUrl(which);
  const std::string id = by_url ? std::string() : NormalRecordId(which);
  std::optional<Capture> found;
  PostIds ids;
  const Walk walk{.capture = [&](Capture& capture) {
    const bool wanted = by_url ? capture.url == which || capture.metadata.link == which
                               : capture.address.record_id == id;
    if (wanted && (!by_url || !found || HoldsBody(capture) || !HoldsBody(*found))) {
      found = std::move(capture);
    }
    return by_url || !found;
  }};
  const int status = WalkCaptures(dir, {}, ids, walk, err);
  if (!found) {
    err << fmt::format("{} holds no capture of {}\n", dir.native(), by_url ? which : id);
    return kCannotRead;
  }
  return std::max(status, Print(dir, std::move(*found), part, out, err));
}

}  // namespace newswire::archive
