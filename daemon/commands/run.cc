// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/run.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <thread>

#include <pthread.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/assembly.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/config/config.h"
#include "daemon/logging.h"
#include "daemon/systemd.h"
#include "daemon/version.h"

namespace newswire::commands {
namespace {

constexpr timespec kSignalWait{.tv_sec = 0, .tv_nsec = 200'000'000};
constexpr std::chrono::seconds kStatusPeriod{5};

sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

// Turns signals into requests. They are blocked in every thread of the process; this one waits for
// them.
class Signals {
 public:
  Signals() {
    const sigset_t signals = HandledSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::jthread([this](std::stop_token ended) { Watch(ended); });
  }

  std::stop_token stop() const { return stop_.get_token(); }
  bool TakeReload() { return reload_.exchange(false); }

 private:
  void Watch(std::stop_token ended) {
    pthread_setname_np(pthread_self(), "signals");
    const sigset_t signals = HandledSignals();
    while (!ended.stop_requested()) {
      const int signal = sigtimedwait(&signals, nullptr, &kSignalWait);
      if (signal == SIGHUP) {
        reload_ = true;
      } else if (signal == SIGTERM || signal == SIGINT) {
        if (!stop_.request_stop()) {
          _exit(kExitInterrupted);  // the second one: the next start settles what is open
        }
      }
    }
  }

  std::stop_source stop_;
  std::atomic<bool> reload_{false};
  std::jthread thread_;  // last: it uses the others
};

void Reload(const RunOptions& options, Daemon& daemon) {
  systemd::NotifyReloading();
  auto config = config::Load(options.config);
  if (config) {
    daemon.Reconfigure(*config);
  } else {
    spdlog::error("the new configuration is refused, the old one goes on reason=\"{}\"",
                  config.error().message);
  }
  systemd::NotifyReady();
}

int ExitCodeOf(const Error& error) {
  return error.kind == ErrorKind::kConfig      ? kExitConfig
         : error.kind == ErrorKind::kPermanent ? kExitFenced
                                               : kExitFailed;
}

}  // namespace

int Run(const RunOptions& options, std::ostream& err) {
  auto config = config::Load(options.config);
  if (!config) {
    err << config.error().message << '\n';
    return kExitConfig;
  }
  SetUpLogging(config->log_level);
  for (const auto& warning : config->warnings) {
    spdlog::warn("{}", warning);
  }
  Signals signals;
  auto daemon = Daemon::Create(*config, SystemClock());
  if (!daemon) {
    err << "newswired: " << daemon.error().message << '\n';
    return ExitCodeOf(daemon.error());
  }
  auto next_status = SystemClock().Steady();
  const Status ended = (*daemon)->Run(
      signals.stop(), {.once = options.once,
                       .on_started =
                           [&] {
                             spdlog::info("started version={} sources={} data_dir={}", Software(),
                                          config->sources.size(), config->data_dir.string());
                             systemd::NotifyReady();
                           },
                       .on_tick =
                           [&](const DaemonStatus& status) {
                             systemd::NotifyAlive();
                             if (SystemClock().Steady() >= next_status) {
                               next_status = SystemClock().Steady() + kStatusPeriod;
                               systemd::NotifyStatus(status.ToLine());
                             }
                             if (signals.TakeReload()) {
                               Reload(options, **daemon);
                             }
                           },
                       .on_stopping = [] { systemd::NotifyStopping(); }});
  if (!ended) {
    err << "newswired: " << ended.error().message << '\n';
    return ExitCodeOf(ended.error());
  }
  spdlog::info("stopped");
  return kExitOk;
}

}  // namespace newswire::commands
