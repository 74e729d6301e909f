// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/durable_folder.h"
#include "daemon/fail_point.h"
#include "daemon/publish/durable_file.h"
#include "daemon/publish/files_manifest.h"
#include "daemon/publish/output.h"

namespace newswire::publish {
namespace {

constexpr std::chrono::seconds kFullDiskPause{1};

// Appends whole or fails.
bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// Each topic is a file of JSON Lines. Order of a commit: append, fsync the files, fsync the folder
// when a file is new, replace the manifest. What lies behind the manifest's lengths was never
// committed, and Open cuts it off.
class FilesOutput : public Output {
 public:
  FilesOutput(std::filesystem::path dir, std::string pattern, std::string archive_uuid,
              const Clock& clock)
      : dir_(std::move(dir)),
        pattern_(std::move(pattern)),
        archive_uuid_(std::move(archive_uuid)),
        clock_(clock) {}

  Result<std::optional<Checkpoint>> Open(std::stop_token stop) override;
  Status PrepareTopics(std::span<const std::string>, std::stop_token) override { return {}; }
  Result<Commit> Publish(const Batch& batch, std::stop_token stop) override;
  std::string TopicName(std::string_view slug) const override {
    return publish::TopicName(pattern_, slug);
  }
  std::string Identity() const override { return dir_.string(); }

 private:
  Status CutBack();
  Status CutFile(const std::string& name, uint64_t length);
  Status Append(const Batch& batch, FilesManifest& next);

  const std::filesystem::path dir_;
  const std::string pattern_;
  const std::string archive_uuid_;
  const Clock& clock_;
  FilesManifest manifest_;
  bool ready_ = false;
  bool full_ = false;  // the last commit found no room
};

Result<std::optional<Checkpoint>> FilesOutput::Open(std::stop_token) {
  ready_ = false;
  if (auto ok = CheckTopicPattern(pattern_); !ok) {
    return std::unexpected(ok.error());
  }
  if (auto made = MakeFolderDurably(dir_); !made) {
    return std::unexpected(made.error());
  }
  // A process that was killed may have renamed a manifest and not synced it.
  if (auto synced = SyncFolder(dir_); !synced) {
    return std::unexpected(synced.error());
  }
  auto manifest = ReadFilesManifest(dir_);
  if (!manifest) {
    return std::unexpected(manifest.error());
  }
  const bool known = manifest->has_value();
  manifest_ = known ? std::move(**manifest) : FilesManifest{};
  if (known && manifest_.checkpoint.archive != archive_uuid_) {
    return Fail(ErrorKind::kConfig,
                fmt::format("{} holds the topics of archive {}, not of {}: give this archive "
                            "another folder, or remove that one",
                            dir_.string(), manifest_.checkpoint.archive, archive_uuid_));
  }
  if (auto ok = CutBack(); !ok) {
    return std::unexpected(ok.error());
  }
  ready_ = true;
  if (!known) {
    return std::nullopt;
  }
  return manifest_.checkpoint;
}

Status FilesOutput::CutBack() {
  std::set<std::string> unknown;
  std::error_code failed;
  const std::string prefix = TopicPrefix(pattern_);
  for (auto it = std::filesystem::directory_iterator(dir_, failed);
       !failed && it != std::filesystem::directory_iterator(); it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(kTopicFileExtension) && name.starts_with(prefix) &&
        !manifest_.lengths.contains(name)) {
      unknown.insert(name);
    }
  }
  if (failed) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("listing {}: {}", dir_.string(), failed.message()));
  }
  for (const std::string& name : unknown) {
    spdlog::warn("publish: removing a topic file that was never committed file={}", name);
    if (::unlink((dir_ / name).c_str()) != 0) {
      return std::unexpected(FileError("removing", dir_ / name));
    }
  }
  for (auto& [name, length] : manifest_.lengths) {
    struct stat info{};
    if (::stat((dir_ / name).c_str(), &info) != 0) {
      if (errno != ENOENT) {
        return std::unexpected(FileError("looking at", dir_ / name));
      }
      spdlog::warn("publish: a topic file was removed by somebody, it begins anew file={}", name);
      length = 0;
      continue;
    }
    if (auto ok = CutFile(name, length); !ok) {
      return ok;
    }
  }
  return {};
}

Status FilesOutput::CutFile(const std::string& name, uint64_t length) {
  const std::filesystem::path file = dir_ / name;
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return std::unexpected(FileError("opening", file));
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size == length) {
    return {};
  }
  if (size < length) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} has {} bytes, but {} were committed: restore it, or remove it to "
                            "begin it anew",
                            file.string(), size, length));
  }
  spdlog::warn("publish: cutting off what was not committed file={} from={} to={}", name, size,
               length);
  if (::ftruncate(fd.get(), static_cast<off_t>(length)) != 0 || ::fsync(fd.get()) != 0) {
    return std::unexpected(FileError("cutting back", file));
  }
  return {};
}

Status FilesOutput::Append(const Batch& batch, FilesManifest& next) {
  std::map<std::string, std::string> lines;
  for (const Event& event : batch.events) {
    if (event.tombstone()) {
      continue;  // nothing is ever taken out of these files
    }
    std::string& text = lines[TopicName(event.topic_slug) + std::string(kTopicFileExtension)];
    text += event.value;
    text += '\n';
  }
  bool new_file = false;
  for (const auto& [name, text] : lines) {
    const std::filesystem::path file = dir_ / name;
    UniqueFd fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT) {
      fd = UniqueFd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
      new_file = true;
      next.lengths[name] = 0;
    }
    if (!fd.valid()) {
      return std::unexpected(FileError("opening", file));
    }
    if (!WriteAll(fd.get(), text)) {
      return std::unexpected(FileError("writing", file));
    }
    NEWSWIRE_FAIL_POINT("publish.files.appended");
    if (::fsync(fd.get()) != 0) {
      return std::unexpected(FileError("syncing", file));
    }
    next.lengths[name] += text.size();
  }
  NEWSWIRE_FAIL_POINT("publish.files.synced");
  if (new_file) {
    if (auto ok = SyncFolder(dir_); !ok) {
      return ok;
    }
  }
  auto ok = WriteFilesManifest(dir_, next, clock_.Wall());
  NEWSWIRE_FAIL_POINT("publish.files.committed");
  return ok;
}

Result<Commit> FilesOutput::Publish(const Batch& batch, std::stop_token stop) {
  if (!ready_) {
    return Commit::kUnknown;
  }
  FilesManifest next{.checkpoint = batch.checkpoint, .lengths = manifest_.lengths};
  auto ok = Append(batch, next);
  if (ok) {
    manifest_ = std::move(next);
    if (full_) {
      spdlog::info("publish: the disk has room again");
      full_ = false;
    }
    return Commit::kDone;
  }
  ready_ = false;  // Open cuts back to the manifest
  if (ok.error().kind != ErrorKind::kTransient) {
    return std::unexpected(ok.error());
  }
  if (!full_) {
    spdlog::error("publish: the disk is full, waiting error=\"{}\"", ok.error().message);
    full_ = true;
  }
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, kFullDiskPause, [] { return false; });
  if (stop.stop_requested()) {
    return Fail(ErrorKind::kCancelled, "stopped while the disk is full");
  }
  return Commit::kUnknown;
}

}  // namespace

std::unique_ptr<Output> MakeFilesOutput(std::filesystem::path topics_dir, std::string topic_pattern,
                                        std::string archive_uuid, const Clock& clock) {
  return std::make_unique<FilesOutput>(std::move(topics_dir), std::move(topic_pattern),
                                       std::move(archive_uuid), clock);
}

}  // namespace newswire::publish
