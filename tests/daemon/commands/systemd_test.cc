// SPDX-License-Identifier: Apache-2.0
#include "daemon/systemd.h"

#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/daemon/config/test_files.h"

namespace newswire::systemd {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The manager's end of NOTIFY_SOCKET.
class Manager {
 public:
  Manager() {
    const std::string path = (files_.dir() / "notify").string();
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(setenv("NOTIFY_SOCKET", path.c_str(), 1), 0);
  }
  ~Manager() {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }
  // What was told; "" when nothing was (sd_notify sends before it returns).
  std::string Heard() const {
    std::string buffer(4096, '\0');
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "" : buffer.substr(0, static_cast<size_t>(size));
  }

 private:
  config::TestFiles files_;
  int socket_ = -1;
};

TEST(Systemd, TellsTheManagerEachState) {
  const Manager manager;
  NotifyReady();
  EXPECT_EQ(manager.Heard(), "READY=1");
  NotifyReloading();
  EXPECT_THAT(manager.Heard(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  NotifyStatus("12 sources, 3 events");
  EXPECT_EQ(manager.Heard(), "STATUS=12 sources, 3 events");
  NotifyAlive();
  EXPECT_EQ(manager.Heard(), "WATCHDOG=1");
  NotifyStopping();
  EXPECT_EQ(manager.Heard(), "STOPPING=1");
}

TEST(Systemd, AStatusIsOneAssignment) {
  const Manager manager;
  NotifyStatus("a\nREADY=1");
  EXPECT_EQ(manager.Heard(), "STATUS=a READY=1");
}

TEST(Systemd, NothingHappensWithoutAManager) {
  unsetenv("NOTIFY_SOCKET");
  NotifyReady();
  NotifyStatus("nobody listens");
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
}

TEST(Systemd, KnowsTheWatchdog) {
  setenv("WATCHDOG_USEC", "5000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), std::chrono::seconds(5));
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

}  // namespace
}  // namespace newswire::systemd
