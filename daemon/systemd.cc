// SPDX-License-Identifier: Apache-2.0
#include "daemon/systemd.h"

#include <cstdint>
#include <ctime>
#include <string>

#include <fmt/core.h>
#include <systemd/sd-daemon.h>

namespace newswire::systemd {
namespace {

constexpr int kKeepEnvironment = 0;

void Notify(const std::string& state) { sd_notify(kKeepEnvironment, state.c_str()); }

}  // namespace

void NotifyReady() { Notify("READY=1"); }

void NotifyReloading() {
  // The manager matches the time with that of its own signal (Type=notify-reload). It is the
  // monotonic clock's, whatever clock the daemon is given.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  Notify(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000));
}

void NotifyStopping() { Notify("STOPPING=1"); }

void NotifyStatus(std::string_view line) {
  // One line: what follows a line end would be another assignment.
  std::string text(line);
  for (char& c : text) {
    c = c == '\n' || c == '\r' ? ' ' : c;
  }
  Notify("STATUS=" + text);
}

void NotifyAlive() { Notify("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> WatchdogInterval() {
  uint64_t interval = 0;
  if (sd_watchdog_enabled(kKeepEnvironment, &interval) <= 0) {
    return std::nullopt;
  }
  return std::chrono::microseconds(interval);
}

}  // namespace newswire::systemd
