// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/line_sorter.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <queue>
#include <utility>

#include <unistd.h>

#include "daemon/archive/folder.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxOpenRuns = 64;
constexpr size_t kLineOverhead = sizeof(std::string) + 16;

// The next line with its line feed; false at the end.
bool ReadLine(std::FILE* file, std::string& line) {
  line.clear();
  for (int c = getc_unlocked(file); c != EOF; c = getc_unlocked(file)) {
    line.push_back(static_cast<char>(c));
    if (c == '\n') {
      return true;
    }
  }
  return false;
}

}  // namespace

LineSorter::LineSorter(std::filesystem::path folder, size_t memory_bytes)
    : folder_(std::move(folder)), memory_bytes_(memory_bytes) {}

Result<LineSorter::Run> LineSorter::MakeRun() const {
  std::string name = (folder_ / "newswire-sort-XXXXXX").native();
  const int fd = mkstemp(name.data());
  if (fd < 0) {
    return std::unexpected(SystemError("creating a temporary file in", folder_));
  }
  unlink(name.c_str());
  std::FILE* file = fdopen(fd, "w+b");
  if (file == nullptr) {
    close(fd);
    return std::unexpected(SystemError("opening a temporary file in", folder_));
  }
  return Run(file);
}

Status LineSorter::Add(std::string line) {
  held_bytes_ += line.size() + kLineOverhead;
  lines_.push_back(std::move(line));
  return held_bytes_ > memory_bytes_ ? Spill() : Status();
}

Status LineSorter::Spill() {
  std::ranges::sort(lines_);
  Result<Run> run = MakeRun();
  if (!run) {
    return std::unexpected(run.error());
  }
  for (const std::string& line : lines_) {
    if (std::fwrite(line.data(), 1, line.size(), run->get()) != line.size()) {
      return std::unexpected(SystemError("writing a temporary file in", folder_));
    }
  }
  lines_.clear();
  held_bytes_ = 0;
  runs_.push_back(std::move(*run));
  if (runs_.size() < kMaxOpenRuns) {
    return {};
  }
  Result<Run> merged = MakeRun();
  if (!merged) {
    return std::unexpected(merged.error());
  }
  bool written = true;
  const Status status = Merge(std::exchange(runs_, {}), [&](const std::string& line) {
    written = std::fwrite(line.data(), 1, line.size(), merged->get()) == line.size();
    return written;
  });
  if (!status) {
    return status;
  }
  if (!written) {
    return std::unexpected(SystemError("writing a temporary file in", folder_));
  }
  runs_.push_back(std::move(*merged));
  return {};
}

Status LineSorter::Merge(std::vector<Run> runs,
                         const std::function<bool(const std::string&)>& give) const {
  using Head = std::pair<std::string, size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  std::string line;
  const auto pull = [&](size_t run) {
    if (ReadLine(runs[run].get(), line)) {
      heads.emplace(line, run);
    }
    return std::ferror(runs[run].get()) == 0;
  };
  for (size_t run = 0; run < runs.size(); ++run) {
    if (std::fflush(runs[run].get()) != 0 || std::fseek(runs[run].get(), 0, SEEK_SET) != 0 ||
        !pull(run)) {
      return std::unexpected(SystemError("reading a temporary file in", folder_));
    }
  }
  std::string last;
  while (!heads.empty()) {
    const Head head = heads.top();
    heads.pop();
    if (head.first != last) {
      if (!give(head.first)) {
        return {};
      }
      last = head.first;
    }
    if (!pull(head.second)) {
      return std::unexpected(SystemError("reading a temporary file in", folder_));
    }
  }
  return {};
}

Status LineSorter::Finish(const std::function<bool(const std::string&)>& give) {
  if (!runs_.empty()) {
    if (Status status = Spill(); !status) {
      return status;
    }
    return Merge(std::exchange(runs_, {}), give);
  }
  std::ranges::sort(lines_);
  const auto repeated = std::ranges::unique(lines_);
  lines_.erase(repeated.begin(), repeated.end());
  for (const std::string& line : lines_) {
    if (!give(line)) {
      break;
    }
  }
  return {};
}

}  // namespace newswire::archive
