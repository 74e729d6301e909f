// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_progress.h"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>

namespace newswire::commands {
namespace {

constexpr std::chrono::milliseconds kRedraw{250};
constexpr std::chrono::milliseconds kPlainLine{10'000};
constexpr int kBarWidth = 30;
constexpr const char* kClearLine = "\r\x1b[K";

std::string Clock24(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

ReplayProgress::ReplayProgress(std::ostream& err, bool terminal, const Clock& clock)
    : err_(err), terminal_(terminal), clock_(clock), begin_(clock.Steady()), shown_(begin_) {}

void ReplayProgress::Show(uint64_t done, uint64_t total, uint64_t events) {
  const SteadyTime now = clock_.Steady();
  if (now - shown_ < (terminal_ ? kRedraw : kPlainLine)) {
    return;
  }
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double rate = seconds > 0 ? static_cast<double>(events) / seconds : 0;
  const std::string eta = share > 0 ? Clock24(seconds / share - seconds) : "-";
  if (!terminal_) {
    err_ << fmt::format("replay: {:.1f}%, {} events, {:.0f} events/s, {} left\n", share * 100,
                        events, rate, eta)
         << std::flush;
    return;
  }
  const int filled = static_cast<int>(share * kBarWidth);
  err_ << kClearLine
       << fmt::format("[{}{}] {:5.1f}%  {} events  {:.0f}/s  ETA {}", std::string(filled, '#'),
                      std::string(kBarWidth - filled, '.'), share * 100, events, rate, eta)
       << std::flush;
  drawn_ = true;
}

void ReplayProgress::Finish(uint64_t captures, uint64_t events, uint64_t dead_letters,
                            uint64_t damage) {
  const double seconds = std::chrono::duration<double>(clock_.Steady() - begin_).count();
  Say(fmt::format(
      "replay: {} events of {} captures in {:.1f} s ({:.0f} events/s), {} dead letters"
      "{}",
      events, captures, seconds, seconds > 0 ? static_cast<double>(events) / seconds : 0.0,
      dead_letters, damage > 0 ? fmt::format(", {} damaged places", damage) : ""));
}

void ReplayProgress::Say(const std::string& message) {
  if (drawn_) {
    err_ << kClearLine;
    drawn_ = false;
  }
  err_ << message << '\n' << std::flush;
}

}  // namespace newswire::commands
