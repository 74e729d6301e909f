// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/refill_window.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

#include <librdkafka/rdkafka.h>

namespace newswire::publish {
namespace {

size_t SizeOf(const Event& event) {
  return event.value.size() + event.key.size() + event.ce_subject.size() + event.ce_id.size();
}

}  // namespace

void RefillWindow::Add(std::span<const Event> events) {
  for (const Event& event : events) {
    events_.push_back(event);
    bytes_ += SizeOf(event);
    if (bytes_ > 2 * total_bytes_) {
      Trim();
    }
  }
}

// From the newest back, each as long as its partition and the whole have room. What is older than
// something dropped of its partition goes too: a partition has no holes.
void RefillWindow::Trim() {
  std::map<std::pair<std::string, int>, size_t> used;
  std::vector<Event> kept;
  size_t total = 0;
  for (Event& event : std::views::reverse(events_)) {
    const int partition = rd_kafka_msg_partitioner_murmur2(
        nullptr, event.key.data(), event.key.size(), partitions_, nullptr, nullptr);
    size_t& partition_used = used[{event.topic_slug, partition}];
    const size_t size = SizeOf(event);
    if (partition_used + size > partition_bytes_ || total + size > total_bytes_) {
      partition_used = partition_bytes_;
      continue;
    }
    partition_used += size;
    total += size;
    kept.push_back(std::move(event));
  }
  std::ranges::reverse(kept);
  events_ = std::move(kept);
  bytes_ = total;
}

std::vector<Event> RefillWindow::Take() {
  Trim();
  bytes_ = 0;
  return std::exchange(events_, {});
}

}  // namespace newswire::publish
