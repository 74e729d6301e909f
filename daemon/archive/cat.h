// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>
#include <string_view>

namespace newswire::archive {

enum class CatPart {
  kRecords,  // the WARC records of the capture
  kPayload,  // the body as it was received
  kDecoded,  // the body without its content encoding
  kText,     // what the pipeline of the configuration in force then makes of it
};

// `archive cat`: one capture. `which` is a position (16 hex digits, as `ls` prints them), a record
// id of the form urn:uuid:... (with or without "urn:uuid:" and angle brackets), or a URL: then the
// newest capture of that URL or link that holds a body, or the newest one when none does. kText
// prints the text of each document; with more than one, each below a line "--- <post id>".
int CatCapture(const std::filesystem::path& dir, std::string_view which, CatPart part,
               std::ostream& out, std::ostream& err);

}  // namespace newswire::archive
