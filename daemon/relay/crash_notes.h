// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/position.h"

// Which capture the process was working on when it crashed, so that one that crashes it again and
// again can be put aside (docs/formats/crashes.md). A note is made by the signal handler of the
// thread that crashed, of that thread's capture alone: a crash elsewhere blames none, and neither
// does what was sent from outside (SIGKILL, a watchdog's SIGABRT).
namespace newswire::relay {

inline constexpr size_t kCrashesToQuarantine = 3;

// While it lives, a crash of this thread is one of this capture. They nest: the inner one counts.
class CrashScope {
 public:
  explicit CrashScope(Position capture);
  ~CrashScope();
  CrashScope(const CrashScope&) = delete;
  CrashScope& operator=(const CrashScope&) = delete;

 private:
  Position outer_;
};

// A stack for the signal handler of this thread, so that an overflow of the thread's own is noted
// too. One in each thread that uses CrashScope, as long as the thread works.
class CrashStack {
 public:
  CrashStack();
  ~CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;
};

// From here on crashes of this process (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) are noted in
// `file`, which is made when it is missing; the process then ends as it would have, core dump
// included. At most once a process; later calls name another file. Errors are those of the disk.
Status NoteCrashes(const std::filesystem::path& file);

// The signals noted for each capture, in the order of the crashes. No file is no crash; lines that
// are no notes are left out.
Result<std::map<Position, std::vector<int>>> ReadCrashes(const std::filesystem::path& file);

// Takes the notes of these captures out, durably.
Status ForgetCrashes(const std::filesystem::path& file, const std::vector<Position>& captures);

}  // namespace newswire::relay
