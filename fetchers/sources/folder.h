// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fetchers/clock.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::sources {

// A Markdown post as the folder shows it.
struct PostFile {
  std::filesystem::path path;
  std::string url;      // file:///...: the link
  std::string version;  // size and times: changes when the file does (our validator)
};

// The `folder` kind: *.md and *.markdown below `source.url`, at most 8 levels deep and 1,000,000
// files, by name (so that Jekyll's dated names come oldest first). Symbolic links are followed only
// inside the folder. Hidden files and names that editors use while writing (~, .swp, #…#) are
// passed over. kTransient: the folder cannot be read now.
Result<std::vector<PostFile>> ListPostFiles(const Source& source);

// Reads one file into a `resource` capture (metadata not filled). A file over `max_bytes` is cut
// and marked truncated. kTransient when it cannot be read or changed while it was read.
Result<Capture> ReadPostFile(const PostFile& file, size_t max_bytes, const Clock& clock);

}  // namespace newswire::sources
