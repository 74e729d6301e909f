// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/control.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/archive/record_stream.h"
#include "daemon/archive/warc_record.h"
#include "transforms/text/json.h"

namespace newswire::archive {
namespace {

constexpr std::pair<ControlKind, std::string_view> kNames[] = {
    {ControlKind::kSnapshotPart, kSnapshotPartName},
    {ControlKind::kQuarantine, "quarantine"},
    {ControlKind::kRedaction, "redaction"},
    {ControlKind::kSnapshot, "snapshot"},
};

}  // namespace

std::string_view Name(ControlKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) {
      return name;
    }
  }
  return "";
}

std::optional<ControlKind> ControlKindFromName(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

Status ParseControlBody(Control& control) {
  const auto body = text::JsonDocument::Parse(control.body);
  if (!body) {
    return WithContext(body.error(), "a control record's body");
  }
  if (!body->root().is_object()) {
    return Fail(ErrorKind::kMalformed, "a control record's body is no JSON object");
  }
  const text::JsonValue captures = body->root()["captures"];
  if (captures.exists() && !captures.is_array()) {
    return Fail(ErrorKind::kMalformed, "\"captures\" of a control record is no array");
  }
  if (control.kind == ControlKind::kSnapshot) {
    const std::optional<Position> base = Position::FromHex(body->root()["base"].string_or({}));
    const std::optional<Position> through =
        Position::FromHex(body->root()["through"].string_or({}));
    if (!base || !through) {
      return Fail(ErrorKind::kMalformed, "\"base\" or \"through\" of a snapshot is no position");
    }
    control.base = *base;
    control.through = *through;
  }
  if (control.kind == ControlKind::kRedaction) {
    if (const auto redaction = RedactionFromJson(control.body); !redaction) {
      return std::unexpected(redaction.error());
    }
  }
  control.captures.clear();
  for (size_t i = 0; i < captures.size(); ++i) {
    const std::optional<Position> position = Position::FromHex(captures.at(i).string_or({}));
    if (!position) {
      return Fail(ErrorKind::kMalformed,
                  fmt::format("\"captures\" of a control record: number {} is no position", i));
    }
    control.captures.push_back(*position);
  }
  return {};
}

void Controls::Add(Control control) {
  if (control.kind == ControlKind::kSnapshotPart) {
    return;
  }
  const auto known = [&](const Control& one) { return one.position == control.position; };
  if (std::ranges::any_of(all_, known)) {
    return;
  }
  const bool redaction = control.kind == ControlKind::kRedaction;
  all_.push_back(std::move(control));
  std::ranges::stable_sort(all_, {}, &Control::position);
  Index();
  if (redaction) {
    IndexRedactions();
  }
}

bool Controls::Retire(Position oldest) {
  size_t changed = std::erase_if(all_, [&](const Control& one) {
    return one.kind != ControlKind::kRedaction &&
           (one.kind == ControlKind::kSnapshot
                ? one.base < oldest
                : !one.captures.empty() && std::ranges::max(one.captures) < oldest);
  });
  for (Control& one : all_) {
    const auto gone = [oldest](Position capture) { return capture < oldest; };
    if (one.kind != ControlKind::kRedaction || std::ranges::none_of(one.captures, gone)) {
      continue;
    }
    auto redaction = RedactionFromJson(one.body);
    if (redaction && DropBelow(oldest, *redaction)) {
      one.body = RedactionToJson(*redaction);
      one.captures = redaction->captures;
      ++changed;
    }
  }
  if (changed > 0) {
    Index();
    IndexRedactions();
  }
  return changed > 0;
}

void Controls::IndexRedactions() {
  auto redactions = std::make_shared<Redactions>();
  for (const Control& one : all_) {
    if (one.kind != ControlKind::kRedaction) {
      continue;
    }
    if (const auto redaction = RedactionFromJson(one.body)) {
      redactions->Add(*redaction);
    }
  }
  redactions_ = std::move(redactions);
}

void Controls::Index() {
  by_capture_.clear();
  for (size_t i = 0; i < all_.size(); ++i) {
    for (const Position capture : all_[i].captures) {
      by_capture_.emplace(capture, i);
    }
  }
}

const Control* Controls::Find(ControlKind kind, Position capture) const {
  const auto [begin, end] = by_capture_.equal_range(capture);
  const Control* found = nullptr;
  for (auto at = begin; at != end; ++at) {
    if (all_[at->second].kind == kind) {
      found = &all_[at->second];
    }
  }
  return found;
}

const Control* Controls::Newest(ControlKind kind) const {
  for (size_t i = all_.size(); i-- > 0;) {
    if (all_[i].kind == kind) {
      return &all_[i];
    }
  }
  return nullptr;
}

bool Controls::IsRetired(Position capture, Position at) const {
  return std::ranges::any_of(all_, [&](const Control& one) {
    return one.kind == ControlKind::kSnapshot && capture < one.base && at >= one.through;
  });
}

std::string ControlEntry(std::string_view kind, std::string_view record_id, UtcMillis date,
                         Position position, std::string_view body) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("kind").String(kind);
  json.Key("record").String(record_id);
  json.Key("date").String(FormatUtcMillis(date));
  json.Key("position").String(position.ToHex());
  json.Key("body").Raw(body);
  json.EndObject();
  return out;
}

std::string Controls::ToJson() const {
  std::string out;
  text::JsonWriter json(out);
  json.BeginArray();
  for (const Control& one : all_) {
    json.Raw(ControlEntry(Name(one.kind), one.record_id, one.date, one.position, one.body));
  }
  for (const std::string& entry : unknown_) {
    json.Raw(entry);
  }
  json.EndArray();
  return out;
}

Result<Controls> Controls::FromJson(std::string_view text) {
  const auto list = text::JsonDocument::Parse(text);
  if (!list) {
    return WithContext(list.error(), "the list of control records");
  }
  if (!list->root().is_array()) {
    return Fail(ErrorKind::kMalformed, "the list of control records is no array");
  }
  Controls controls;
  for (size_t i = 0; i < list->root().size(); ++i) {
    const text::JsonValue entry = list->root().at(i);
    const std::optional<ControlKind> kind = ControlKindFromName(entry["kind"].string_or({}));
    if (!kind) {
      controls.AddUnknown(entry.Dump());
      continue;
    }
    const std::optional<Position> position = Position::FromHex(entry["position"].string_or({}));
    const std::optional<UtcMillis> date = ParseWarcDate(entry["date"].string_or({}));
    if (!position || !date) {
      return Fail(
          ErrorKind::kMalformed,
          fmt::format("entry {} of the list of control records has no position or date", i));
    }
    Control control{.kind = *kind,
                    .body = entry["body"].Dump(),
                    .captures = {},
                    .record_id = std::string(entry["record"].string_or({})),
                    .date = *date,
                    .position = *position,
                    .end = {}};
    if (Status status = ParseControlBody(control); !status) {
      return std::unexpected(status.error());
    }
    controls.all_.push_back(std::move(control));
  }
  std::ranges::stable_sort(controls.all_, {}, &Control::position);
  controls.Index();
  controls.IndexRedactions();
  return controls;
}

}  // namespace newswire::archive
