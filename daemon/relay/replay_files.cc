// SPDX-License-Identifier: Apache-2.0
// A list of WARC files, tars and Markdown posts as one input.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "daemon/relay/replay_input.h"
#include "daemon/relay/tar_reader.h"
#include "transforms/text/hash.h"

namespace newswire::relay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPostBytes = size_t{5} << 20;  // of one Markdown file

// Members that are posts: by the rule by which the folder source takes files.
bool IsPostMember(std::string_view name) {
  const size_t slash = name.rfind('/');
  const std::string_view base = slash == std::string_view::npos ? name : name.substr(slash + 1);
  if (base.empty() || base.front() == '.' || base.front() == '#') {
    return false;
  }
  return base.ends_with(".md") || base.ends_with(".markdown");
}

// file:///<name>, without "." and "..", so that no name points anywhere else.
std::string UrlOfMember(std::string_view name) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@";
  std::string url = "file://";
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (part.empty() || part == "." || part == "..") {
      continue;
    }
    url.push_back('/');
    for (const char byte : part) {
      if (kPlain.find(byte) != std::string_view::npos) {
        url.push_back(byte);
      } else {
        url += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
      }
    }
  }
  return url;
}

// The same for a file and a member: what a folder source's intake would have written.
void MakePost(Capture& capture, Position begin, Position end, std::string segment) {
  capture.metadata.role = CaptureRole::kPost;
  capture.metadata.body = BodyKind::kFile;
  capture.metadata.link = capture.url;
  capture.address.segment = std::move(segment);
  capture.address.offset = begin.offset();
  capture.address.record_id = "urn:sha1:" + text::Base32(text::Sha1(capture.body));
  capture.address.position = begin;
  capture.address.end = end;
}

class ListInput : public ReplayInput {
 public:
  explicit ListInput(ReplayList list) : list_(std::move(list)) {
    for (const ReplayFile& file : list_.files) {
      total_ += file.size;
    }
  }

  Result<std::optional<archive::Item>> Next() override;
  Status Seek(Position from) override;
  Result<Capture> Read(Position capture) const override;
  uint64_t total_bytes() const override { return total_; }
  uint64_t read_bytes() const override { return read_; }
  std::string uuid() const override { return list_.uuid; }
  const ReplayList* list() const override { return &list_; }

 private:
  Result<std::optional<archive::Item>> NextOfFile();
  Result<std::optional<archive::Item>> NextOfWarc(const ReplayFile& file);
  Result<std::optional<archive::Item>> NextOfTar(const ReplayFile& file);
  Result<std::optional<archive::Item>> NextPost(const ReplayFile& file);
  Result<Capture> ReadPost(const ReplayFile& file) const;
  void NextFile();
  Position At(uint64_t offset) const { return {static_cast<uint32_t>(index_), offset}; }

  const ReplayList list_;
  uint64_t total_ = 0;
  std::atomic<uint64_t> read_{0};
  Position from_;
  size_t index_ = 0;     // of the file being read
  uint64_t before_ = 0;  // bytes of the files before it
  bool post_given_ = false;
  std::unique_ptr<archive::Reader> warc_;
  std::unique_ptr<TarReader> tar_;
};

Status ListInput::Seek(Position from) {
  from_ = from;
  warc_.reset();
  tar_.reset();
  post_given_ = false;
  index_ = std::min<size_t>(from.serial(), list_.files.size());
  before_ = 0;
  for (size_t i = 0; i < index_; ++i) {
    before_ += list_.files[i].size;
  }
  read_ = before_;
  return {};
}

void ListInput::NextFile() {
  warc_.reset();
  tar_.reset();
  post_given_ = false;
  before_ += list_.files[index_].size;
  read_ = before_;
  ++index_;
}

Result<std::optional<archive::Item>> ListInput::Next() {
  while (index_ < list_.files.size()) {
    auto item = NextOfFile();
    if (!item) {
      return WithContext(item.error(), list_.files[index_].path.string());
    }
    if (!*item) {
      NextFile();
      continue;
    }
    const auto* capture = std::get_if<Capture>(&**item);
    if (capture == nullptr || capture->address.position >= from_) {
      return item;
    }
  }
  return std::nullopt;
}

Result<std::optional<archive::Item>> ListInput::NextOfFile() {
  const ReplayFile& file = list_.files[index_];
  switch (file.kind) {
    case ReplayFile::Kind::kWarc:
      return NextOfWarc(file);
    case ReplayFile::Kind::kTar:
      return NextOfTar(file);
    case ReplayFile::Kind::kPost:
      break;
  }
  return NextPost(file);
}

Result<std::optional<archive::Item>> ListInput::NextOfWarc(const ReplayFile& file) {
  if (!warc_) {
    auto reader = archive::Reader::OpenFiles({file.path});
    if (!reader) {
      return std::unexpected(reader.error());
    }
    warc_ = std::move(*reader);
  }
  auto item = warc_->Next();
  if (item && *item) {
    if (auto* capture = std::get_if<Capture>(&**item)) {
      capture->address.position = At(capture->address.position.offset());
      capture->address.end = At(capture->address.end.offset());
    }
    read_ = before_ + std::min(file.size, warc_->position().offset());
  }
  return item;
}

Result<std::optional<archive::Item>> ListInput::NextOfTar(const ReplayFile& file) {
  if (!tar_) {
    auto reader = TarReader::Open(file.path, kMaxPostBytes, IsPostMember);
    if (!reader) {
      return std::unexpected(reader.error());
    }
    tar_ = std::move(*reader);
    tar_->SkipTo(from_.serial() == index_ ? from_.offset() : 0);
  }
  auto item = tar_->Next();
  if (!item) {
    return std::unexpected(item.error());
  }
  read_ = before_ + std::min(file.size, tar_->file_bytes_read());
  if (!*item) {
    return std::nullopt;
  }
  const std::string segment = file.path.filename().string();
  if (auto* damage = std::get_if<TarDamage>(&**item)) {
    return archive::Item(archive::Damage{.segment = segment,
                                         .offset = damage->offset,
                                         .length = damage->length,
                                         .reason = std::move(damage->reason)});
  }
  auto& member = std::get<TarMember>(**item);
  if (member.end > Position::kMaxOffset) {
    return Fail(
        ErrorKind::kPermanent,
        fmt::format("longer than the {} bytes that a position can name", Position::kMaxOffset));
  }
  Capture capture;
  capture.kind = CaptureKind::kResource;
  capture.url = UrlOfMember(member.name);
  capture.fetched_at = member.modified;
  capture.content_type = "text/markdown; charset=utf-8";
  capture.body = std::move(member.body);
  capture.truncated = member.cut ? "length" : "";
  MakePost(capture, At(member.offset), At(member.end), segment);
  return archive::Item(std::move(capture));
}

Result<std::optional<archive::Item>> ListInput::NextPost(const ReplayFile& file) {
  if (post_given_) {
    return std::nullopt;
  }
  auto capture = ReadPost(file);
  if (!capture) {
    return std::unexpected(capture.error());
  }
  post_given_ = true;
  MakePost(*capture, At(0), At(std::max<uint64_t>(file.size, 1)), file.path.filename().string());
  return archive::Item(std::move(*capture));
}

Result<Capture> ListInput::ReadPost(const ReplayFile& file) const {
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
  return capture;
}

// A revision compares with the capture before it under one configuration: segments of ours that
// were named as files are read again as an archive is. Tars and posts have no configuration of
// their own, so that nothing asks for them.
Result<Capture> ListInput::Read(Position position) const {
  if (position.serial() >= list_.files.size() ||
      list_.files[position.serial()].kind != ReplayFile::Kind::kWarc) {
    return Fail(ErrorKind::kCorruption, "not a capture of a WARC file of this input");
  }
  auto capture = archive::ReadCaptureInFile(list_.files[position.serial()].path, position.offset());
  if (capture) {
    capture->address.position = position;
    capture->address.end = Position(position.serial(), capture->address.end.offset());
  }
  return capture;
}

}  // namespace

std::unique_ptr<ReplayInput> OpenListInput(ReplayList list) {
  return std::make_unique<ListInput>(std::move(list));
}

}  // namespace newswire::relay
