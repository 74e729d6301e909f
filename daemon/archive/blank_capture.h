// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include "daemon/archive/segment_rewrite.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// What of a capture's body goes.
struct Blanking {
  bool whole = false;          // all of it
  std::set<uint32_t> entries;  // of a feed, by number; when not `whole`
};

struct BlankedCapture {
  std::vector<Replacement> replacements;  // of its members; empty: there was nothing to take out
  Capture capture;                        // as it reads afterwards, at the same address
};

// Takes the words out of a capture of a segment: the named part of its body, and what its metadata
// record repeats of the feed's entry. What tells which post it was stays: URLs, HTTP header, dates,
// ids. Each member keeps its length. A feed is decoded and encoded again.
//
// kPermanent: a record does not fit into its place any more, or the feed cannot be taken apart; the
// message says which capture. kCorruption: the capture is not there.
Result<BlankedCapture> BlankCapture(const std::filesystem::path& segment,
                                    const ArchiveAddress& address, const Blanking& blanking);

}  // namespace newswire::archive
