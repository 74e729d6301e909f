// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "daemon/publish/output.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::publish {

// What a cluster says of itself to somebody who only looks.
struct ClusterReport {
  std::string cluster_id;
  int brokers = 0;
  size_t topics = 0;      // all that we may see
  size_t our_topics = 0;  // under the prefix of kafka.topic
};

// Reaches the cluster and asks for its metadata; creates and changes nothing. kTransient: nobody
// answers within `timeout`; kConfig: a property is refused; kCancelled.
Result<ClusterReport> Probe(const KafkaOptions& options, std::chrono::milliseconds timeout,
                            const Clock& clock, std::stop_token stop);

}  // namespace newswire::publish
