// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/run.h"

#include <atomic>
#include <chrono>

#include <spdlog/spdlog.h>

#include "daemon/assembly.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/interrupt.h"
#include "daemon/config/config.h"
#include "daemon/logging.h"
#include "daemon/relay/drain.h"
#include "daemon/systemd.h"
#include "daemon/version.h"

namespace newswire::commands {
namespace {

constexpr std::chrono::seconds kStatusPeriod{5};
constexpr std::chrono::seconds kStartRetry{5};

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
  std::atomic<bool> reload{false};
  const Interrupt signals([&reload] { reload = true; });
  auto daemon = Daemon::Create(*config, SystemClock());
  // A full disk, a locked database: what stands there is in order, so a service waits.
  while (!daemon && daemon.error().kind == ErrorKind::kTransient && !options.once &&
         !signals.stop().stop_requested()) {
    spdlog::error("cannot start yet reason=\"{}\"", daemon.error().message);
    systemd::NotifyStatus("cannot start yet: " + daemon.error().message);
    relay::Pause(kStartRetry, signals.stop());
    daemon = Daemon::Create(*config, SystemClock());
  }
  if (!daemon && signals.stop().stop_requested()) {
    return kExitOk;
  }
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
                             if (reload.exchange(false)) {
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
