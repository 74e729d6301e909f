// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/progress.h"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>

namespace newswire::commands {
namespace {

constexpr std::chrono::milliseconds kRedraw{250};
constexpr std::chrono::milliseconds kPlainLine{10'000};
constexpr int kBarWidth = 30;
constexpr const char* kClearLine = "\r\x1b[K";

std::string HoursMinutesSeconds(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string_view command, std::ostream& err, bool terminal, const Clock& clock)
    : command_(command),
      err_(err),
      terminal_(terminal),
      clock_(clock),
      begin_(clock.Steady()),
      shown_(begin_) {}

double Progress::seconds() const {
  return std::chrono::duration<double>(clock_.Steady() - begin_).count();
}

bool Progress::Due() {
  const SteadyTime now = clock_.Steady();
  if (now - shown_ < (terminal_ ? kRedraw : kPlainLine)) {
    return false;
  }
  shown_ = now;
  return true;
}

void Progress::Show(uint64_t done, uint64_t total, uint64_t count, std::string_view what,
                    std::string_view also) {
  if (!Due()) {
    return;
  }
  const double passed = seconds();
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double rate = passed > 0 ? static_cast<double>(count) / passed : 0;
  const std::string left = share > 0 ? HoursMinutesSeconds(passed / share - passed) : "-";
  if (!terminal_) {
    err_ << fmt::format("{}: {:.1f}%, {} {}{}, {:.0f} {}/s, {} left\n", command_, share * 100,
                        count, what, also, rate, what, left)
         << std::flush;
    return;
  }
  const int filled = static_cast<int>(share * kBarWidth);
  err_ << kClearLine
       << fmt::format("[{}{}] {:5.1f}%  {} {}{}  {:.0f}/s  ETA {}", std::string(filled, '#'),
                      std::string(kBarWidth - filled, '.'), share * 100, count, what, also, rate,
                      left)
       << std::flush;
  drawn_ = true;
}

void Progress::ShowCount(std::string_view what, uint64_t count) {
  if (Due()) {
    Draw(fmt::format("{}: {}", what, count));
  }
}

void Progress::ShowPosition(Position at) {
  if (Due()) {
    Draw(fmt::format("looking at position {}", at.ToHex()));
  }
}

void Progress::Draw(std::string_view state) {
  err_ << (terminal_ ? kClearLine : "") << command_ << ": " << state << (terminal_ ? "" : "\n")
       << std::flush;
  drawn_ = terminal_;
}

void Progress::Say(std::string_view message) {
  Clear();
  err_ << message << '\n' << std::flush;
}

void Progress::Clear() {
  if (drawn_) {
    err_ << kClearLine << std::flush;
    drawn_ = false;
  }
}

}  // namespace newswire::commands
