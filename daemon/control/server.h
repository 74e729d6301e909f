// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "daemon/archive/archive.h"
#include "daemon/control/socket.h"
#include "transforms/model/error.h"

namespace newswire::control {

struct ServerOptions {
  std::filesystem::path socket;  // <data_dir>/control.sock
  std::string software;          // said to whoever connects
  // Whether a source of this id is configured now. Called on the server's thread.
  std::function<bool(std::string_view id)> knows_source;
};

// The running daemon's end of the control socket: lets commands write to the archive through the
// daemon, its only writer. One thread of its own, "control". Connections are served one after the
// other; one ends before the next is answered, with all that it appended. The archive outlives it.
// Bounded by the constants of protocol.h; a connection that says nothing for kIdle is ended.
class Server {
 public:
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, archive::Archive& archive);
  ~Server();  // ends the connection, waits for what it appended, removes the socket

 private:
  class Connection;

  Server(ServerOptions options, archive::Archive& archive, Descriptor listener, Descriptor wake);
  void Run(const std::stop_token& stop);

  const ServerOptions options_;
  archive::Archive& archive_;
  const Descriptor listener_;
  const Descriptor wake_;  // eventfd: an answer of the archive, or the end
  std::jthread thread_;    // last: it uses the others
};

}  // namespace newswire::control
