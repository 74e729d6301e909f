// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/redact_lines.h"

#include <cstdint>
#include <utility>

#include "daemon/archive/capture_filter.h"
#include "transforms/text/utf8.h"

namespace newswire::control {
namespace {

// What strangers sent may be no text.
std::string Text(std::string_view bytes) {
  size_t replaced = 0;
  return text::MakeValidUtf8(bytes, &replaced);
}

uint64_t Count(const text::JsonValue& value) {
  const auto count = value.integer();
  return count && *count > 0 ? static_cast<uint64_t>(*count) : 0;
}

}  // namespace

archive::RedactRequest RedactRequestOf(const text::JsonValue& request) {
  archive::RedactRequest wanted;
  const text::JsonValue posts = request["posts"];
  for (size_t i = 0; i < posts.size(); ++i) {
    wanted.posts.emplace_back(posts.at(i).string_or(""));
  }
  wanted.reason = request["reason"].string_or("");
  return wanted;
}

std::string ProgressLine(Position at, Position end) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(true).Key("more").Bool(true);
  json.Key("at").String(at.ToHex()).Key("end").String(end.ToHex()).EndObject();
  return line + "\n";
}

std::string CaptureLine(const archive::RedactReport::Line& capture) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(true).Key("more").Bool(true);
  json.Key("position").String(capture.position.ToHex());
  json.Key("segment").String(capture.segment);
  json.Key("kind").String(archive::Name(capture.kind));
  json.Key("role").String(newswire::Name(capture.role));
  json.Key("source").String(capture.source);
  json.Key("url").String(Text(capture.url));
  json.Key("entries").Uint(capture.entries).EndObject();
  return line + "\n";
}

std::string EndLine(const archive::RedactReport& report) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("ok").Bool(true);
  json.Key("record").StringOrNull(report.record ? report.record->ToHex() : std::string());
  json.Key("segments").Uint(report.segments.size());
  json.Key("blanked_before").Uint(report.blanked_before).EndObject();
  return line + "\n";
}

std::string RequestLine(const archive::RedactRequest& request) {
  std::string line;
  text::JsonWriter json(line);
  json.BeginObject().Key("op").String("redact").Key("posts").BeginArray();
  for (const std::string& post : request.posts) {
    json.String(Text(post));
  }
  json.EndArray().Key("reason").String(Text(request.reason)).EndObject();
  return line + "\n";
}

Result<bool> TakeLine(const text::JsonValue& line, archive::RedactReport& report,
                      std::optional<Position>& at) {
  if (line["more"].boolean() != true) {
    report.record = Position::FromHex(line["record"].string_or(""));
    report.segments.resize(Count(line["segments"]));
    report.blanked_before = Count(line["blanked_before"]);
    return true;
  }
  if (at = Position::FromHex(line["at"].string_or("")); at) {
    return false;
  }
  const auto position = Position::FromHex(line["position"].string_or(""));
  const auto kind = archive::CaptureKindFromName(line["kind"].string_or(""));
  const auto role = archive::CaptureRoleFromName(line["role"].string_or(""));
  if (!position || !kind || !role) {
    return Fail(ErrorKind::kTransient, "the daemon told of no capture");
  }
  report.captures.push_back({.position = *position,
                             .segment = std::string(line["segment"].string_or("")),
                             .kind = *kind,
                             .role = *role,
                             .source = std::string(line["source"].string_or("")),
                             .url = std::string(line["url"].string_or("")),
                             .entries = Count(line["entries"])});
  return false;
}

}  // namespace newswire::control
