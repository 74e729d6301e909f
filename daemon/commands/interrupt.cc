// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/interrupt.h"

#include <csignal>
#include <ctime>

#include <pthread.h>
#include <unistd.h>

#include "daemon/commands/exit_codes.h"

namespace newswire::commands {
namespace {

constexpr timespec kWait{.tv_sec = 0, .tv_nsec = 200'000'000};

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](const std::stop_token& ended) {
    pthread_setname_np(pthread_self(), "signals");
    const sigset_t awaited = StopSignals();
    while (!ended.stop_requested()) {
      if (sigtimedwait(&awaited, nullptr, &kWait) > 0 && !stop_.request_stop()) {
        _exit(kExitInterrupted);
      }
    }
  });
}

}  // namespace newswire::commands
