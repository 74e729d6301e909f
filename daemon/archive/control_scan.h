// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/archive/control.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// Finds the control records in force without reading the archive: the list at the head of the
// newest segment that has a readable one, and the control records behind it. Steps over members by
// their hints. One thread.
class ControlScan {
 public:
  // Reads on from where the last call ended; the first call begins at the newest list. True when
  // `controls` changed. Whole records count, durable or not. Errors are those of the disk.
  Result<bool> Refresh(const std::vector<Segment>& segments);
  const Controls& controls() const { return controls_; }

 private:
  Result<bool> ReadOn(const Segment& segment);

  Controls controls_;
  bool begun_ = false;
  uint32_t serial_ = 0;  // read up to here
  uint64_t offset_ = 0;
};

// Those in force in an archive that another process may be writing to.
Result<std::shared_ptr<const Controls>> ReadControls(const std::filesystem::path& dir);

}  // namespace newswire::archive
