// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "daemon/archive/control.h"
#include "daemon/relay/sequencer.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// Brings a sequencer that was rewound to `start` so far that the captures left in the archive lead
// from there to `start`: where older segments are gone and the state does not reach the oldest one,
// a snapshot is loaded. Where it reaches that one but not so far as the writer of a snapshot had
// come, what that one had read again of captures now gone is taken over. Nothing happens when
// nothing was ever retired.
// Position() as `start` means the beginning of what is left.
//
// `controls` are those in force in the archive `dir`. A snapshot that is not whole is logged and
// the one before it taken. kConfig: `start` lies below what is left, or no snapshot leads to it;
// the message names the oldest position. Errors of the state are given on.
Status RestoreFor(Position start, const std::filesystem::path& dir,
                  const archive::Controls& controls, Sequencer& sequencer);
// The same for an archive that no process of ours writes: reads the control records first.
Status RestoreFor(Position start, const std::filesystem::path& dir, Sequencer& sequencer);

}  // namespace newswire::relay
