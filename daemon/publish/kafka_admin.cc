// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/kafka_admin.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace newswire::publish {
namespace {

constexpr int kRequestMs = 10'000;
constexpr int kOperationMs = 5'000;  // how long the broker may take to make a topic
constexpr int kLookAgainMs = 50;

AdminOptionsPtr MakeOptions(rd_kafka_t* client, rd_kafka_admin_op_t operation) {
  char reason[256];
  AdminOptionsPtr options(rd_kafka_AdminOptions_new(client, operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kRequestMs, reason, sizeof reason);
  if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), kOperationMs, reason, sizeof reason);
  }
  return options;
}

ErrorKind KindOf(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
      return ErrorKind::kConfig;
    default:
      return ErrorKind::kTransient;
  }
}

}  // namespace

Result<std::string> KafkaAdmin::ClusterId(SteadyTime deadline, std::stop_token stop) const {
  while (true) {
    if (char* id = rd_kafka_clusterid(client_.get(), kSliceMs); id != nullptr) {
      std::string text(id);
      rd_kafka_mem_free(client_.get(), id);
      return text;
    }
    if (auto error = OutOfTime(clock_, deadline, stop, "asking Kafka for its cluster id",
                               client_.LastProblem())) {
      return std::unexpected(*error);
    }
  }
}

Result<ClusterView> KafkaAdmin::View(SteadyTime deadline, std::stop_token stop) const {
  auto metadata = client_.Metadata(nullptr, deadline, std::move(stop));
  if (!metadata) {
    return std::unexpected(metadata.error());
  }
  ClusterView view;
  view.brokers = (*metadata)->broker_cnt;
  for (int i = 0; i < (*metadata)->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = (*metadata)->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR || topic.partition_cnt == 0) {
      continue;
    }
    TopicView seen{.partitions = topic.partition_cnt,
                   .replication = topic.partitions[0].replica_cnt,
                   .has_leaders = true};
    for (int p = 0; p < topic.partition_cnt; ++p) {
      seen.replication = std::min(seen.replication, topic.partitions[p].replica_cnt);
      seen.has_leaders = seen.has_leaders && topic.partitions[p].leader >= 0;
    }
    view.topics.emplace(topic.topic, seen);
  }
  return view;
}

Result<EventPtr> KafkaAdmin::Await(rd_kafka_queue_t* queue, SteadyTime deadline,
                                   const std::stop_token& stop, std::string_view doing) const {
  while (true) {
    if (EventPtr event(rd_kafka_queue_poll(queue, kSliceMs)); event) {
      if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return Fail(KindOf(code),
                    fmt::format("{}: {}", doing, rd_kafka_event_error_string(event.get())));
      }
      return event;
    }
    if (auto error = OutOfTime(clock_, deadline, stop, doing, client_.LastProblem())) {
      return std::unexpected(*error);
    }
  }
}

Status KafkaAdmin::Create(std::span<const TopicPlan> plans, SteadyTime deadline,
                          std::stop_token stop) const {
  std::vector<NewTopicPtr> owned;
  std::vector<rd_kafka_NewTopic_t*> topics;
  for (const TopicPlan& plan : plans) {
    char reason[256] = "";
    NewTopicPtr topic(rd_kafka_NewTopic_new(plan.name.c_str(), plan.partitions, plan.replication,
                                            reason, sizeof reason));
    if (!topic) {
      return Fail(ErrorKind::kConfig, fmt::format("topic {}: {}", plan.name, reason));
    }
    for (const auto& [key, value] : plan.config) {
      rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
    }
    topics.push_back(topic.get());
    owned.push_back(std::move(topic));
  }
  const AdminOptionsPtr options = MakeOptions(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  const QueuePtr queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), topics.data(), topics.size(), options.get(), queue.get());
  auto event = Await(queue.get(), deadline, stop, "creating topics");
  if (!event) {
    return std::unexpected(event.error());
  }
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(results[i]);
    const char* name = rd_kafka_topic_result_name(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      spdlog::info("kafka: created a topic topic={}", name);
    } else if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      const char* text = rd_kafka_topic_result_error_string(results[i]);
      return Fail(KindOf(code), fmt::format("creating topic {}: {}", name,
                                            text != nullptr ? text : rd_kafka_err2str(code)));
    }
  }
  return {};
}

Result<ClusterView> KafkaAdmin::MakeExist(std::span<const TopicPlan> plans, SteadyTime deadline,
                                          std::stop_token stop) const {
  bool created = false;
  while (true) {
    auto view = View(deadline, stop);
    if (!view) {
      return view;
    }
    std::vector<TopicPlan> missing;
    bool ready = true;
    for (const TopicPlan& plan : plans) {
      const auto found = view->topics.find(plan.name);
      ready = ready && found != view->topics.end() && found->second.has_leaders;
      if (found == view->topics.end()) {
        missing.push_back(plan);
      }
    }
    if (ready) {
      return view;
    }
    if (!missing.empty() && !created) {
      if (auto ok = Create(missing, deadline, stop); !ok) {
        return std::unexpected(ok.error());
      }
      created = true;
      continue;
    }
    if (auto error = OutOfTime(clock_, deadline, stop, "waiting for leaders of topics",
                               client_.LastProblem())) {
      return std::unexpected(*error);
    }
    rd_kafka_poll(client_.get(), kLookAgainMs);
  }
}

Result<std::map<std::string, Properties>> KafkaAdmin::Settings(std::span<const std::string> topics,
                                                               SteadyTime deadline,
                                                               std::stop_token stop) const {
  std::map<std::string, Properties> answer;
  if (topics.empty()) {
    return answer;
  }
  std::vector<ConfigResourcePtr> owned;
  std::vector<rd_kafka_ConfigResource_t*> resources;
  for (const std::string& topic : topics) {
    owned.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    resources.push_back(owned.back().get());
  }
  const AdminOptionsPtr options = MakeOptions(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  const QueuePtr queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DescribeConfigs(client_.get(), resources.data(), resources.size(), options.get(),
                           queue.get());
  auto event = Await(queue.get(), deadline, stop, "reading the settings of topics");
  if (!event) {
    return std::unexpected(event.error());
  }
  size_t count = 0;
  const rd_kafka_ConfigResource_t** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const char* name = rd_kafka_ConfigResource_name(results[i]);
    if (const auto code = rd_kafka_ConfigResource_error(results[i]);
        code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Fail(KindOf(code),
                  fmt::format("reading the settings of topic {} (the right DESCRIBE_CONFIGS): {}",
                              name, rd_kafka_err2str(code)));
    }
    size_t entries = 0;
    const rd_kafka_ConfigEntry_t** configs = rd_kafka_ConfigResource_configs(results[i], &entries);
    Properties& settings = answer[name];
    for (size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(configs[e]);
      settings[rd_kafka_ConfigEntry_name(configs[e])] = value != nullptr ? value : "";
    }
  }
  return answer;
}

}  // namespace newswire::publish
