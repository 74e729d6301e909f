// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/capture_codec.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/control_codec.h"
#include "daemon/archive/http_block.h"
#include "daemon/archive/record_stream.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kHttpResponse = "application/http;msgtype=response";
constexpr std::string_view kSamePayload =
    "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
constexpr std::string_view kNotModified =
    "http://netpreserve.org/warc/1.1/revisit/server-not-modified";
constexpr std::string_view kConformsTo =
    "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/";
constexpr int kNotModifiedStatus = 304;

// "203.0.113.7:443" and "[2001:db8::1]:443" without the port.
std::string_view AddressOnly(std::string_view remote) {
  if (remote.starts_with('[')) {
    const size_t end = remote.find(']');
    return end == std::string_view::npos ? remote : remote.substr(1, end - 1);
  }
  const size_t colon = remote.find(':');
  const bool one_colon = colon != std::string_view::npos && colon == remote.rfind(':');
  return one_colon ? remote.substr(0, colon) : remote;
}

bool IsHttp(const Capture& capture) {
  return capture.kind == CaptureKind::kResponse || capture.http_status != 0 ||
         !capture.protocol.empty();
}

// One line of a warc-fields block.
void AppendInfoLine(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) {
    out.push_back(c == '\r' || c == '\n' ? ' ' : c);
  }
  out.append("\r\n");
}

std::string PayloadDigest(const Capture& capture) {
  return capture.payload_digest.empty() ? Sha1Digest(capture.body) : capture.payload_digest;
}

void TakeHttpHead(Capture& capture, HttpHead head, const WarcRecord& record) {
  capture.http_status = head.status;
  capture.headers = std::move(head.headers);
  capture.protocol = head.protocol;
  for (const HttpHeader& field : record.fields) {
    if (text::EqualsIgnoreAsciiCase(field.name, "WARC-Protocol")) {
      if (const std::string_view known = ProtocolFromWarc(field.value); !known.empty()) {
        capture.protocol = known;
      }
    }
  }
}

Status TakeCommon(Capture& capture, const WarcRecord& record) {
  capture.url = record.target_uri();
  const std::optional<UtcMillis> date = ParseWarcDate(record.Field("WARC-Date"));
  if (!date) {
    return Fail(ErrorKind::kMalformed, "the record has no valid WARC-Date");
  }
  capture.fetched_at = *date;
  capture.truncated = record.Field("WARC-Truncated");
  capture.payload_digest = record.Field("WARC-Payload-Digest");
  capture.address.record_id = record.id();
  return {};
}

void TakeRefersTo(Capture& capture, const WarcRecord& record) {
  RefersTo refers{
      .record_id = std::string(StripBrackets(record.Field("WARC-Refers-To"))),
      .target_uri = std::string(StripBrackets(record.Field("WARC-Refers-To-Target-URI"))),
      .date = ParseWarcDate(record.Field("WARC-Refers-To-Date")).value_or(UtcMillis{})};
  if (refers != RefersTo{}) {
    capture.refers_to = std::move(refers);
  }
}

// Fills in what the record of type response, resource or revisit holds. False: the type or what it
// holds is no capture.
Result<bool> TakeRecord(Capture& capture, WarcRecord& record) {
  if (Status status = TakeCommon(capture, record); !status) {
    return std::unexpected(status.error());
  }
  if (text::EqualsIgnoreAsciiCase(record.type(), "resource")) {
    capture.kind = CaptureKind::kResource;
    capture.content_type = record.Field("Content-Type");
    capture.body = std::move(record.block);
    return true;
  }
  const bool revisit = text::EqualsIgnoreAsciiCase(record.type(), "revisit");
  if (!revisit && !text::EqualsIgnoreAsciiCase(record.type(), "response")) {
    return false;
  }
  std::optional<HttpHead> head = ParseHttpResponse(record.block);
  if (revisit) {
    capture.kind = CaptureKind::kRevisit;
    TakeRefersTo(capture, record);
    if (head) {
      TakeHttpHead(capture, std::move(*head), record);
    }
    return true;
  }
  capture.kind = CaptureKind::kResponse;
  if (!head) {
    if (record.Field("Content-Type").starts_with("application/http")) {
      return Fail(ErrorKind::kMalformed, "the response has no HTTP status line");
    }
    return false;  // dns:, ftp: and the like
  }
  const size_t length = head->length;
  TakeHttpHead(capture, std::move(*head), record);
  capture.body = std::move(record.block);
  capture.body.erase(0, length);
  return true;
}

Status CheckSize(const Capture& capture) {
  return capture.body.size() > kMaxBlock - kMaxRecordHeader
             ? Fail(ErrorKind::kPermanent,
                    fmt::format("a body of {} bytes is more than a record of the archive may hold",
                                capture.body.size()))
             : Status();
}

void UndoTransferEncoding(Capture& capture) {
  const std::optional<std::string_view> coding = FindHeader(capture.headers, "Transfer-Encoding");
  if (!coding) {
    return;
  }
  if (std::optional<Dechunked> plain = Dechunk(capture.body)) {
    capture.body = std::move(plain->body);
    if (!plain->whole && capture.truncated.empty()) {
      capture.truncated = "unspecified";
    }
  }
  std::erase_if(capture.headers, [](const HttpHeader& h) {
    return text::EqualsIgnoreAsciiCase(h.name, "Transfer-Encoding");
  });
}

}  // namespace

void CaptureEncoder::WriteFirst(const Capture& capture, std::string_view id,
                                std::string_view warcinfo_id) {
  const bool revisit = capture.kind == CaptureKind::kRevisit;
  const bool http = IsHttp(capture);
  const std::string_view type = revisit                                  ? "revisit"
                                : capture.kind == CaptureKind::kResource ? "resource"
                                                                         : "response";
  RecordBuilder record(record_, type, id, capture.fetched_at);
  record.Field("WARC-Target-URI", capture.url);
  record.UriField("WARC-Warcinfo-ID", warcinfo_id);
  if (const std::string_view ip = AddressOnly(capture.metadata.exchange.remote_address);
      !ip.empty()) {
    record.Field("WARC-IP-Address", ip);
  }
  if (const std::string_view protocol = WarcProtocol(capture.protocol); !protocol.empty()) {
    record.Field("WARC-Protocol", protocol);
  }
  if (!capture.truncated.empty()) {
    record.Field("WARC-Truncated", capture.truncated);
  }
  const bool not_modified = revisit && capture.http_status == kNotModifiedStatus;
  if (revisit) {
    record.Field("WARC-Profile", not_modified ? kNotModified : kSamePayload);
    if (capture.refers_to) {
      record.UriField("WARC-Refers-To", capture.refers_to->record_id);
      record.Field("WARC-Refers-To-Target-URI", capture.refers_to->target_uri);
      record.Field("WARC-Refers-To-Date", FormatUtcMillis(capture.refers_to->date));
    }
  }
  if (!not_modified || !capture.payload_digest.empty()) {
    record.Field("WARC-Payload-Digest", PayloadDigest(capture));
  }
  record.Field(kCaptureField, "1/2");
  if (http) {
    record.Field("Content-Type", kHttpResponse);
  } else if (!revisit && !capture.content_type.empty()) {
    record.Field("Content-Type", capture.content_type);
  }
  const std::string head = http ? HttpHeadBytes(capture) : std::string();
  const std::string_view body = revisit ? std::string_view() : std::string_view(capture.body);
  record.BeginBlock(head.size() + body.size());
  record.out().append(head).append(body);
  record.Finish();
}

void CaptureEncoder::WriteMetadata(const Capture& capture, std::string_view id,
                                   std::string_view first_id, std::string_view warcinfo_id) {
  const std::string json = CaptureMetadataToJson(capture.metadata);
  RecordBuilder record(record_, "metadata", id, capture.fetched_at);
  record.Field("WARC-Target-URI", capture.url);
  record.UriField("WARC-Warcinfo-ID", warcinfo_id);
  if (!first_id.empty()) {
    record.UriField("WARC-Concurrent-To", first_id);
  }
  if (capture.kind != CaptureKind::kRevisit && capture.refers_to) {
    record.UriField("WARC-Refers-To", capture.refers_to->record_id);  // imported from this record
  }
  record.Field(kCaptureField, first_id.empty() ? "1/1" : "2/2");
  record.Field("Content-Type", "application/json");
  record.BeginBlock(json.size());
  record.out().append(json);
  record.Finish();
}

Result<std::string> CaptureEncoder::Append(const Capture& capture, std::string_view warcinfo_id,
                                           std::string& out) {
  if (Status status = CheckSize(capture); !status) {
    return std::unexpected(status.error());
  }
  std::string id = NewRecordId();
  if (capture.kind == CaptureKind::kGone) {
    WriteMetadata(capture, id, {}, warcinfo_id);
    members_.Append(record_, MemberKind::kCaptureWhole, out);
    return id;
  }
  WriteFirst(capture, id, warcinfo_id);
  members_.Append(record_, MemberKind::kCaptureHead, out);
  WriteMetadata(capture, NewRecordId(), id, warcinfo_id);
  members_.Append(record_, MemberKind::kCaptureTail, out);
  return id;
}

Result<std::string> CaptureEncoder::AppendControl(Control& control, std::string_view warcinfo_id,
                                                  std::string& out) {
  if (Status status = WriteControl(control, warcinfo_id, record_); !status) {
    return std::unexpected(status.error());
  }
  members_.Append(
      record_,
      control.kind == ControlKind::kSnapshotPart ? MemberKind::kSnapshotPart : MemberKind::kControl,
      out);
  return control.record_id;
}

Result<CaptureText> CaptureEncoder::ToText(const Capture& capture) {
  if (Status status = CheckSize(capture); !status) {
    return std::unexpected(status.error());
  }
  CaptureText text;
  const std::string id = NewRecordId();
  if (capture.kind == CaptureKind::kGone) {
    WriteMetadata(capture, id, {}, {});
    text.metadata = std::move(record_);
    return text;
  }
  WriteFirst(capture, id, {});
  text.first = std::move(record_);
  WriteMetadata(capture, NewRecordId(), id, {});
  text.metadata = std::move(record_);
  return text;
}

Result<std::string> CaptureEncoder::AppendWarcInfo(const WarcInfo& info,
                                                   std::string_view control_json,
                                                   std::string_view archive_uuid,
                                                   std::string_view file_name,
                                                   std::optional<uint32_t> previous_serial,
                                                   UtcMillis date, std::string& out) {
  std::string block;
  AppendInfoLine(block, "software", info.software);
  AppendInfoLine(block, "format", "WARC File Format 1.1");
  AppendInfoLine(block, "conformsTo", kConformsTo);
  AppendInfoLine(block, "isPartOf", fmt::format("urn:uuid:{}", archive_uuid));
  AppendInfoLine(block, "newswire-format", "1");
  if (previous_serial) {
    AppendInfoLine(block, "newswire-previous", std::to_string(*previous_serial));
  }
  AppendInfoLine(block, "newswire-libraries", info.libraries);
  AppendInfoLine(block, "newswire-config", info.config_json);
  AppendInfoLine(block, "newswire-control", control_json);

  if (block.size() > kMaxBlock) {
    return Fail(ErrorKind::kConfig, "the configuration is too large for a warcinfo record");
  }
  std::string id = NewRecordId();
  RecordBuilder record(record_, "warcinfo", id, date);
  record.Field("WARC-Filename", file_name);
  record.Field("Content-Type", "application/warc-fields");
  record.BeginBlock(block.size());
  record.out().append(block);
  record.Finish();
  members_.Append(record_, MemberKind::kWarcInfo, out);
  return id;
}

Result<Capture> DecodeCapture(WarcRecord* first, const WarcRecord& metadata) {
  Capture capture;
  if (first == nullptr) {
    capture.kind = CaptureKind::kGone;
    if (Status status = TakeCommon(capture, metadata); !status) {
      return std::unexpected(status.error());
    }
  } else {
    const Result<bool> taken = TakeRecord(capture, *first);
    if (!taken) {
      return std::unexpected(taken.error());
    }
    if (!*taken) {
      return Fail(ErrorKind::kMalformed,
                  "the capture's first record is of a type that is not ours");
    }
  }
  Result<CaptureMetadata> read = CaptureMetadataFromJson(metadata.block);
  if (!read) {
    return WithContext(read.error(), "the capture's metadata record");
  }
  capture.metadata = std::move(*read);
  if (capture.kind != CaptureKind::kRevisit) {
    TakeRefersTo(capture, metadata);
  }
  return capture;
}

Result<std::optional<Capture>> DecodeForeign(WarcRecord record) {
  Capture capture;
  const Result<bool> taken = TakeRecord(capture, record);
  if (!taken) {
    return std::unexpected(taken.error());
  }
  if (!*taken) {
    return std::nullopt;
  }
  if (!record.Field("WARC-Segment-Number").empty() && capture.truncated.empty()) {
    capture.truncated = "unspecified";  // the rest is in continuation records, which are skipped
  }
  UndoTransferEncoding(capture);
  if (capture.kind != CaptureKind::kRevisit) {
    capture.payload_digest = Sha1Digest(capture.body);  // others' may be of the chunked bytes
  }
  return std::optional<Capture>(std::move(capture));
}

DecodedWarcInfo DecodeWarcInfo(const WarcRecord& record) {
  DecodedWarcInfo decoded;
  std::string_view rest = record.block;
  while (!rest.empty()) {
    const size_t newline = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(std::min(newline + 1, rest.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
      continue;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (name == "software") {
      decoded.info.software = value;
    } else if (name == "newswire-libraries") {
      decoded.info.libraries = value;
    } else if (name == "newswire-config") {
      decoded.info.config_json = value;
    } else if (name == "newswire-previous") {
      uint32_t serial = 0;
      if (const auto [end, error] =
              std::from_chars(value.data(), value.data() + value.size(), serial);
          error == std::errc{} && end == value.data() + value.size()) {
        decoded.previous_serial = serial;
      }
    } else if (name == "newswire-control") {
      decoded.control_json = value;
    }
  }
  if (decoded.info.config_json.empty()) {
    return decoded;
  }
  const Result<text::JsonDocument> config = text::JsonDocument::Parse(decoded.info.config_json);
  if (!config) {
    decoded.complaint = fmt::format("the configuration cannot be read: {}", config.error().message);
    return decoded;
  }
  const text::JsonValue sources = config->root()["sources"];
  for (size_t i = 0; i < sources.size(); ++i) {
    Result<Source> source = SourceFromJson(sources.at(i).Dump());
    if (!source) {
      decoded.complaint = fmt::format("source {} of the configuration cannot be read: {}", i,
                                      source.error().message);
      continue;
    }
    decoded.info.sources.push_back(std::move(*source));
  }
  return decoded;
}

}  // namespace newswire::archive
