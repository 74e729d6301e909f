// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/list.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/walk.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

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

std::string Line(const Capture& capture, bool redacted) {
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}{}\n", capture.address.position.ToHex(),
      FormatUtcMillis(capture.fetched_at), Name(capture.kind), OneField(capture.metadata.source),
      newswire::Name(capture.metadata.role),
      capture.http_status == 0 ? std::string("-") : std::to_string(capture.http_status),
      OneField(capture.url), redacted ? "\tredacted" : "");
}

std::string JsonLine(const Capture& capture, bool redacted) {
  std::string line;
  text::JsonWriter json(line);
  // What strangers sent may be no text.
  const auto text = [&json](std::string_view key, std::string_view value) {
    size_t replaced = 0;
    json.Key(key).StringOrNull(text::IsValidUtf8(value) ? std::string(value)
                                                        : text::MakeValidUtf8(value, &replaced));
  };
  json.BeginObject();
  json.Key("position").String(capture.address.position.ToHex());
  json.Key("end").String(capture.address.end.ToHex());
  json.Key("segment").String(capture.address.segment);
  json.Key("offset").Uint(capture.address.offset);
  text("record_id", capture.address.record_id);
  json.Key("date").String(FormatUtcMillis(capture.fetched_at));
  json.Key("kind").String(Name(capture.kind));
  text("source", capture.metadata.source);
  json.Key("role").String(newswire::Name(capture.metadata.role));
  json.Key("status");
  if (capture.http_status == 0) {
    json.Null();
  } else {
    json.Int(capture.http_status);
  }
  text("url", capture.url);
  text("link", capture.metadata.link);
  text("title", capture.metadata.entry.title);
  text("content_type", capture.content_type.empty()
                           ? FindHeader(capture.headers, "Content-Type").value_or("")
                           : std::string_view(capture.content_type));
  json.Key("length").Uint(capture.body.size());
  text("digest", capture.payload_digest);
  text("truncated", capture.truncated);
  text("removal", capture.metadata.removal ? capture.metadata.removal->how : "");
  text("refers_to", capture.refers_to ? capture.refers_to->record_id : "");
  json.Key("redacted").Bool(redacted);
  json.EndObject();
  line.push_back('\n');
  return line;
}

}  // namespace

int ListCaptures(const std::filesystem::path& dir, const CaptureFilter& filter, bool as_json,
                 std::ostream& out, std::ostream& err) {
  const auto controls = ReadControls(dir);
  if (!controls) {
    err << controls.error().message << '\n';
    return kCannotRead;
  }
  const auto redactions = (*controls)->redactions();
  PostIds ids;
  const Walk walk{.capture = [&](const Capture& capture) {
    const bool redacted = redactions->IsBlanked(capture.address.position);
    out << (as_json ? JsonLine(capture, redacted) : Line(capture, redacted));
    return out.good();
  }};
  return WalkCaptures(dir, filter, ids, walk, err);
}

}  // namespace newswire::archive
