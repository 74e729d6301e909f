// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/broker.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <random>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/publish/embedded_broker.h"
#include "daemon/publish/mock_cluster.h"

namespace newswire::commands {
namespace {

using publish::UniqueFd;

std::string RandomInstance() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The reading end that a parent gave us; poll() ignores an invalid one.
UniqueFd Lifeline() {
  const char* text = std::getenv(publish::kLifelineVariable);
  if (text == nullptr) {
    return {};
  }
  int fd = -1;
  const std::string_view digits(text);
  std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  if (fd < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return {};
  }
  return UniqueFd(fd);
}

// Signals arrive as bytes: they must be blocked in every thread that comes.
UniqueFd BlockSignals() {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&ending, number);
  }
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return UniqueFd(::signalfd(-1, &ending, SFD_CLOEXEC));
}

void WaitForTheEnd(const UniqueFd& signals, const UniqueFd& lifeline) {
  std::array<pollfd, 2> fds = {pollfd{.fd = signals.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = lifeline.get(), .events = POLLIN, .revents = 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
}

int Refuse(const Error& error) {
  spdlog::error("broker: {}", error.message);
  return 1;
}

}  // namespace

int RunBroker(const BrokerOptions& options) {
  const UniqueFd signals = BlockSignals();
  const UniqueFd lifeline = Lifeline();
  if (!signals.valid()) {
    return Refuse(Error{ErrorKind::kTransient, "no signalfd"});
  }
  std::error_code failed;
  std::filesystem::create_directories(options.data_dir, failed);
  if (failed) {
    return Refuse(Error{ErrorKind::kConfig,
                        fmt::format("{}: {}", options.data_dir.string(), failed.message())});
  }
  auto cluster = publish::MockCluster::Start();
  if (!cluster) {
    return Refuse(cluster.error());
  }
  const publish::BrokerFile file{.brokers = (*cluster)->brokers(),
                                 .cluster = (*cluster)->cluster_id(),
                                 .instance = RandomInstance(),
                                 .pid = ::getpid()};
  if (options.port_file) {
    const std::string port = file.brokers.substr(file.brokers.rfind(':') + 1) + "\n";
    if (auto ok = publish::ReplaceFile(*options.port_file, port); !ok) {
      return Refuse(ok.error());
    }
  }
  if (auto ok = publish::WriteBrokerFile(options.data_dir, file); !ok) {
    return Refuse(ok.error());
  }
  spdlog::info("broker: the embedded broker answers, for trial only brokers={}", file.brokers);
  WaitForTheEnd(signals, lifeline);
  if (publish::ReadBrokerFile(options.data_dir) == file) {
    std::filesystem::remove(publish::BrokerFilePath(options.data_dir), failed);
  }
  return 0;
}

}  // namespace newswire::commands
