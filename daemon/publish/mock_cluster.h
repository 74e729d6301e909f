// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "transforms/model/error.h"

namespace newswire::publish {

// librdkafka's mock cluster: one broker on a free port of 127.0.0.1, in memory, with threads of its
// own. It keeps about 5 MiB a partition, makes topics when they are named, and has neither an Admin
// API nor transactions. Bytes that are no Kafka may abort the process: it gets one of its own.
class MockCluster {
 public:
  static Result<std::unique_ptr<MockCluster>> Start();
  ~MockCluster();

  const std::string& brokers() const { return brokers_; }  // "127.0.0.1:port"
  const std::string& cluster_id() const { return cluster_id_; }

 private:
  struct Impl;
  explicit MockCluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::string brokers_, cluster_id_;
};

}  // namespace newswire::publish
