// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/segment_rewrite.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/sha256.h"
#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"

namespace newswire::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNewSuffix = ".new";
constexpr size_t kStep = size_t{1} << 20;

fs::path NewPath(const fs::path& segment) { return segment.native() + std::string(kNewSuffix); }

// A file that is removed again unless Finish succeeded.
class NewSegment {
 public:
  explicit NewSegment(fs::path path)
      : path_(std::move(path)),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}
  ~NewSegment() {
    if (fd_ >= 0) {
      close(fd_);
      unlink(path_.c_str());
    }
  }
  NewSegment(const NewSegment&) = delete;
  NewSegment& operator=(const NewSegment&) = delete;

  Status Write(std::string_view bytes) {
    sum_.Add(bytes);
    return fd_ >= 0 ? WriteAll(fd_, bytes, path_)
                    : Status(std::unexpected(SystemError("creating", path_)));
  }
  // Its sum, in hex.
  Result<std::string> Finish() {
    if (fd_ < 0 || fsync(fd_) != 0) {
      return std::unexpected(SystemError("making durable", path_));
    }
    close(std::exchange(fd_, -1));
    return sum_.Finish();
  }

 private:
  const fs::path path_;
  int fd_;
  Sha256Stream sum_;
};

Status Remove(const fs::path& path) {
  return unlink(path.c_str()) == 0 || errno == ENOENT
             ? Status()
             : Status(std::unexpected(SystemError("deleting", path)));
}

Status PutOneInPlace(const fs::path& segment, const std::string& sum) {
  const fs::path anew = NewPath(segment);
  if (rename(anew.c_str(), segment.c_str()) != 0) {
    return std::unexpected(SystemError("renaming", anew));
  }
  NEWSWIRE_FAIL_POINT("archive.redact.renamed");
  if (Status status = SyncFolder(segment.parent_path()); !status) {
    return status;
  }
  NEWSWIRE_FAIL_POINT("archive.redact.before_sum");
  return WriteSum(segment, sum);
}

// A crash between renaming a segment and writing its sum is made good; the rest is right already.
Status CompleteSum(const fs::path& segment, const RewrittenSegment& wanted) {
  std::error_code ignored;
  if (!fs::exists(segment, ignored) || CheckSumLine(segment, wanted.new_sum)) {
    return {};
  }
  const Result<std::string> sum = FileSum(segment);
  if (!sum) {
    return std::unexpected(sum.error());
  }
  if (*sum == wanted.new_sum) {
    return WriteSum(segment, *sum);
  }
  spdlog::error(
      "archive: a segment is not what a redaction made of it segment={}: run `archive redact` for "
      "its posts again",
      wanted.name);
  return {};
}

}  // namespace

Result<RewrittenSegment> WriteAnew(const fs::path& segment,
                                   const std::vector<Replacement>& replacements) {
  Result<FileBytes> old = FileBytes::Open(segment);
  if (!old) {
    return std::unexpected(old.error());
  }
  NewSegment anew(NewPath(segment));
  Sha256Stream old_sum;
  auto next = replacements.begin();
  for (uint64_t at = 0; at < old->limit();) {
    const bool replaces = next != replacements.end() && next->offset == at;
    const uint64_t until = replaces                     ? at + next->bytes.size()
                           : next != replacements.end() ? next->offset
                                                        : old->limit();
    const size_t count = replaces ? next->bytes.size() : std::min<uint64_t>(kStep, until - at);
    const Result<std::string_view> bytes = old->At(at, count);
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    if (bytes->size() != count) {
      return Fail(ErrorKind::kCorruption, fmt::format("{} has become shorter", segment.native()));
    }
    old_sum.Add(*bytes);
    if (Status status = anew.Write(replaces ? std::string_view(next->bytes) : *bytes); !status) {
      return std::unexpected(status.error());
    }
    at += count;
    next += replaces ? 1 : 0;
  }
  Result<std::string> new_sum = anew.Finish();
  if (!new_sum) {
    return std::unexpected(new_sum.error());
  }
  return RewrittenSegment{.name = segment.filename().native(),
                          .old_sum = old_sum.Finish(),
                          .new_sum = std::move(*new_sum)};
}

void DropNew(const fs::path& dir, const std::vector<RewrittenSegment>& segments) {
  for (const RewrittenSegment& segment : segments) {
    if (const Status status = Remove(NewPath(dir / segment.name)); !status) {
      spdlog::warn("archive: {}", status.error().message);
    }
  }
}

Status PutInPlace(const fs::path& dir, const std::vector<RewrittenSegment>& segments) {
  for (const RewrittenSegment& segment : segments) {
    if (Status status = PutOneInPlace(dir / segment.name, segment.new_sum); !status) {
      return status;
    }
    NEWSWIRE_FAIL_POINT("archive.redact.in_place");
  }
  return {};
}

Status FinishRewrites(const fs::path& dir, const Controls& controls) {
  std::map<std::string, RewrittenSegment> wanted;  // of each segment the newest rewriting
  for (const Control& control : controls.all()) {
    if (control.kind != ControlKind::kRedaction) {
      continue;
    }
    if (const auto redaction = RedactionFromJson(control.body)) {
      for (const RewrittenSegment& segment : redaction->segments) {
        wanted.insert_or_assign(segment.name, segment);
      }
    }
  }
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kNewSuffix && SerialOf(it->path().stem().native())) {
      found.push_back(it->path());
    }
  }
  if (error) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("listing {}: {}", dir.native(), error.message()));
  }
  for (const fs::path& anew : found) {
    const fs::path segment = dir / anew.stem();
    const auto want = wanted.find(segment.filename().native());
    bool right = want != wanted.end() && fs::exists(segment, error);
    if (right) {
      const Result<std::string> sum = FileSum(anew);
      if (!sum) {
        return std::unexpected(sum.error());
      }
      right = *sum == want->second.new_sum;
    }
    if (right) {
      spdlog::warn("archive: completes a redaction segment={}", segment.filename().native());
    } else {
      spdlog::warn("archive: removes what a redaction cut short has left segment={}",
                   segment.filename().native());
    }
    const Status status = right ? PutOneInPlace(segment, want->second.new_sum) : Remove(anew);
    if (!status) {
      return status;
    }
  }
  for (const auto& [name, segment] : wanted) {
    if (Status status = CompleteSum(dir / name, segment); !status) {
      return status;
    }
  }
  return {};
}

}  // namespace newswire::archive
