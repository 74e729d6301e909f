// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/archive/redaction.h"
#include "daemon/archive/redaction_search.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// Which posts are to be taken out of an archive, and why.
struct RedactRequest {
  std::vector<std::string> posts;  // ids
  std::string reason;              // kept in the archive; may be empty
};

// What a redaction did, or with PlanRedaction would do.
struct RedactReport {
  struct Line {  // of one capture
    Position position;
    std::string segment;
    CaptureKind kind = CaptureKind::kResponse;
    CaptureRole role = CaptureRole::kPost;
    std::string source, url;
    uint64_t entries = 0;  // of a feed; 0: all of it
  };
  std::vector<Line> captures;              // that are written anew
  uint64_t blanked_before = 0;             // hold the posts' places, and no words of them any more
  std::vector<RewrittenSegment> segments;  // of a plan only the names
  std::optional<Position> record;          // of the control record; nullopt: nothing was to be done
};

// Takes posts out of the archive: every capture that holds one is blanked where it lies, every
// other record keeps its offset and its bytes; a control record says so, and that the posts are
// never published or fetched again. Ends the segment that is being written first. Everything that
// the transforms make of what stays is compared before anything happens: a redaction that would
// change another event is refused.
//
// After success it is durable and in force. kPermanent: the archive holds no capture of a post, or
// a capture cannot be blanked in its place; kTransient: no room; kCancelled: stopped. Nothing has
// changed then. After the control record only the disk can fail (kCorruption): the next start, or
// the next redaction, completes it. Any thread but the archive's; one redaction at a time. Reads
// the whole archive.
Result<RedactReport> Redact(Archive& archive, const RedactRequest& request,
                            const std::stop_token& stop, const SearchProgress& progress);

// What Redact would do now, without doing it, with the archive's owner running or not.
Result<RedactReport> PlanRedaction(const std::filesystem::path& dir, const RedactRequest& request,
                                   const std::stop_token& stop, const SearchProgress& progress);

}  // namespace newswire::archive
