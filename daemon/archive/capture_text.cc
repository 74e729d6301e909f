// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/capture_text.h"

#include <optional>
#include <string_view>
#include <utility>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/warc_record.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

Result<WarcRecord> ParseWhole(std::string text, MemberKind kind) {
  Result<std::optional<WarcHeader>> header = ParseWarcHeader(text);
  if (!header) {
    return std::unexpected(header.error());
  }
  if (!header->has_value() || (*header)->block_length > kMaxBlock ||
      (*header)->header_length + (*header)->block_length + kEnd.size() != text.size() ||
      !text.ends_with(kEnd) || KindOf((*header)->record) != kind) {
    return Fail(ErrorKind::kMalformed, "not the record of a capture");
  }
  text.resize(text.size() - kEnd.size());
  text.erase(0, (*header)->header_length);
  (*header)->record.block = std::move(text);
  return std::move((*header)->record);
}

}  // namespace

Result<CaptureText> CaptureToText(const Capture& capture) {
  return CaptureEncoder(1).ToText(capture);
}

Result<Capture> CaptureFromText(CaptureText text) {
  const bool alone = text.first.empty();
  const Result<WarcRecord> metadata = ParseWhole(
      std::move(text.metadata), alone ? MemberKind::kCaptureWhole : MemberKind::kCaptureTail);
  if (!metadata) {
    return std::unexpected(metadata.error());
  }
  if (alone) {
    return DecodeCapture(nullptr, *metadata);
  }
  Result<WarcRecord> first = ParseWhole(std::move(text.first), MemberKind::kCaptureHead);
  if (!first) {
    return std::unexpected(first.error());
  }
  return DecodeCapture(&*first, *metadata);
}

}  // namespace newswire::archive
