// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace newswire::commands {

struct BrokerOptions {
  std::filesystem::path data_dir;                  // broker.json goes there
  std::optional<std::filesystem::path> port_file;  // gets the port number, when the broker answers
};

// `newswired broker`: the embedded trial broker, until SIGTERM or SIGINT, or until the process that
// started it for itself has ended (publish/embedded_broker.h). <data_dir>/broker.json is written
// when it answers and removed at the end. Blocks; call it from the main thread before any other
// thread runs. The exit code: 0, or 1 with the reason in the log.
int RunBroker(const BrokerOptions& options);

}  // namespace newswire::commands
