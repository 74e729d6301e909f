// SPDX-License-Identifier: Apache-2.0
#include "daemon/fail_point.h"

#ifdef NEWSWIRE_FAIL_POINTS

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace newswire {
namespace {

int Overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? frame[0] : Overflow(depth + 1) + frame[0];
}

[[noreturn]] void End(std::string_view how) {
  if (how == "abort") {
    std::abort();
  }
  if (how == "stack") {
    Overflow(0);
  }
  if (how == "segv") {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
  kill(getpid(), SIGKILL);
  while (true) {
    pause();
  }
}

}  // namespace

void ReachCrashPoint(std::string_view bytes) {
  const char* text = std::getenv("NEWSWIRE_CRASH_ON_TEXT");
  if (text != nullptr && bytes.find(text) != std::string_view::npos) {
    const char* how = std::getenv("NEWSWIRE_FAIL_HOW");
    End(how == nullptr ? "abort" : how);
  }
}

void ReachFailPoint(const char* name) {
  // Read each time: a test that forks sets it in the child.
  const char* setting = std::getenv("NEWSWIRE_FAIL_POINT");
  if (setting == nullptr) {
    return;
  }
  std::string_view wanted = setting;
  int at = 1;
  if (const size_t colon = wanted.rfind(':'); colon != std::string_view::npos) {
    const std::string_view digits = wanted.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), at);
    wanted = wanted.substr(0, colon);
  }
  if (wanted != name) {
    return;
  }
  static std::atomic<int> hits{0};  // one name is set at a time
  if (hits.fetch_add(1) + 1 == at) {
    const char* how = std::getenv("NEWSWIRE_FAIL_HOW");
    End(how == nullptr ? "kill" : how);
  }
}

}  // namespace newswire

#endif
