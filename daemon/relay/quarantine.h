// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "daemon/archive/archive.h"
#include "daemon/archive/control.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::relay {

// Puts aside what crashed this process kCrashesToQuarantine times (crash_notes.h): a control record
// in the archive, durable when this returns, and then the notes are forgotten. From then on every
// reader of the archive knows it, and the capture is a dead letter of the step "quarantine". Before
// the relay starts, once; a crash within leaves notes or a record, never neither.
//
// kTransient: the disk has no room; nothing may be read then, for it would crash again.
Status QuarantineCrashers(archive::Archive& archive, const std::filesystem::path& crashes);

// Why a capture's transforms are not to be run; nullopt: they are.
std::optional<std::string> QuarantineReason(const archive::Controls& controls, Position capture);

}  // namespace newswire::relay
