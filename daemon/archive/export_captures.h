// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>
#include <stop_token>
#include <string>

#include "daemon/archive/capture_filter.h"

namespace newswire::archive {

// `archive export`: the captures that pass `filter`, as a new WARC file of gzip members that any
// tool reads. Their records are copied byte for byte, ids and our metadata records included, in
// archive order. The file begins with a warcinfo record of its own that says which archive and
// which part of it they are from; the warcinfo records that governed them are copied before the
// first capture of each, so that every WARC-Warcinfo-ID is resolved.
//
// Revisits are never left alone: the capture that one refers to comes too, also when `filter` does
// not choose it. When the archive does not hold it any more, that is said. Two passes; memory grows
// by 64 bytes with each capture that is so referred to. Nothing is written when no capture is
// chosen, on a stop, or when `output` exists. The exit status is that of tools.h; `said` gets a
// line with the totals.
int ExportCaptures(const std::filesystem::path& dir, const CaptureFilter& filter,
                   const std::string& software, const std::filesystem::path& output,
                   const std::stop_token& stop, std::ostream& said, std::ostream& err);

}  // namespace newswire::archive
