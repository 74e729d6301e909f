// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/crash_notes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "daemon/publish/durable_file.h"

namespace newswire::relay {
namespace {

constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr size_t kStackBytes = size_t{64} << 10;
constexpr size_t kMaxNotes = 1000;  // the oldest beyond them are left out
constexpr size_t kHexDigits = 16;
constexpr size_t kNoteBytes = kHexDigits + 4;  // "<position> <signal, 2 digits>\n"

// Of this thread; 0: no capture. Volatile: the handler reads it.
thread_local volatile uint64_t working_on = 0;

std::atomic<int> notes_fd{-1};
std::array<struct sigaction, kSignals.size()> before;  // what stood there; set once

// Async-signal-safe.
void OnCrash(int signal, siginfo_t* info, void*) {
  const int saved = errno;
  // A fault of this thread's own, or abort() in it; not what somebody sent.
  const bool own = info->si_code > 0 || (info->si_code == SI_TKILL && info->si_pid == getpid());
  const uint64_t position = working_on;
  if (own && position != 0) {
    char note[kNoteBytes];
    for (size_t i = 0; i < kHexDigits; ++i) {
      note[i] = "0123456789abcdef"[position >> (4 * (kHexDigits - 1 - i)) & 0xf];
    }
    note[kHexDigits] = ' ';
    note[kHexDigits + 1] = static_cast<char>('0' + signal / 10);
    note[kHexDigits + 2] = static_cast<char>('0' + signal % 10);
    note[kHexDigits + 3] = '\n';
    const ssize_t written = write(notes_fd.load(), note, sizeof note);
    static_cast<void>(written);  // nothing can be done about a full disk here
  }
  // What stood there before decides how the process ends: by default with a core dump. A fault
  // comes again when this returns; what was raised or sent does not.
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (kSignals[i] == signal) {
      sigaction(signal, &before[i], nullptr);
    }
  }
  if (info->si_code <= 0) {
    raise(signal);  // blocked until this returns
  }
  errno = saved;
}

Status InstallHandlers() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action{};
    action.sa_sigaction = OnCrash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (sigaction(kSignals[i], &action, &before[i]) != 0) {
      return Fail(ErrorKind::kPermanent, fmt::format("sigaction: {}", std::strerror(errno)));
    }
  }
  return {};
}

}  // namespace

CrashScope::CrashScope(Position capture) : outer_(Position::FromValue(working_on)) {
  working_on = capture.value();
}
CrashScope::~CrashScope() { working_on = outer_.value(); }

CrashStack::CrashStack() : memory_(std::make_unique<std::byte[]>(kStackBytes)) {
  const stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kStackBytes};
  sigaltstack(&stack, nullptr);
}
CrashStack::~CrashStack() {
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  sigaltstack(&none, nullptr);
}

Status NoteCrashes(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    return std::unexpected(publish::FileError("opening", file));
  }
  const int earlier = notes_fd.exchange(fd);
  if (earlier >= 0) {
    close(earlier);
    return {};
  }
  return InstallHandlers();
}

Result<std::map<Position, std::vector<int>>> ReadCrashes(const std::filesystem::path& file) {
  auto content = publish::ReadSmallFile(file);
  if (!content) {
    return std::unexpected(content.error());
  }
  std::map<Position, std::vector<int>> crashes;
  std::string_view rest = *content ? std::string_view(**content) : std::string_view();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.size() != kNoteBytes - 1) {
      continue;
    }
    const auto position = Position::FromHex(line.substr(0, kHexDigits));
    int signal = 0;
    const std::string_view digits = line.substr(kHexDigits + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), signal);
    if (position && signal > 0) {
      crashes[*position].push_back(signal);
    }
  }
  return crashes;
}

Status ForgetCrashes(const std::filesystem::path& file, const std::vector<Position>& captures) {
  auto crashes = ReadCrashes(file);
  if (!crashes) {
    return std::unexpected(crashes.error());
  }
  std::vector<std::string> notes;
  for (const auto& [position, signals] : *crashes) {
    if (std::ranges::find(captures, position) == captures.end()) {
      for (const int signal : signals) {
        notes.push_back(fmt::format("{} {:02}\n", position.ToHex(), signal));
      }
    }
  }
  const std::span<const std::string> kept(notes);
  return publish::ReplaceFile(
      file, fmt::format("{}", fmt::join(kept.last(std::min(kept.size(), kMaxNotes)), "")));
}

}  // namespace newswire::relay
