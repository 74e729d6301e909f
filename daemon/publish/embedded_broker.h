// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include <sys/types.h>

#include "daemon/publish/durable_file.h"
#include "fetchers/clock.h"
#include "transforms/model/error.h"

namespace newswire::publish {

// What <data_dir>/broker.json says of a running embedded broker.
struct BrokerFile {
  std::string brokers;   // "127.0.0.1:port"
  std::string cluster;   // the cluster id that it answers with
  std::string instance;  // random: another start, another instance
  pid_t pid = 0;

  bool operator==(const BrokerFile&) const = default;
};
std::filesystem::path BrokerFilePath(const std::filesystem::path& data_dir);
Status WriteBrokerFile(const std::filesystem::path& data_dir, const BrokerFile& file);
// nullopt: none, or not one that can be read.
std::optional<BrokerFile> ReadBrokerFile(const std::filesystem::path& data_dir);

// The broker process inherits the reading end of a pipe as the file descriptor that this
// environment variable names; the end of that pipe is the end of its parent, however it died.
// (PR_SET_PDEATHSIG would tell the end of the thread that started it.)
inline constexpr const char* kLifelineVariable = "NEWSWIRE_BROKER_LIFELINE";

// The embedded broker of a data folder: one that runs already, or one that is started as
// `<executable> broker --data-dir <data_dir>` and ended by the destructor. One thread.
class EmbeddedBroker {
 public:
  EmbeddedBroker(std::filesystem::path data_dir, std::filesystem::path executable,
                 const Clock& clock);
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

  // Waits until it answers. kTransient: it does not, or ended; kCancelled.
  Result<BrokerFile> Ensure(std::stop_token stop);
  // Whether the process of the last Ensure still runs.
  bool Running();

 private:
  bool Answers(const BrokerFile& file, const std::stop_token& stop) const;
  Status Spawn();
  void End();

  const std::filesystem::path data_dir_;
  const std::filesystem::path executable_;
  const Clock& clock_;
  std::optional<BrokerFile> current_;
  pid_t child_ = 0;    // ours; 0: none
  UniqueFd lifeline_;  // the writing end; its close ends the child
};

}  // namespace newswire::publish
