// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <fmt/format.h>

#include "daemon/publish/output.h"
#include "transforms/text/json.h"

namespace newswire::publish {
namespace {

constexpr int64_t kVersion = 1;

}  // namespace

std::string CheckpointToJson(const Checkpoint& checkpoint, UtcMillis time) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("v").Int(kVersion);
  json.Key("archive").String(checkpoint.archive);
  json.Key("position").String(checkpoint.position.ToHex());
  json.Key("last_capture").String(checkpoint.last_capture.ToHex());
  json.Key("last_record").String(checkpoint.last_record);
  json.Key("events").Uint(checkpoint.events);
  json.Key("time").String(FormatUtcMillis(time));
  json.EndObject();
  return out;
}

Result<Checkpoint> CheckpointFromJson(std::string_view json) {
  auto document = text::JsonDocument::Parse(json);
  if (!document) {
    return Fail(ErrorKind::kCorruption, "a checkpoint is not JSON: " + document.error().message);
  }
  const text::JsonValue root = document->root();
  const int64_t version = root["v"].integer().value_or(0);
  if (version != kVersion) {
    return Fail(
        ErrorKind::kCorruption,
        fmt::format("a checkpoint has version {}, this build reads version {}", version, kVersion));
  }
  const auto position = Position::FromHex(root["position"].string_or(""));
  const auto last_capture = Position::FromHex(root["last_capture"].string_or(""));
  const auto events = root["events"].integer();
  if (!position || !last_capture || !events || *events < 0 ||
      root["archive"].string_or("").empty()) {
    return Fail(ErrorKind::kCorruption,
                "a checkpoint lacks archive, position, last_capture or events");
  }
  return Checkpoint{.archive = std::string(root["archive"].string_or("")),
                    .position = *position,
                    .last_capture = *last_capture,
                    .last_record = std::string(root["last_record"].string_or("")),
                    .events = static_cast<uint64_t>(*events)};
}

}  // namespace newswire::publish
