// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/inspect.h"

#include <fmt/format.h>

#include "daemon/archive/http_block.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

// What a stranger's header says, as JSON text; absent: null.
void TextOrNull(text::JsonWriter& json, std::string_view value) {
  if (text::IsValidUtf8(value)) {
    json.StringOrNull(value);
  } else {
    size_t replaced = 0;
    json.String(text::MakeValidUtf8(value, &replaced));
  }
}

std::string RecordLine(const StoredRecord& stored) {
  const WarcRecord& record = stored.record;
  std::string_view content_type = record.Field("Content-Type");
  const bool may_be_http = text::ToLowerAscii(content_type.substr(0, 16)) == "application/http";
  std::optional<HttpHead> http;
  if (may_be_http) {
    http = ParseHttpResponse(record.block);
    if (!http) {
      http = ParseHttpRequest(record.block);
    }
  }
  std::string_view payload = record.block;
  if (http) {
    payload.remove_prefix(http->length);
    content_type = FindHeader(http->headers, "Content-Type").value_or(std::string_view{});
  }
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject();
  json.Key("offset").Uint(stored.offset);
  json.Key("type");
  TextOrNull(json, record.type());
  json.Key("record_id");
  TextOrNull(json, record.id());
  json.Key("date");
  TextOrNull(json, record.Field("WARC-Date"));
  json.Key("target_uri");
  TextOrNull(json, record.target_uri());
  json.Key("http_status");
  if (http && http->status != 0) {
    json.Int(http->status);
  } else {
    json.Null();
  }
  json.Key("content_type");
  TextOrNull(json, content_type);
  json.Key("payload_length").Uint(payload.size());
  json.Key("payload_sha1").String(text::Base32(text::Sha1(payload)));
  json.EndObject();
  line.push_back('\n');
  return line;
}

}  // namespace

int InspectWarc(const std::filesystem::path& file, std::ostream& out, std::ostream& err) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(file);
  if (!stream) {
    err << stream.error().message << "\n";
    return kCannotRead;
  }
  int status = 0;
  while (true) {
    const Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
    if (!item) {
      err << item.error().message << "\n";
      return kCannotRead;
    }
    if (!item->has_value()) {
      return status;
    }
    if (const auto* gap = std::get_if<Gap>(&**item)) {
      err << fmt::format("{}: {}, {} bytes skipped at offset {}\n", file.native(), gap->reason,
                         gap->length, gap->offset);
      status = kFoundDamage;
    } else {
      out << RecordLine(std::get<StoredRecord>(**item));
    }
  }
}

}  // namespace newswire::archive
