// SPDX-License-Identifier: Apache-2.0
// kill -9 at the named places, with an output that keeps real files: nothing is lost, nothing is
// published twice, and the bytes are those of an undisturbed run.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/publish/output.h"
#include "tests/daemon/relay/scripted.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

#ifdef NEWSWIRE_FAIL_POINTS

Status SettleIntoFiles(RelayWorld& world) {
  const auto output = publish::MakeFilesOutput(world.dir() / "topics", "news.{category}",
                                               world.archive().uuid(), SystemClock());
  return world.Settle(*output);
}

// Runs a process that is killed at `point`; says whether it got there.
bool KilledAt(RelayWorld& world, const std::string& point) {
  world.CloseArchive();
  const pid_t child = fork();
  if (child == 0) {
    setenv("NEWSWIRE_FAIL_POINT", point.c_str(), 1);
    world.OpenArchive();
    _exit(SettleIntoFiles(world) ? 0 : 1);
  }
  int how = 0;
  EXPECT_EQ(waitpid(child, &how, 0), child);
  world.OpenArchive();
  if (WIFSIGNALED(how)) {
    EXPECT_EQ(WTERMSIG(how), SIGKILL);
    return true;
  }
  EXPECT_EQ(WEXITSTATUS(how), 0) << point;
  return false;
}

TEST(RelayKilled, AnywhereLosesAndRepeatsNothing) {
  const std::vector<Capture> history = ScriptedHistory(3, 120);
  int killed_rewinding = 0;
  for (const std::string point :
       {"relay.after_flush", "relay.after_publish", "publish.files.appended",
        "publish.files.synced", "publish.files.committed", "relay.while_folding",
        "relay.after_rewind"}) {
    SCOPED_TRACE(point);
    RelayWorld world(4096, "files");
    world.Append(history);
    int kills = 0;
    for (const int count : {1, 3, 2}) {
      if (point == "relay.while_folding") {
        fs::remove_all(world.dir() / "state");  // so that there is something to fold
      }
      kills += KilledAt(world, point + ":" + std::to_string(count)) ? 1 : 0;
      // And once more while the rows of the last death are dropped.
      killed_rewinding += KilledAt(world, "relay.rewinding") ? 1 : 0;
    }
    EXPECT_GT(kills, 0);
    const Status status = SettleIntoFiles(world);
    ASSERT_TRUE(status) << status.error();
    const std::vector<std::string> wanted = world.Expected();
    size_t lines = 0;
    for (const auto& entry : fs::directory_iterator(world.dir() / "topics")) {
      if (entry.path().extension() != ".jsonl") {
        continue;
      }
      const std::string topic = entry.path().stem().string().substr(strlen("news.")) + " ";
      std::string expected;
      for (const std::string& value : wanted) {
        if (value.starts_with(topic)) {
          expected += value.substr(topic.size()) + "\n";
          ++lines;
        }
      }
      EXPECT_EQ(archive::ReadAll(entry.path()), expected) << topic;
    }
    EXPECT_EQ(lines, wanted.size());
  }
  EXPECT_GT(killed_rewinding, 0);
}

#endif

}  // namespace
}  // namespace newswire::relay
