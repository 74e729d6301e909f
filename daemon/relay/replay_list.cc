// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/replay_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "daemon/publish/durable_file.h"
#include "transforms/model/position.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = Position::kMaxSerial;
constexpr int kMaxDepth = 16;
constexpr uint64_t kSampleBytes = uint64_t{64} << 10;  // at each end of a file
constexpr size_t kSampleHashBytes = 8;                 // kept of its sum
constexpr size_t kMaxRecord = size_t{4} << 30;         // of a recorded list
constexpr std::string_view kRecordHead = "newswire-replay-inputs 1";

std::unexpected<Error> Unreadable(const fs::path& path, const std::error_code& error) {
  return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", path.string(), error.message()));
}

std::string Part(std::ifstream& in, uint64_t from, uint64_t size) {
  std::string bytes(size, '\0');
  in.seekg(static_cast<std::streamoff>(from));
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  return bytes;
}

// A post's own time is in its events (fetched_at): another time is another input.
Result<std::string> SampleOf(const fs::path& path, uint64_t size, bool with_time) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: cannot be read", path.string()));
  }
  text::FieldHasher hasher;
  hasher.Add(Part(in, 0, std::min(size, kSampleBytes)));
  if (size > kSampleBytes) {
    const uint64_t tail = std::min(size - kSampleBytes, kSampleBytes);
    in.clear();
    hasher.Add(Part(in, size - tail, tail));
  }
  if (with_time) {
    std::error_code error;
    const auto changed = fs::last_write_time(path, error);
    if (error) {
      return Unreadable(path, error);
    }
    hasher.Add(std::to_string(changed.time_since_epoch().count()));
  }
  const auto sum = hasher.Finish();
  return text::Hex(std::span(sum).first(kSampleHashBytes));
}

Status AddFile(ReplayFile::Kind kind, const fs::path& path, std::string name,
               std::vector<ReplayFile>& files) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) {
    return Unreadable(path, error);
  }
  if (size > Position::kMaxOffset) {
    return Fail(ErrorKind::kPermanent, fmt::format("{} is too large", path.string()));
  }
  if (files.size() == kMaxFiles) {
    return Fail(ErrorKind::kPermanent, fmt::format("more than {} files", kMaxFiles));
  }
  auto sample = SampleOf(path, size, kind == ReplayFile::Kind::kPost);
  if (!sample) {
    return std::unexpected(sample.error());
  }
  files.push_back({.kind = kind,
                   .path = path,
                   .name = std::move(name),
                   .size = size,
                   .sample = std::move(*sample),
                   .post = {}});
  return {};
}

// Markdown posts below `folder`, as the folder source lists them; `only` one of them.
Status AddPosts(const fs::path& folder, const std::optional<fs::path>& only,
                std::vector<ReplayFile>& files) {
  Source source;
  source.kind = SourceKind::kFolder;
  source.url = folder.empty() ? "." : folder.string();
  auto posts = sources::ListPostFiles(source);
  if (!posts) {
    return std::unexpected(posts.error());
  }
  std::error_code error;
  const fs::path root = fs::canonical(source.url, error);
  for (const sources::PostFile& post : *posts) {
    if (only && !fs::equivalent(post.path, *only, error)) {
      continue;
    }
    if (Status status = AddFile(ReplayFile::Kind::kPost, post.path,
                                post.path.lexically_relative(root).string(), files);
        !status) {
      return status;
    }
    files.back().post = post;
    if (only) {
      break;
    }
  }
  return {};
}

struct Found {
  std::string name;
  fs::path path;
  auto operator<=>(const Found&) const = default;
};

Status AddFolder(const fs::path& folder, std::vector<ReplayFile>& files) {
  std::vector<Found> warcs, tars;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      if (path.filename().string().starts_with('.') || entry.depth() + 1 >= kMaxDepth) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    if (!entry->is_regular_file(ignored)) {
      continue;
    }
    if (IsWarcName(path)) {
      warcs.push_back({path.lexically_relative(folder).string(), path});
    } else if (IsTarName(path)) {
      tars.push_back({path.lexically_relative(folder).string(), path});
    }
    if (warcs.size() + tars.size() > kMaxFiles) {
      return Fail(ErrorKind::kPermanent, fmt::format("more than {} files", kMaxFiles));
    }
  }
  if (error) {
    return Unreadable(folder, error);
  }
  std::ranges::sort(warcs);
  std::ranges::sort(tars);
  const size_t before = files.size();
  for (const auto& [kind, found] :
       {std::pair(ReplayFile::Kind::kWarc, &warcs), std::pair(ReplayFile::Kind::kTar, &tars)}) {
    for (const Found& file : *found) {
      if (Status status = AddFile(kind, file.path, file.name, files); !status) {
        return status;
      }
    }
  }
  if (Status status = AddPosts(folder, std::nullopt, files); !status) {
    return status;
  }
  if (files.size() == before) {
    return Fail(
        ErrorKind::kPermanent,
        fmt::format("{}: no WARC file, tar or Markdown post in this folder", folder.string()));
  }
  return {};
}

Status AddNamed(const fs::path& path, std::vector<ReplayFile>& files) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return AddFolder(path, files);
  }
  const std::string name = path.filename().string();
  if (IsWarcName(path)) {
    return AddFile(ReplayFile::Kind::kWarc, path, name, files);
  }
  if (IsTarName(path)) {
    return AddFile(ReplayFile::Kind::kTar, path, name, files);
  }
  if (!IsMarkdownName(path)) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("{}: not a folder, a WARC file (.warc, .warc.gz, .warc.zst), a tar "
                            "(.tar, .tar.gz, .tgz) or a Markdown post (.md, .markdown)",
                            path.string()));
  }
  const size_t before = files.size();
  Status status = AddPosts(path.parent_path(), path, files);
  if (status && files.size() == before) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: cannot be read", path.string()));
  }
  return status;
}

std::string HashOf(const std::vector<ReplayFile>& files) {
  text::FieldHasher hasher;
  for (const ReplayFile& file : files) {
    hasher.Add(file.name);
    hasher.Add(std::to_string(file.size));
    hasher.Add(file.sample);
  }
  return UuidOf(hasher.Finish());
}

}  // namespace

bool IsWarcName(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".warc") || name.ends_with(".warc.gz") || name.ends_with(".warc.zst");
}

bool IsTarName(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tgz");
}

bool IsMarkdownName(const fs::path& path) {
  return path.extension() == ".md" || path.extension() == ".markdown";
}

std::string UuidOf(const std::array<uint8_t, 32>& sum) {
  std::array<uint8_t, 16> bytes;
  std::copy_n(sum.begin(), bytes.size(), bytes.begin());
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x80);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = text::Hex(bytes);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string ReplayList::DifferenceFrom(const ReplayList& recorded) const {
  const size_t both = std::min(files.size(), recorded.files.size());
  for (size_t i = 0; i < both; ++i) {
    const ReplayFile& now = files[i];
    const ReplayFile& then = recorded.files[i];
    if (now.name != then.name) {
      return fmt::format("file {} of the list is {}, it was {}", i + 1, now.name, then.name);
    }
    if (now.size != then.size) {
      return fmt::format("{} has {} bytes, it had {}", now.name, now.size, then.size);
    }
    if (now.sample != then.sample) {
      return fmt::format("the content{} of {} has changed",
                         now.kind == ReplayFile::Kind::kPost ? " or the time" : "", now.name);
    }
  }
  if (files.size() > both) {
    return fmt::format("{} is new in the list", files[both].name);
  }
  if (recorded.files.size() > both) {
    return fmt::format("{} is no more in the list", recorded.files[both].name);
  }
  return {};
}

Result<ReplayList> ListReplayFiles(const std::vector<fs::path>& paths) {
  ReplayList list;
  for (const fs::path& path : paths) {
    if (Status status = AddNamed(path, list.files); !status) {
      return std::unexpected(status.error());
    }
  }
  list.uuid = HashOf(list.files);
  return list;
}

Status WriteReplayList(const fs::path& file, const ReplayList& list) {
  std::string record = fmt::format("{} {}\n", kRecordHead, list.uuid);
  for (const ReplayFile& each : list.files) {
    record += fmt::format("{} {} ", each.sample, each.size);
    text::JsonWriter(record).String(each.name);
    record += '\n';
  }
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  return publish::ReplaceFile(file, record);
}

std::optional<ReplayList> ReadReplayList(const fs::path& file) {
  const auto record = publish::ReadSmallFile(file, kMaxRecord);
  if (!record || !*record || !(*record)->starts_with(kRecordHead)) {
    return std::nullopt;
  }
  ReplayList list;
  std::istringstream lines(**record);
  std::string line;
  std::getline(lines, line);
  list.uuid = line.substr(std::min(line.size(), kRecordHead.size() + 1));
  while (std::getline(lines, line)) {
    const size_t size = line.find(' ');
    const size_t name = size == std::string::npos ? size : line.find(' ', size + 1);
    if (name == std::string::npos) {
      return std::nullopt;
    }
    ReplayFile each;
    each.sample = line.substr(0, size);
    std::from_chars(line.data() + size + 1, line.data() + name, each.size);
    const auto text = text::JsonDocument::Parse("[" + line.substr(name + 1) + "]");
    if (!text) {
      return std::nullopt;
    }
    each.name = text->root().at(0).string_or("");
    list.files.push_back(std::move(each));
  }
  return list;
}

}  // namespace newswire::relay
