// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

// sd_notify(3): what a Type=notify service tells its manager. Each call does nothing when no
// manager asked for it (NOTIFY_SOCKET). Any thread.
namespace newswire::systemd {

void NotifyReady();      // started, or done with a reload
void NotifyReloading();  // until the next NotifyReady
void NotifyStopping();
void NotifyStatus(std::string_view line);  // what `systemctl status` shows
void NotifyAlive();                        // feeds the watchdog

// How long the manager waits for a sign of life before it restarts us; nullopt: no watchdog. Call
// NotifyAlive at least twice in that time.
std::optional<std::chrono::microseconds> WatchdogInterval();

}  // namespace newswire::systemd
