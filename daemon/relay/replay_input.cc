// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/replay_input.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/control_scan.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/hold.h"
#include "transforms/text/hash.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

class ArchiveInput : public ReplayInput {
 public:
  ArchiveInput(fs::path dir, std::optional<archive::Hold> hold,
               std::vector<archive::Segment> segments, std::string uuid,
               std::shared_ptr<const archive::Controls> controls)
      : dir_(std::move(dir)),
        hold_(std::move(hold)),
        uuid_(std::move(uuid)),
        controls_(std::move(controls)) {
    TakeEnd(std::move(segments));
  }

  Result<std::optional<archive::Item>> Next() override;
  Status Seek(Position from) override;
  Result<bool> Extend() override;
  Result<Capture> Read(Position capture) const override {
    return archive::ReadCaptureAt(dir_, capture);
  }
  std::shared_ptr<const archive::Controls> controls() const override {
    const std::lock_guard guard(controls_mutex_);
    return controls_;
  }
  Position end() const override { return end_; }
  uint64_t total_bytes() const override { return total_; }
  uint64_t read_bytes() const override { return read_; }
  std::string uuid() const override { return uuid_; }
  std::optional<fs::path> archive_dir() const override { return dir_; }

 private:
  void TakeEnd(std::vector<archive::Segment> segments);
  void CountRead();
  bool IsUnfinishedTail(const archive::Damage& damage) const;

  const fs::path dir_;
  const std::optional<archive::Hold> hold_;
  const std::string uuid_;
  mutable std::mutex controls_mutex_;
  std::shared_ptr<const archive::Controls> controls_;  // under it
  std::vector<archive::Segment> segments_;             // as they were when opened or extended
  Position end_;
  Position next_;  // where an extended input goes on: after the last whole capture
  std::atomic<uint64_t> total_{0}, read_{0};
  size_t open_ = 0;      // index of the segment being read
  uint64_t before_ = 0;  // bytes of the segments before it
  std::unique_ptr<archive::Reader> reader_;
};

void ArchiveInput::TakeEnd(std::vector<archive::Segment> segments) {
  segments_ = std::move(segments);
  uint64_t total = 0;
  for (const archive::Segment& segment : segments_) {
    total += segment.size;
  }
  total_ = total;
  if (!segments_.empty()) {
    end_ = Position(segments_.back().serial, segments_.back().size);
  }
  open_ = 0;
  before_ = 0;
}

Status ArchiveInput::Seek(Position from) {
  auto reader = archive::Reader::OpenArchive(dir_, from, [this] { return end_; });
  if (!reader) {
    return std::unexpected(reader.error());
  }
  reader_ = std::move(*reader);
  next_ = from;
  open_ = 0;
  before_ = 0;
  CountRead();
  return {};
}

void ArchiveInput::CountRead() {
  const Position at = reader_->position();
  while (open_ < segments_.size() && segments_[open_].serial < at.serial()) {
    before_ += segments_[open_++].size;
  }
  const bool inside = open_ < segments_.size() && segments_[open_].serial == at.serial();
  read_ = before_ + (inside ? std::min(at.offset(), segments_[open_].size) : 0);
}

// The newest segment of a daemon that runs ends in what it is writing now.
bool ArchiveInput::IsUnfinishedTail(const archive::Damage& damage) const {
  return !segments_.empty() && damage.segment == segments_.back().path.filename().string() &&
         damage.offset + damage.length >= segments_.back().size && archive::IsLocked(dir_);
}

Result<std::optional<archive::Item>> ArchiveInput::Next() {
  if (!reader_) {
    if (Status status = Seek({}); !status) {
      return std::unexpected(status.error());
    }
  }
  auto item = reader_->Next();
  if (!item) {
    return item;
  }
  {
    const std::lock_guard guard(controls_mutex_);
    controls_ = reader_->controls();
  }
  CountRead();
  if (!*item) {
    return item;
  }
  if (const auto* damage = std::get_if<archive::Damage>(&**item)) {
    if (IsUnfinishedTail(*damage)) {
      return std::nullopt;
    }
  } else if (const auto* capture = std::get_if<Capture>(&**item)) {
    next_ = capture->address.end;
  }
  return item;
}

Result<bool> ArchiveInput::Extend() {
  auto segments = archive::ListSegments(dir_);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (segments->empty() || Position(segments->back().serial, segments->back().size) <= end_) {
    return false;
  }
  TakeEnd(std::move(*segments));
  if (Status status = Seek(next_); !status) {
    return std::unexpected(status.error());
  }
  return true;
}

// The segments of `folder` if it holds an archive of ours and, at any depth, nothing else to
// replay.
std::vector<archive::Segment> OwnSegments(const fs::path& folder) {
  auto segments = archive::ListSegments(folder);
  if (!segments) {
    return {};
  }
  size_t others = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    others += IsWarcName(path) || IsTarName(path) || IsMarkdownName(path) ? 1U : 0U;
  }
  return others == segments->size() ? std::move(*segments) : std::vector<archive::Segment>();
}

}  // namespace

Result<std::unique_ptr<ReplayInput>> OpenArchiveInput(const fs::path& dir) {
  std::optional<archive::Hold> hold;
  // Copied segments alone have no owner that could delete them.
  std::error_code error;
  if (fs::exists(dir / "lock", error)) {
    if (auto taken = archive::Hold::Take(dir, 0); taken) {
      hold.emplace(std::move(*taken));
    } else {
      spdlog::warn("the daemon may retire segments while they are replayed reason=\"{}\"",
                   taken.error().message);
    }
  }
  auto segments = archive::ListSegments(dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  if (segments->empty()) {
    return Fail(ErrorKind::kPermanent, fmt::format("{} holds no archive", dir.string()));
  }
  auto uuid = archive::ReadUuid(dir);
  if (!uuid) {
    // A copy of segments alone: they name themselves.
    text::FieldHasher hasher;
    hasher.Add(segments->front().path.filename().string());
    uuid = UuidOf(hasher.Finish());
  }
  auto controls = archive::ReadControls(dir);
  if (!controls) {
    return std::unexpected(controls.error());
  }
  return std::make_unique<ArchiveInput>(dir, std::move(hold), std::move(*segments),
                                        std::move(*uuid), std::move(*controls));
}

Result<std::unique_ptr<ReplayInput>> OpenPathsInput(const std::vector<fs::path>& paths) {
  std::error_code error;
  if (paths.size() == 1 && fs::is_directory(paths.front(), error) &&
      !OwnSegments(paths.front()).empty()) {
    return OpenArchiveInput(paths.front());
  }
  auto list = ListReplayFiles(paths);
  if (!list) {
    return std::unexpected(list.error());
  }
  return OpenListInput(std::move(*list));
}

}  // namespace newswire::relay
