// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/mock_cluster.h"

#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "daemon/publish/kafka_handles.h"

namespace newswire::publish {
namespace {

constexpr int kClusterIdMs = 10'000;

using MockPtr = std::unique_ptr<rd_kafka_mock_cluster_t, Destroy<rd_kafka_mock_cluster_destroy>>;

}  // namespace

struct MockCluster::Impl {
  ClientPtr host;  // the mock runs in this client's timers; it outlives the mock
  MockPtr mock;
};

MockCluster::MockCluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MockCluster::~MockCluster() = default;

Result<std::unique_ptr<MockCluster>> MockCluster::Start() {
  char reason[512] = "";
  auto impl = std::make_unique<Impl>();
  ConfPtr conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);  // its view of clients that come and go
  impl->host.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof reason));
  if (!impl->host) {
    return Fail(ErrorKind::kTransient, fmt::format("starting the embedded broker: {}", reason));
  }
  [[maybe_unused]] const auto* owned = conf.release();
  impl->mock.reset(rd_kafka_mock_cluster_new(impl->host.get(), 1));
  if (!impl->mock) {
    return Fail(ErrorKind::kTransient, "starting the embedded broker: no port on 127.0.0.1");
  }
  const std::string brokers = rd_kafka_mock_cluster_bootstraps(impl->mock.get());
  if (rd_kafka_brokers_add(impl->host.get(), brokers.c_str()) != 1) {
    return Fail(ErrorKind::kTransient, "starting the embedded broker: bad address " + brokers);
  }
  char* id = rd_kafka_clusterid(impl->host.get(), kClusterIdMs);
  if (id == nullptr) {
    return Fail(ErrorKind::kTransient, "the embedded broker does not answer at " + brokers);
  }
  std::unique_ptr<MockCluster> cluster(new MockCluster(std::move(impl)));
  cluster->brokers_ = brokers;
  cluster->cluster_id_ = id;
  rd_kafka_mem_free(cluster->impl_->host.get(), id);
  return cluster;
}

}  // namespace newswire::publish
