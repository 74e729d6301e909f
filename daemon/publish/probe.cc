// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/probe.h"

#include "daemon/publish/kafka_admin.h"
#include "daemon/publish/kafka_client.h"

namespace newswire::publish {

Result<ClusterReport> Probe(const KafkaOptions& options, std::chrono::milliseconds timeout,
                            const Clock& clock, std::stop_token stop) {
  if (const auto checked = CheckProperties(options.properties); !checked) {
    return std::unexpected(checked.error());
  }
  const auto client = KafkaClient::Make(options, ClientRole::kReadUncommitted, {}, clock);
  if (!client) {
    return std::unexpected(client.error());
  }
  const SteadyTime deadline = clock.Steady() + timeout;
  const KafkaAdmin admin(**client, clock);
  auto view = admin.View(deadline, stop);
  if (!view) {
    return std::unexpected(view.error());
  }
  auto cluster_id = admin.ClusterId(deadline, stop);
  if (!cluster_id) {
    return std::unexpected(cluster_id.error());
  }
  ClusterReport report{.cluster_id = *std::move(cluster_id),
                       .brokers = view->brokers,
                       .topics = view->topics.size()};
  const std::string prefix = TopicPrefix(options.topic);
  for (const auto& [name, topic] : view->topics) {
    report.our_topics += name.starts_with(prefix) ? 1 : 0;
  }
  return report;
}

}  // namespace newswire::publish
