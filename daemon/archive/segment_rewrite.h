// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/archive/control.h"
#include "daemon/archive/redaction.h"
#include "transforms/model/error.h"

// Sealed segments that are written anew for a redaction: first `<segment>.new` beside each,
// durable; then the control record that names old and new sums; then each takes its segment's
// place. Before the record nothing has happened, from it on nothing but this can. The archive's
// owner calls these; other processes go on reading what they have opened.
namespace newswire::archive {

// Bytes that take the place of as many others.
struct Replacement {
  uint64_t offset = 0;
  std::string bytes;
};

// Writes `<segment>.new`: the segment with these replaced (in order, apart), fsynced. kTransient:
// no room. After an error nothing is left.
Result<RewrittenSegment> WriteAnew(const std::filesystem::path& segment,
                                   const std::vector<Replacement>& replacements);
// Removes what WriteAnew wrote: the redaction is given up.
void DropNew(const std::filesystem::path& dir, const std::vector<RewrittenSegment>& segments);

// Puts each `.new` in its segment's place and writes its `.sha256`, durably. After an error (the
// disk's) FinishRewrites goes on.
Status PutInPlace(const std::filesystem::path& dir, const std::vector<RewrittenSegment>& segments);

// At the start, and before the next redaction: puts in place what the redactions in force name, and
// deletes every other `.new` of a segment. A segment that is neither the old nor the new one is
// logged and left.
Status FinishRewrites(const std::filesystem::path& dir, const Controls& controls);

}  // namespace newswire::archive
