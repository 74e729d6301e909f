// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/import_progress.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/core.h>

namespace newswire::commands {
namespace {

constexpr std::chrono::milliseconds kRedraw{250};
constexpr std::chrono::milliseconds kPlainLine{10'000};
constexpr int kBarWidth = 30;
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

ImportProgress::ImportProgress(std::ostream& err, bool terminal, const Clock& clock)
    : err_(err), terminal_(terminal), clock_(clock), begin_(clock.Steady()), shown_(begin_) {}

void ImportProgress::Show(uint64_t done, uint64_t total, const archive::ImportCounts& counts) {
  const SteadyTime now = clock_.Steady();
  if (now - shown_ < (terminal_ ? kRedraw : kPlainLine)) {
    return;
  }
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double rate = static_cast<double>(counts.imported) / std::max(seconds, 0.001);
  const auto left = static_cast<uint64_t>(share > 0 ? seconds / share - seconds : 0);
  const std::string words =
      fmt::format("{:5.1f}%  {} imported, {} known  {:.0f}/s  {}:{:02}:{:02} left", share * 100,
                  counts.imported, counts.known, rate, left / 3600, left / 60 % 60, left % 60);
  if (!terminal_) {
    err_ << "import: " << words << '\n' << std::flush;
    return;
  }
  const int filled = static_cast<int>(share * kBarWidth);
  err_ << kClearLine
       << fmt::format("[{}{}] {}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                      words)
       << std::flush;
  drawn_ = true;
}

void ImportProgress::Clear() {
  if (drawn_) {
    err_ << kClearLine << std::flush;
    drawn_ = false;
  }
}

}  // namespace newswire::commands
