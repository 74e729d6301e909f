// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/blank_capture.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/fitted_member.h"
#include "daemon/archive/http_block.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/warc_record.h"
#include "transforms/formats/feed_blank.h"
#include "transforms/steps/decode.h"
#include "transforms/text/content_encoding.h"
#include "transforms/text/encode_content.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr text::DecodeLimits kFeedLimits{.max_bytes = steps::kMaxFeedBytes};

std::string_view ContentEncoding(const Capture& capture) {
  return FindHeader(capture.headers, "Content-Encoding").value_or(std::string_view{});
}

// The feed without the words of these entries, encoded as it was.
Result<std::string> FeedWithout(const Capture& capture, const std::set<uint32_t>& entries) {
  const std::string_view encoding = ContentEncoding(capture);
  const Result<std::string> decoded = text::DecodeContent(capture.body, encoding, kFeedLimits);
  if (!decoded) {
    return decoded;
  }
  Result<std::string> blanked =
      formats::BlankFeedEntries(*decoded, steps::ContentTypeOf(capture), entries);
  // A header may name an encoding that the body does not have.
  if (!blanked || *decoded == capture.body) {
    return blanked;
  }
  if (*blanked == *decoded) {
    return capture.body;
  }
  return text::EncodeContent(*blanked, encoding);
}

Result<std::string> BodyWithout(const Capture& capture, const Blanking& blanking) {
  if (blanking.whole || capture.body.empty()) {
    return std::string();
  }
  return blanking.entries.empty() ? Result<std::string>(capture.body)
                                  : FeedWithout(capture, blanking.entries);
}

// What discovery needs to know the post again stays: its id and dates.
CaptureMetadata WithoutWords(CaptureMetadata metadata) {
  LinkEntry& entry = metadata.entry;
  entry.title.clear();
  entry.summary.clear();
  entry.rights.clear();
  entry.authors.clear();
  entry.categories.clear();
  return metadata;
}

void SetField(WarcRecord& record, std::string_view name, std::string value) {
  for (HttpHeader& field : record.fields) {
    if (text::EqualsIgnoreAsciiCase(field.name, name)) {
      field.value = std::move(value);
      return;
    }
  }
}

// The record holds another block; `payload` is the part of it that WARC-Payload-Digest is of.
void SetBlock(WarcRecord& record, std::string block, std::optional<size_t> payload) {
  if (payload) {
    SetField(record, "WARC-Payload-Digest", Sha1Digest(std::string_view(block).substr(*payload)));
  }
  SetField(record, "WARC-Block-Digest", Sha1Digest(block));
  SetField(record, "Content-Length", std::to_string(block.size()));
  record.block = std::move(block);
}

struct Records {
  std::optional<StoredRecord> first;
  StoredRecord metadata;
};

Result<Records> ReadRecords(const std::filesystem::path& segment, const ArchiveAddress& address) {
  const auto read = [&](uint64_t offset) -> Result<StoredRecord> {
    Result<std::optional<StoredRecord>> record = RecordAt(segment, offset);
    if (!record) {
      return std::unexpected(record.error());
    }
    if (!record->has_value()) {
      return Fail(ErrorKind::kCorruption,
                  fmt::format("{} holds no record at offset {}", segment.native(), offset));
    }
    return std::move(**record);
  };
  Result<StoredRecord> one = read(address.position.offset());
  if (!one) {
    return std::unexpected(one.error());
  }
  if (one->kind != MemberKind::kCaptureHead) {
    return Records{.first = std::nullopt, .metadata = std::move(*one)};
  }
  Result<StoredRecord> two = read(one->end);
  if (!two) {
    return std::unexpected(two.error());
  }
  return Records{.first = std::move(*one), .metadata = std::move(*two)};
}

Result<Capture> Decode(const Records& records, const ArchiveAddress& address) {
  std::optional<WarcRecord> first;
  if (records.first) {
    first = records.first->record;
  }
  Result<Capture> capture = DecodeCapture(first ? &*first : nullptr, records.metadata.record);
  if (capture) {
    capture->address = address;
  }
  return capture;
}

Status Replace(const StoredRecord& stored, std::vector<Replacement>& replacements) {
  std::optional<std::string> member =
      FittedMember(stored.record, stored.kind, stored.end - stored.begin);
  if (!member) {
    return Fail(
        ErrorKind::kPermanent,
        fmt::format("what is left of the record at offset {} is larger than its place of {} "
                    "bytes",
                    stored.begin, stored.end - stored.begin));
  }
  replacements.push_back({.offset = stored.begin, .bytes = std::move(*member)});
  return {};
}

Result<BlankedCapture> Blank(const std::filesystem::path& segment, const ArchiveAddress& address,
                             const Blanking& blanking) {
  Result<Records> records = ReadRecords(segment, address);
  if (!records) {
    return std::unexpected(records.error());
  }
  const Result<Capture> before = Decode(*records, address);
  if (!before) {
    return std::unexpected(before.error());
  }
  BlankedCapture blanked;
  const bool has_body =
      before->kind == CaptureKind::kResponse || before->kind == CaptureKind::kResource;
  if (has_body) {
    Result<std::string> body = BodyWithout(*before, blanking);
    if (!body) {
      return std::unexpected(body.error());
    }
    if (*body != before->body) {
      StoredRecord& first = *records->first;
      const size_t head = first.record.block.size() - before->body.size();
      SetBlock(first.record, first.record.block.substr(0, head) + *body, head);
      if (Status status = Replace(first, blanked.replacements); !status) {
        return std::unexpected(status.error());
      }
    }
  }
  if (const CaptureMetadata metadata = WithoutWords(before->metadata);
      metadata != before->metadata) {
    SetBlock(records->metadata.record, CaptureMetadataToJson(metadata), std::nullopt);
    if (Status status = Replace(records->metadata, blanked.replacements); !status) {
      return std::unexpected(status.error());
    }
  }
  Result<Capture> after = Decode(*records, address);
  if (!after) {
    return std::unexpected(after.error());
  }
  blanked.capture = std::move(*after);
  return blanked;
}

}  // namespace

Result<BlankedCapture> BlankCapture(const std::filesystem::path& segment,
                                    const ArchiveAddress& address, const Blanking& blanking) {
  Result<BlankedCapture> blanked = Blank(segment, address, blanking);
  if (blanked) {
    return blanked;
  }
  Error error = blanked.error();
  if (error.kind == ErrorKind::kMalformed) {
    error.kind = ErrorKind::kPermanent;  // it will not become another feed
  }
  return WithContext(error, "capture " + address.position.ToHex());
}

}  // namespace newswire::archive
