// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/archive/redaction.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/timestamp.h"

namespace newswire::archive {

enum class ControlKind {
  kSnapshotPart,  // data of a snapshot; never in force, given by no Reader
  kQuarantine,    // captures whose transforms are not run: they end the process
  kRedaction,     // a post that was taken out for legal reasons
  kSnapshot,      // the sequencer's state as of a position, complete: the end of its parts
};
std::string_view Name(ControlKind kind);
std::optional<ControlKind> ControlKindFromName(std::string_view name);

// A control record: what the archive says about itself. One WARC record, a unit of its own as a
// capture is. It is in force from the moment it is durable, for everything that is read from then
// on, wherever it lies in the archive (docs/formats/archive.md).
struct Control {
  ControlKind kind = ControlKind::kQuarantine;
  // A JSON object. Its member "captures", an array of positions (16 hex digits), names what the
  // record governs; without one it governs no capture by position, and stays in force for good.
  std::string body;
  std::vector<Position> captures;  // parsed from `body`, as is
  Position base;                   // of a snapshot: the position that it is the state as of
  Position through;                // of a snapshot: how far its writer had sequenced

  // Filled by the archive, on append and on read. `end` is not known of records in a list.
  std::string record_id;
  UtcMillis date;
  Position position, end;

  bool operator==(const Control&) const = default;
};

// Fills in `captures`, `base` and `through`. kMalformed: `body` is no JSON object, or these are no
// positions.
Status ParseControlBody(Control& control);

// The control records in force. A value; any thread that has its own, or a const one.
class Controls {
 public:
  // A record of the archive comes to those in force. Nothing happens when it is there already.
  void Add(Control control);
  // What a later version calls `kind`: kept, so that it is carried on, and without effect.
  void AddUnknown(std::string entry) { unknown_.push_back(std::move(entry)); }
  // Segments were retired, `oldest` is the first position that is left: drops those that name
  // captures of which none is left, and snapshots that older segments would have to follow. Of a
  // redaction goes only what it says of captures that are not left: its posts stay redacted. True:
  // something went.
  bool Retire(Position oldest);

  // In the order of the archive.
  const std::vector<Control>& all() const { return all_; }
  bool empty() const { return all_.empty() && unknown_.empty(); }
  // The newest one of this kind that names the capture; nullptr: none does. Valid until a change.
  const Control* Find(ControlKind kind, Position capture) const;
  const Control* Newest(ControlKind kind) const;
  // Whether `capture` counts as retired for what is sequenced at `at`, though its segment may not
  // be deleted yet: a snapshot stands for it from where its writer had come on.
  bool IsRetired(Position capture, Position at) const;
  // Those of the kind redaction, together. Never null.
  std::shared_ptr<const Redactions> redactions() const { return redactions_; }

  // The value of `newswire-control` in a warcinfo record: one line.
  std::string ToJson() const;
  static Result<Controls> FromJson(std::string_view json);

 private:
  void Index();
  void IndexRedactions();

  std::vector<Control> all_;
  std::shared_ptr<const Redactions> redactions_ = std::make_shared<const Redactions>();
  std::multimap<Position, size_t> by_capture_;  // into all_
  std::vector<std::string> unknown_;            // entries, as JSON
};

// One entry of the list, and of `AddUnknown`.
std::string ControlEntry(std::string_view kind, std::string_view record_id, UtcMillis date,
                         Position position, std::string_view body);

}  // namespace newswire::archive
