// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "daemon/publish/output.h"

namespace newswire::publish {

// The newest events of a refill: at most `partition_bytes` for each partition of each topic (of
// `partitions`, chosen by key as the producer does) and `total_bytes` in all, in order. A broker
// that keeps little is spared what it would throw away again. One thread; memory: twice
// `total_bytes`.
class RefillWindow {
 public:
  RefillWindow(size_t partition_bytes, size_t total_bytes, int partitions)
      : partition_bytes_(partition_bytes), total_bytes_(total_bytes), partitions_(partitions) {}

  void Add(std::span<const Event> events);
  // What stays, oldest first; the window is empty then.
  std::vector<Event> Take();

 private:
  void Trim();

  const size_t partition_bytes_, total_bytes_;
  const int partitions_;
  std::vector<Event> events_;
  size_t bytes_ = 0;
};

}  // namespace newswire::publish
