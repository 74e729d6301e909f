// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "daemon/archive/capture_filter.h"
#include "daemon/archive/reader.h"

namespace newswire::archive {

// Prints damage, except the unfinished end of a segment that a running daemon writes.
class DamageReport {
 public:
  // Both outlive the report.
  DamageReport(const std::filesystem::path& dir, std::ostream& out) : dir_(dir), out_(out) {}

  // `at_end`: nothing was read behind it.
  void Add(const Damage& damage, bool at_end);
  bool found() const { return found_; }

 private:
  const std::filesystem::path& dir_;
  std::ostream& out_;
  bool found_ = false;
};

struct Walk {
  // Gets each capture that passes the filter; false ends the walk.
  std::function<bool(Capture&)> capture;
  // Gets each configuration before the captures that it governs; may be empty.
  std::function<void(const WarcInfo&)> info = {};
};

// Walks over an archive's captures in order, those of `filter` alone. Damage is named on `err` and
// stepped over. The exit status: 0, kFoundDamage, kCannotRead.
int WalkCaptures(const std::filesystem::path& dir, const CaptureFilter& filter, PostIds& ids,
                 const Walk& walk, std::ostream& err);

}  // namespace newswire::archive
