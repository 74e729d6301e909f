// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/archive/control.h"
#include "daemon/relay/sequencer.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"

// What the relay and replays do where a redaction's record lies in the archive.
namespace newswire::relay {

// The events of a control record at its place: of a redaction a tombstone for each of its posts
// that was ever published, of any other none. Errors are the state's.
Result<std::vector<Event>> TombstonesOf(const archive::Control& control, Sequencer& sequencer);

// A control record's place, as a batch of events takes that of a capture.
ArchiveAddress AddressOf(const archive::Control& control);

}  // namespace newswire::relay
