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

bool ReplayProgress::Due() {
  const SteadyTime now = clock_.Steady();
  if (now - shown_ < (terminal_ ? kRedraw : kPlainLine)) {
    return false;
  }
  shown_ = now;
  return true;
}

void ReplayProgress::ShowCount(std::string_view what, uint64_t count) {
  if (!Due()) {
    return;
  }
  err_ << (terminal_ ? kClearLine : "") << fmt::format("replay: {}: {}", what, count)
       << (terminal_ ? "" : "\n") << std::flush;
  drawn_ = terminal_;
}

void ReplayProgress::Show(uint64_t done, uint64_t total, uint64_t events) {
  if (!Due()) {
    return;
  }
  const double seconds = std::chrono::duration<double>(shown_ - begin_).count();
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

void ReplayProgress::Finish(const Totals& totals) {
  const double seconds = std::chrono::duration<double>(clock_.Steady() - begin_).count();
  const auto also = [](uint64_t count, std::string_view what) {
    return count > 0 ? fmt::format(", {} {}", count, what) : std::string();
  };
  Say(
      fmt::format("replay: {} events of {} captures in {:.1f} s ({:.0f} events/s), {} dead letters"
                  "{}{}",
                  totals.events, totals.captures, seconds,
                  seconds > 0 ? static_cast<double>(totals.events) / seconds : 0.0,
                  totals.dead_letters, also(totals.damage, "damaged places"),
                  also(totals.passed_over, "records that are no pages passed over")));
}

void ReplayProgress::Say(const std::string& message) {
  if (drawn_) {
    err_ << kClearLine;
    drawn_ = false;
  }
  err_ << message << '\n' << std::flush;
}

}  // namespace newswire::commands
