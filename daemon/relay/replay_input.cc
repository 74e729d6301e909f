// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/replay_input.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "transforms/text/hash.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPostBytes = size_t{5} << 20;  // of one Markdown file
constexpr size_t kMaxFiles = Position::kMaxSerial;

bool IsWarc(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".warc") || name.ends_with(".warc.gz") || name.ends_with(".warc.zst");
}

bool IsMarkdown(const fs::path& path) {
  return path.extension() == ".md" || path.extension() == ".markdown";
}

// Where `offset` lies among files of these sizes, laid end to end.
uint64_t BytesBefore(const std::vector<archive::Segment>& segments, Position position) {
  uint64_t bytes = 0;
  for (const archive::Segment& segment : segments) {
    if (segment.serial < position.serial()) {
      bytes += segment.size;
    } else if (segment.serial == position.serial()) {
      bytes += std::min(position.offset(), segment.size);
    }
  }
  return bytes;
}

// A version 8 UUID (RFC 9562) of the first 16 bytes of a hash.
std::string UuidOf(const std::array<uint8_t, 32>& sum) {
  std::array<uint8_t, 16> bytes;
  std::copy_n(sum.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x80);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = text::Hex(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

class ArchiveInput : public ReplayInput {
 public:
  ArchiveInput(fs::path dir, std::vector<archive::Segment> segments, std::string uuid)
      : dir_(std::move(dir)), segments_(std::move(segments)), uuid_(std::move(uuid)) {
    if (!segments_.empty()) {
      end_ = Position(segments_.back().serial, segments_.back().size);
    }
    for (const archive::Segment& segment : segments_) {
      total_ += segment.size;
    }
  }

  Result<std::optional<archive::Item>> Next() override {
    if (!reader_) {
      if (Status status = Seek({}); !status) {
        return std::unexpected(status.error());
      }
    }
    return reader_->Next();
  }
  Status Seek(Position from) override {
    auto reader = archive::Reader::OpenArchive(dir_, from, [end = end_] { return end; });
    if (!reader) {
      return std::unexpected(reader.error());
    }
    reader_ = std::move(*reader);
    return {};
  }
  Result<Capture> Read(Position capture) const override {
    return archive::ReadCaptureAt(dir_, capture);
  }
  uint64_t total_bytes() const override { return total_; }
  uint64_t read_bytes() const override {
    return reader_ ? BytesBefore(segments_, reader_->position()) : 0;
  }
  std::string uuid() const override { return uuid_; }
  bool is_archive() const override { return true; }

 private:
  const fs::path dir_;
  const std::vector<archive::Segment> segments_;  // as they were when opened
  const std::string uuid_;
  Position end_;
  uint64_t total_ = 0;
  std::unique_ptr<archive::Reader> reader_;
};

class FilesInput : public ReplayInput {
 public:
  struct File {
    fs::path path;
    uint64_t size = 0;
    std::optional<sources::PostFile> post;  // a Markdown post; else a WARC
  };

  explicit FilesInput(std::vector<File> files) : files_(std::move(files)) {
    text::FieldHasher hasher;
    for (const File& file : files_) {
      total_ += file.size;
      hasher.Add(file.path.filename().string());
      hasher.Add(std::to_string(file.size));
    }
    uuid_ = UuidOf(hasher.Finish());
  }

  Result<std::optional<archive::Item>> Next() override;
  Status Seek(Position from) override {
    index_ = 0;
    reader_.reset();
    read_ = 0;
    from_ = from;
    return {};
  }
  Result<Capture> Read(Position) const override {
    return Fail(ErrorKind::kCorruption, "captures of foreign files are not read again");
  }
  uint64_t total_bytes() const override { return total_; }
  uint64_t read_bytes() const override {
    return read_ + (reader_ ? reader_->position().offset() : 0);
  }
  std::string uuid() const override { return uuid_; }
  bool is_archive() const override { return false; }

 private:
  Result<std::optional<archive::Item>> ReadOne();
  Result<Capture> ReadPost(const File& file) const;
  Position Shift(Position in_file) const {
    return {static_cast<uint32_t>(index_), in_file.offset()};
  }

  const std::vector<File> files_;
  std::string uuid_;
  uint64_t total_ = 0;
  Position from_;
  size_t index_ = 0;   // of the file being read
  uint64_t read_ = 0;  // bytes of the files before it
  std::unique_ptr<archive::Reader> reader_;
};

Result<std::optional<archive::Item>> FilesInput::Next() {
  while (true) {
    auto item = ReadOne();
    if (!item || !*item) {
      return item;
    }
    const auto* capture = std::get_if<Capture>(&**item);
    if (capture == nullptr || capture->address.position >= from_) {
      return item;
    }
  }
}

Result<std::optional<archive::Item>> FilesInput::ReadOne() {
  while (index_ < files_.size()) {
    const File& file = files_[index_];
    if (file.post) {
      auto capture = ReadPost(file);
      if (!capture) {
        return std::unexpected(capture.error());
      }
      read_ += file.size;
      ++index_;
      return archive::Item(std::move(*capture));
    }
    if (!reader_) {
      auto reader = archive::Reader::OpenFiles({file.path});
      if (!reader) {
        return std::unexpected(reader.error());
      }
      reader_ = std::move(*reader);
    }
    auto item = reader_->Next();
    if (!item) {
      return WithContext(item.error(), file.path.string());
    }
    if (*item) {
      if (auto* capture = std::get_if<Capture>(&**item)) {
        capture->address.position = Shift(capture->address.position);
        capture->address.end = Shift(capture->address.end);
      }
      return item;
    }
    reader_.reset();
    read_ += file.size;
    ++index_;
  }
  return std::nullopt;
}

Result<Capture> FilesInput::ReadPost(const File& file) const {
  auto capture = sources::ReadPostFile(*file.post, kMaxPostBytes, SystemClock());
  if (!capture) {
    return capture;
  }
  // The file's own time, not today's: the same input gives the same events.
  std::error_code error;
  const auto changed = fs::last_write_time(file.path, error);
  if (!error) {
    capture->fetched_at = std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::file_clock::to_sys(changed));
  }
  capture->metadata.role = CaptureRole::kPost;
  capture->metadata.body = BodyKind::kFile;
  capture->metadata.link = file.post->url;
  capture->address.segment = file.path.filename().string();
  capture->address.record_id = "urn:sha1:" + text::Base32(text::Sha1(capture->body));
  capture->address.position = Position(static_cast<uint32_t>(index_), 0);
  capture->address.end = Position(static_cast<uint32_t>(index_), std::max<uint64_t>(file.size, 1));
  return capture;
}

Status AddFile(const fs::path& path, std::vector<FilesInput::File>& files) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", path.string(), error.message()));
  }
  if (files.size() == kMaxFiles) {
    return Fail(ErrorKind::kPermanent, fmt::format("more than {} files", kMaxFiles));
  }
  files.push_back({.path = path, .size = size, .post = {}});
  return {};
}

// Markdown posts below `path` (a folder or a file), as the folder source lists them.
Status AddPosts(const fs::path& folder, const std::optional<fs::path>& only,
                std::vector<FilesInput::File>& files) {
  Source source;
  source.kind = SourceKind::kFolder;
  source.url = folder.empty() ? "." : folder.string();
  auto posts = sources::ListPostFiles(source);
  if (!posts) {
    return std::unexpected(posts.error());
  }
  for (const sources::PostFile& post : *posts) {
    std::error_code error;
    if (only && !fs::equivalent(post.path, *only, error)) {
      continue;
    }
    if (Status status = AddFile(post.path, files); !status) {
      return status;
    }
    files.back().post = post;
    if (only) {
      break;
    }
  }
  return {};
}

Status AddFolder(const fs::path& folder, std::vector<FilesInput::File>& files) {
  std::vector<fs::path> warcs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (IsWarc(entry.path()) && entry.is_regular_file(error)) {
      warcs.push_back(entry.path());
    }
  }
  if (error) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", folder.string(), error.message()));
  }
  std::ranges::sort(warcs);
  for (const fs::path& warc : warcs) {
    if (Status status = AddFile(warc, files); !status) {
      return status;
    }
  }
  const size_t before = files.size();
  if (Status status = AddPosts(folder, std::nullopt, files); !status) {
    return status;
  }
  if (warcs.empty() && files.size() == before) {
    return Fail(
        ErrorKind::kPermanent,
        fmt::format("{}: no WARC file and no Markdown post in this folder", folder.string()));
  }
  return {};
}

// The segments of `folder` if it holds an archive of ours and no other WARC file.
std::vector<archive::Segment> OwnSegments(const fs::path& folder) {
  auto segments = archive::ListSegments(folder);
  if (!segments) {
    return {};
  }
  size_t warcs = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    warcs += IsWarc(entry.path()) ? 1U : 0U;
  }
  return warcs == segments->size() ? std::move(*segments) : std::vector<archive::Segment>();
}

}  // namespace

Result<std::unique_ptr<ReplayInput>> OpenArchiveInput(const fs::path& dir) {
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
  return std::make_unique<ArchiveInput>(dir, std::move(*segments), std::move(*uuid));
}

Result<std::unique_ptr<ReplayInput>> OpenPathsInput(const std::vector<fs::path>& paths) {
  std::vector<FilesInput::File> files;
  for (const fs::path& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      if (paths.size() == 1 && !OwnSegments(path).empty()) {
        return OpenArchiveInput(path);
      }
      if (Status status = AddFolder(path, files); !status) {
        return std::unexpected(status.error());
      }
      continue;
    }
    Status status;
    const size_t before = files.size();
    if (IsWarc(path)) {
      status = AddFile(path, files);
    } else if (IsMarkdown(path)) {
      status = AddPosts(path.parent_path(), path, files);
      if (status && files.size() == before) {
        status = Fail(ErrorKind::kPermanent, fmt::format("{}: cannot be read", path.string()));
      }
    } else {
      status = Fail(ErrorKind::kPermanent,
                    fmt::format("{}: not a folder, a WARC file (.warc, .warc.gz, .warc.zst) or a "
                                "Markdown post (.md, .markdown)",
                                path.string()));
    }
    if (!status) {
      return std::unexpected(status.error());
    }
  }
  return std::make_unique<FilesInput>(std::move(files));
}

}  // namespace newswire::relay
