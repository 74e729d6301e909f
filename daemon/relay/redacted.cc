// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/redacted.h"

#include "daemon/archive/redaction.h"

namespace newswire::relay {

Result<std::vector<Event>> TombstonesOf(const archive::Control& control, Sequencer& sequencer) {
  if (control.kind != archive::ControlKind::kRedaction) {
    return std::vector<Event>();
  }
  const auto redaction = archive::RedactionFromJson(control.body);
  // The archive gives no control record whose body cannot be read.
  return redaction ? sequencer.Tombstones(redaction->posts, control.position, control.date)
                   : std::unexpected(redaction.error());
}

ArchiveAddress AddressOf(const archive::Control& control) {
  return {.segment = {},
          .offset = control.position.offset(),
          .record_id = control.record_id,
          .position = control.position,
          .end = control.end};
}

}  // namespace newswire::relay
