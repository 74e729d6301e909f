// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <thread>

#include <malloc.h>

#include "daemon/commands/command_line.h"

namespace {

// glibc gives every thread an arena of its own, up to eight for each core, and raises the size from
// which blocks are returned to the system with every large one that was free: what one burst took
// stays. Fixed limits keep a quarter less and cost no time (docs/performance.md, Memory).
void LimitWhatTheAllocatorKeeps() {
  constexpr int kLargeBlock = 1 << 20;  // bytes; mapped for itself, and returned at once
  constexpr int kKeptFree = 16 << 20;   // bytes at the end of an arena
  mallopt(M_ARENA_MAX, static_cast<int>(2 * std::max(1U, std::thread::hardware_concurrency())));
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  mallopt(M_TRIM_THRESHOLD, kKeptFree);
}

}  // namespace

int main(int argc, char** argv) {
  LimitWhatTheAllocatorKeeps();
  return newswire::commands::RunCommandLine(argc, argv, std::cin, std::cout, std::cerr);
}
