// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/crash_notes.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Built with a sanitizer, faults are left to the handlers that are tested here.
extern "C" const char* __asan_default_options() { return "handle_segv=0:handle_sigbus=0"; }
extern "C" const char* __tsan_default_options() { return "handle_segv=0:handle_sigbus=0"; }

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr Position kCapture(1, 4711);
constexpr Position kOther(2, 8);

class CrashNotes : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "crashes-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = folder_ / "crashes";
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Runs `work` in a process of its own that notes crashes; the signal that ended it, 0: none.
  int InChild(const std::function<void()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      const rlimit none{.rlim_cur = 0, .rlim_max = 0};
      setrlimit(RLIMIT_CORE, &none);
      const int quiet = open("/dev/null", O_WRONLY);
      dup2(quiet, STDERR_FILENO);
      if (!NoteCrashes(file_)) {
        _exit(2);
      }
      work();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  std::map<Position, std::vector<int>> Noted() { return ReadCrashes(file_).value(); }

  fs::path folder_, file_;
};

void Fault() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

int Overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? frame[0] : Overflow(depth + 1) + frame[0];
}

TEST_F(CrashNotes, AbortIsNotedForItsCapture) {
  EXPECT_EQ(InChild([] {
              const CrashScope working(kCapture);
              std::abort();
            }),
            SIGABRT);
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGABRT))));
}

TEST_F(CrashNotes, AFaultIsNotedAndEndsTheProcessByItsSignal) {
  const int signal = InChild([] {
    const CrashScope working(kCapture);
    Fault();
  });
  EXPECT_EQ(signal, SIGSEGV);
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGSEGV))));
}

TEST_F(CrashNotes, AnOverflowOfTheStackIsNoted) {
  const int signal = InChild([] {
    std::thread([] {
      const CrashStack stack;
      const CrashScope working(kCapture);
      Overflow(0);
    }).join();
  });
  EXPECT_EQ(signal, SIGSEGV);
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGSEGV))));
}

TEST_F(CrashNotes, ACrashOfAnotherThreadBlamesNoCapture) {
  EXPECT_EQ(InChild([] {
              const CrashScope working(kCapture);
              std::thread([] { std::abort(); }).join();
            }),
            SIGABRT);
  EXPECT_THAT(Noted(), IsEmpty());
}

TEST_F(CrashNotes, ASignalFromOutsideBlamesNoCapture) {
  for (const int signal : {SIGABRT, SIGSEGV, SIGKILL}) {
    EXPECT_EQ(InChild([signal] {
                const CrashScope working(kCapture);
                // As a watchdog does: another process sends it to this one.
                const pid_t self = getpid();
                if (fork() == 0) {
                  kill(self, signal);
                  _exit(0);
                }
                while (true) {
                  pause();
                }
              }),
              signal);
  }
  EXPECT_THAT(Noted(), IsEmpty());
}

TEST_F(CrashNotes, TheInnerScopeCounts) {
  InChild([] {
    const CrashScope working(kCapture);
    {
      const CrashScope reading_again(kOther);
    }
    std::abort();
  });
  InChild([] {
    const CrashScope working(kCapture);
    const CrashScope reading_again(kOther);
    std::abort();
  });
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGABRT)),
                                   Pair(kOther, ElementsAre(SIGABRT))));
}

TEST_F(CrashNotes, NotesAddUpUntilTheyAreForgotten) {
  for (int i = 0; i < 3; ++i) {
    InChild([] {
      const CrashScope working(kCapture);
      std::abort();
    });
  }
  InChild([] {
    const CrashScope working(kOther);
    std::abort();
  });
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGABRT, SIGABRT, SIGABRT)),
                                   Pair(kOther, ElementsAre(SIGABRT))));
  ASSERT_TRUE(ForgetCrashes(file_, {kCapture}));
  EXPECT_THAT(Noted(), ElementsAre(Pair(kOther, ElementsAre(SIGABRT))));
}

TEST_F(CrashNotes, LinesThatAreNoNotesAreLeftOut) {
  std::ofstream(file_) << "0000008000001267 11\n\n0000008000001267\n00000080 06\nx000008000001267 "
                          "06\n0000008000001267 06";
  EXPECT_THAT(Noted(), ElementsAre(Pair(kCapture, ElementsAre(SIGSEGV, SIGABRT))));
}

TEST_F(CrashNotes, NoFileIsNoCrash) { EXPECT_THAT(Noted(), IsEmpty()); }

}  // namespace
}  // namespace newswire::relay
