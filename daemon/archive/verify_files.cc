// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/record_digest.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/verify.h"

namespace newswire::archive {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFrameHead = 5;              // magic and frame header descriptor
constexpr unsigned kFrameHasChecksum = 0x04;  // in the descriptor (RFC 8878 section 3.1.1.1.1)

bool IsWarc(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".warc") || name.ends_with(".warc.gz") || name.ends_with(".warc.zst");
}

struct DigestCounts {
  uint64_t right = 0, absent = 0, unknown = 0;

  void Add(DigestCheck check) {
    right += check == DigestCheck::kRight ? 1 : 0;
    absent += check == DigestCheck::kAbsent ? 1 : 0;
    unknown += check == DigestCheck::kUnknown ? 1 : 0;
  }
  std::string ToText(std::string_view of) const {
    std::string text = fmt::format("{} {} digests right", right, of);
    if (absent != 0) {
      text += fmt::format(", {} absent", absent);
    }
    if (unknown != 0) {
      text += fmt::format(", {} of an unknown kind", unknown);
    }
    return text;
  }
};

class FileVerifier {
 public:
  FileVerifier(fs::path file, std::ostream& out) : file_(std::move(file)), out_(out) {}

  // Whether nothing is wrong.
  Result<bool> Run() {
    Result<FileBytes> bytes = FileBytes::Open(file_);
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    bytes_ = std::move(*bytes);
    Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(file_);
    if (!stream) {
      return std::unexpected(stream.error());
    }
    storage_ = (*stream)->storage();
    while (true) {
      const Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
      if (!item) {
        return std::unexpected(item.error());
      }
      if (!item->has_value()) {
        break;
      }
      if (const auto* gap = std::get_if<Gap>(&**item)) {
        Fault(gap->reason, gap->offset, gap->length);
      } else if (Status status = Take(std::get<StoredRecord>(**item)); !status) {
        return std::unexpected(status.error());
      }
    }
    if (records_ == 0 && faults_ == 0) {
      Fault("it holds no record", 0, bytes_->limit());
    }
    const Result<std::string> sum = CheckSum();
    if (!sum) {
      return std::unexpected(sum.error());
    }
    out_ << fmt::format("{}: {}, {} records, {} bytes; checked: {}{}, {}, {}\n", file_.native(),
                        faults_ == 0 ? "whole" : "DAMAGED", records_, bytes_->limit(), *sum,
                        Guarantee(), blocks_.ToText("block"), payloads_.ToText("payload"));
    return faults_ == 0;
  }

 private:
  Status Take(const StoredRecord& record) {
    ++records_;
    const RecordDigests digests = CheckDigests(record.record);
    blocks_.Add(digests.block);
    payloads_.Add(digests.payload);
    if (digests.block == DigestCheck::kWrong) {
      Fault("the block does not match its digest", record.offset, record.end - record.begin);
    }
    if (digests.payload == DigestCheck::kWrong) {
      Fault("the payload does not match its digest", record.offset, record.end - record.begin);
    }
    if (storage_ == Storage::kZstd && record.offset != last_frame_) {
      last_frame_ = record.offset;
      const Result<std::string_view> head = bytes_->At(record.offset, kFrameHead);
      if (!head) {
        return std::unexpected(head.error());
      }
      ++frames_;
      const bool has = head->size() == kFrameHead &&
                       (static_cast<unsigned char>(head->back()) & kFrameHasChecksum) != 0;
      frames_with_checksum_ += has ? 1 : 0;
    }
    return {};
  }

  // What this format can tell.
  std::string Guarantee() const {
    switch (storage_) {
      case Storage::kGzip:
        return "CRC-32 and length of every gzip member (not the bytes of its header), lengths of "
               "records";
      case Storage::kZstd:
        return fmt::format("the checksum of {} of {} zstd frames, lengths of records",
                           frames_with_checksum_, frames_);
      case Storage::kPlain:
        break;
    }
    return "lengths of records alone (a plain file has no checksum)";
  }

  Result<std::string> CheckSum() {
    std::error_code ignored;
    if (!fs::exists(SumPath(file_), ignored)) {
      return std::string();
    }
    const Result<std::string> wanted = ReadSum(file_);
    const Result<std::string> sum = FileSum(file_);
    if (!sum) {
      return sum;
    }
    if (!wanted || *sum != *wanted) {
      Fault("it does not match its .sha256", 0, bytes_->limit());
    }
    return std::string("every byte by its .sha256, ");
  }

  void Fault(std::string_view what, uint64_t offset, uint64_t length) {
    ++faults_;
    out_ << fmt::format("{}: {}, {} bytes at offset {}\n", file_.native(), what, length, offset);
  }

  const fs::path file_;
  std::ostream& out_;
  std::optional<FileBytes> bytes_;
  Storage storage_ = Storage::kPlain;
  uint64_t records_ = 0, faults_ = 0;
  uint64_t frames_ = 0, frames_with_checksum_ = 0;
  uint64_t last_frame_ = UINT64_MAX;
  DigestCounts blocks_, payloads_;
};

// The WARC files of a folder, by name.
Result<std::vector<fs::path>> FilesOf(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (IsWarc(it->path())) {
      files.push_back(it->path());
    }
  }
  if (error) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", folder.native(), error.message()));
  }
  if (files.empty()) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("{}: no .warc, .warc.gz or .warc.zst in this folder", folder.native()));
  }
  std::ranges::sort(files);
  return files;
}

int VerifyFile(const fs::path& file, std::ostream& out, std::ostream& err) {
  const Result<bool> whole = FileVerifier(file, out).Run();
  if (!whole) {
    err << whole.error().message << '\n';
    return kCannotRead;
  }
  return *whole ? 0 : kFoundDamage;
}

int VerifyPath(const fs::path& path, std::ostream& out, std::ostream& err) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    return VerifyFile(path, out, err);
  }
  if (fs::exists(path / "uuid", ignored)) {
    return VerifyArchive(path, out, err);
  }
  const Result<std::vector<fs::path>> files = FilesOf(path);
  if (!files) {
    err << files.error().message << '\n';
    return kCannotRead;
  }
  int status = 0;
  for (const fs::path& file : *files) {
    status = std::max(status, VerifyFile(file, out, err));
  }
  return status;
}

}  // namespace

int VerifyPaths(const std::vector<fs::path>& paths, std::ostream& out, std::ostream& err) {
  int status = 0;
  for (const fs::path& path : paths) {
    status = std::max(status, VerifyPath(path, out, err));
  }
  return status;
}

}  // namespace newswire::archive
