// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "daemon/publish/kafka_client.h"

namespace newswire::publish {

struct TopicView {
  int partitions = 0;
  int replication = 0;       // of the partition with the fewest replicas
  bool has_leaders = false;  // every partition has one
};

struct ClusterView {
  int brokers = 0;
  std::map<std::string, TopicView, std::less<>> topics;
};

struct TopicPlan {
  std::string name;
  int partitions = 1;
  int replication = 1;
  Properties config;
};

// What one asks of a cluster before publishing, by a client of role kReadUncommitted. Calls wait in
// slices until `deadline`; kTransient: no answer; kCancelled: stopped; kConfig: refused (rights,
// policy, settings).
class KafkaAdmin {
 public:
  KafkaAdmin(const KafkaClient& client, const Clock& clock) : client_(client), clock_(clock) {}

  Result<std::string> ClusterId(SteadyTime deadline, std::stop_token stop) const;
  Result<ClusterView> View(SteadyTime deadline, std::stop_token stop) const;
  // Creates what is missing, and waits until every topic of `plans` has its leaders. A topic that
  // exists keeps its settings. Returns what is there then.
  Result<ClusterView> MakeExist(std::span<const TopicPlan> plans, SteadyTime deadline,
                                std::stop_token stop) const;
  // All settings of these topics (DescribeConfigs), by topic.
  Result<std::map<std::string, Properties>> Settings(std::span<const std::string> topics,
                                                     SteadyTime deadline,
                                                     std::stop_token stop) const;

 private:
  Status Create(std::span<const TopicPlan> plans, SteadyTime deadline, std::stop_token stop) const;
  Result<EventPtr> Await(rd_kafka_queue_t* queue, SteadyTime deadline, const std::stop_token& stop,
                         std::string_view doing) const;

  const KafkaClient& client_;
  const Clock& clock_;
};

}  // namespace newswire::publish
