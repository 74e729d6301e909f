// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/hint.h"

#include <fmt/format.h>

#include "daemon/publish/durable_file.h"
#include "transforms/text/json.h"

namespace newswire::publish {
namespace {

constexpr int64_t kVersion = 1;
constexpr size_t kMaxHintBytes = 64 << 10;
constexpr std::string_view kWays =
    "kafka.on_missing_position says what to do: beginning publishes the whole archive again, end "
    "only what comes from now on";

std::string Describe(const StartState& state) {
  if (!state.hint) {
    return "there is no hint where it was published before, although it holds captures";
  }
  const Hint& hint = *state.hint;
  return fmt::format("it was last published to {}{}{} up to position {}", hint.output,
                     hint.identity.empty() ? "" : " ", hint.identity, hint.position.ToHex());
}

Result<Position> Missing(const StartState& state, std::string reason) {
  switch (state.on_missing_position) {
    case OnMissingPosition::kBeginning:
      return Position();
    case OnMissingPosition::kEnd:
      return state.archive_end;
    case OnMissingPosition::kStop:
      break;
  }
  return Fail(ErrorKind::kConfig, std::move(reason));
}

}  // namespace

Result<std::optional<Hint>> ReadHint(const std::filesystem::path& file) {
  auto content = ReadSmallFile(file, kMaxHintBytes);
  if (!content) {
    return std::unexpected(content.error());
  }
  if (!*content) {
    return std::nullopt;
  }
  auto document = text::JsonDocument::Parse(**content);
  if (!document) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{}: {}", file.string(), document.error().message));
  }
  const text::JsonValue root = document->root();
  const auto position = Position::FromHex(root["position"].string_or(""));
  if (root["v"].integer() != kVersion || !position || root["output"].string_or("").empty()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} is not a hint of version {}", file.string(), kVersion));
  }
  return Hint{.output = std::string(root["output"].string_or("")),
              .position = *position,
              .identity = std::string(root["identity"].string_or(""))};
}

Status WriteHint(const std::filesystem::path& file, const Hint& hint) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("v").Int(kVersion);
  json.Key("output").String(hint.output);
  json.Key("position").String(hint.position.ToHex());
  json.Key("identity").String(hint.identity);
  json.EndObject();
  out += '\n';
  return ReplaceFile(file, out);
}

Result<Position> DecideStart(const StartState& state) {
  const bool kafka = state.output == "kafka";
  const bool same_output = state.hint && state.hint->output == state.output;
  if (state.checkpoint) {
    const bool other_cluster = kafka && same_output && !state.hint->identity.empty() &&
                               !state.identity.empty() && state.hint->identity != state.identity;
    if (!other_cluster && !state.misfit.empty()) {
      return Missing(state, fmt::format("{}. {}", state.misfit, kWays));
    }
    if (!other_cluster) {
      return state.checkpoint->position;
    }
    return Missing(
        state, fmt::format(
                   "the Kafka cluster {} holds position {} of this archive, but it is not the "
                   "cluster that was published to: {}. To go on from the position that the cluster "
                   "holds (a mirror that is complete), remove the hint file; otherwise {}",
                   state.identity, state.checkpoint->position.ToHex(), Describe(state), kWays));
  }
  if (state.archive_created || state.output == "embedded") {
    return Position();
  }
  if (same_output && state.hint->position == Position()) {
    return Position();
  }
  return Missing(state,
                 fmt::format("{}{}{} holds no position of this archive, but {}: it is another "
                             "or a new one, or lost its checkpoint. {}",
                             state.output, state.identity.empty() ? "" : " ", state.identity,
                             Describe(state), kWays));
}

}  // namespace newswire::publish
