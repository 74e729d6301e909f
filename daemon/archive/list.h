// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>

#include "daemon/archive/capture_filter.h"

namespace newswire::archive {

// `archive ls`: one line per capture. Fields separated by tabs: position, date, kind, source, role,
// HTTP status (`-` without one), URL. Or, `as_json`, an object with the same and more: segment,
// offset, end, record_id, link, title (of its entry), content_type, length, digest, truncated,
// removal, refers_to; absent values are null.
int ListCaptures(const std::filesystem::path& dir, const CaptureFilter& filter, bool as_json,
                 std::ostream& out, std::ostream& err);

}  // namespace newswire::archive
