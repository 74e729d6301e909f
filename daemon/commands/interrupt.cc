// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/interrupt.h"

#include <csignal>
#include <ctime>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#include "daemon/commands/exit_codes.h"

namespace newswire::commands {
namespace {

constexpr timespec kWait{.tv_sec = 0, .tv_nsec = 200'000'000};

sigset_t Awaited(bool hangup) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (hangup) {
    sigaddset(&signals, SIGHUP);
  }
  return signals;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_hangup) : on_hangup_(std::move(on_hangup)) {
  const sigset_t signals = Awaited(on_hangup_ != nullptr);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](const std::stop_token& ended) { Watch(ended); });
}

void Interrupt::Watch(const std::stop_token& ended) {
  pthread_setname_np(pthread_self(), "signals");
  const sigset_t signals = Awaited(on_hangup_ != nullptr);
  while (!ended.stop_requested()) {
    const int signal = sigtimedwait(&signals, nullptr, &kWait);
    if (signal == SIGHUP) {
      on_hangup_();
    } else if (signal > 0 && !stop_.request_stop()) {
      _exit(kExitInterrupted);
    }
  }
}

}  // namespace newswire::commands
