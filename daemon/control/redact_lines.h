// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/redact.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/text/json.h"

// What crosses the control socket for a redaction: docs/formats/control-socket.md. A line ends in a
// line feed.
namespace newswire::control {

// The daemon's side.
archive::RedactRequest RedactRequestOf(const text::JsonValue& request);
std::string ProgressLine(Position at, Position end);
std::string CaptureLine(const archive::RedactReport::Line& line);
std::string EndLine(const archive::RedactReport& report);

// The command's side.
std::string RequestLine(const archive::RedactRequest& request);
// Adds one of the daemon's lines to the report. False: it was not the last; `at` is then set when
// it told how far the search is. kTransient: it is no such line.
Result<bool> TakeLine(const text::JsonValue& line, archive::RedactReport& report,
                      std::optional<Position>& at);

}  // namespace newswire::control
