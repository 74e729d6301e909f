// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/quarantine.h"

#include <csignal>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/fail_point.h"
#include "daemon/relay/crash_notes.h"
#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

constexpr std::string_view kUnsaid = "the archive puts it aside";

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string ReasonOf(const std::vector<int>& signals) {
  std::vector<std::string> names;
  names.reserve(signals.size());
  for (const int signal : signals) {
    names.push_back(SignalName(signal));
  }
  return fmt::format("the process crashed {} times while it worked on this capture ({})",
                     signals.size(), fmt::join(names, ", "));
}

std::string ControlBody(Position capture, std::string_view reason) {
  std::string body;
  text::JsonWriter json(body);
  json.BeginObject();
  json.Key("captures").BeginArray();
  json.String(capture.ToHex());
  json.EndArray();
  json.Key("reason").String(reason);
  json.EndObject();
  return body;
}

}  // namespace

Status QuarantineCrashers(archive::Archive& archive, const std::filesystem::path& crashes) {
  auto noted = ReadCrashes(crashes);
  if (!noted) {
    return WithContext(noted.error(), "notes of crashes");
  }
  std::vector<Position> done;
  for (const auto& [capture, signals] : *noted) {
    if (signals.size() < kCrashesToQuarantine) {
      spdlog::warn("the process crashed while it worked on a capture position={} times={}",
                   capture.ToHex(), signals.size());
      continue;
    }
    done.push_back(capture);
    if (archive.controls()->Find(archive::ControlKind::kQuarantine, capture) != nullptr) {
      continue;
    }
    const std::string reason = ReasonOf(signals);
    NEWSWIRE_FAIL_POINT("quarantine.before_record");
    const auto recorded = archive.AppendControlAndWait(archive::ControlKind::kQuarantine,
                                                       ControlBody(capture, reason));
    if (!recorded) {
      return WithContext(recorded.error(), "quarantine of capture " + capture.ToHex());
    }
    NEWSWIRE_FAIL_POINT("quarantine.recorded");
    spdlog::error("a capture is put aside and becomes a dead letter position={} reason=\"{}\"",
                  capture.ToHex(), reason);
  }
  return done.empty() ? Status() : ForgetCrashes(crashes, done);
}

std::optional<std::string> QuarantineReason(const archive::Controls& controls, Position capture) {
  const archive::Control* control = controls.Find(archive::ControlKind::kQuarantine, capture);
  if (control == nullptr) {
    return std::nullopt;
  }
  const auto body = text::JsonDocument::Parse(control->body);
  return std::string(body ? body->root()["reason"].string_or(kUnsaid) : kUnsaid);
}

}  // namespace newswire::relay
