// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/export_captures.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/gzip_member.h"
#include "daemon/archive/new_file.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"
#include "daemon/archive/walk.h"
#include "daemon/archive/warc_record.h"

namespace newswire::archive {
namespace {

constexpr size_t kCopyStep = size_t{1} << 20;
constexpr int kCompressionLevel = 6;

// The chosen part of the archive, for a person.
std::string Describe(const CaptureFilter& filter) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
    }
  };
  add("source", filter.source);
  add("role", filter.role ? std::string(newswire::Name(*filter.role)) : "");
  add("kind", filter.kind ? std::string(Name(*filter.kind)) : "");
  add("url", filter.url);
  add("since", filter.since ? FormatUtcMillis(*filter.since) : "");
  add("until", filter.until ? FormatUtcMillis(*filter.until) : "");
  add("status", filter.status ? std::to_string(*filter.status) : "");
  add("post", filter.post);
  add("from", filter.from ? filter.from->ToHex() : "");
  add("to", filter.to ? filter.to->ToHex() : "");
  return text.empty() ? "everything" : text;
}

class Exporter {
 public:
  Exporter(const std::filesystem::path& dir, NewFile file) : dir_(dir), file_(std::move(file)) {}

  Status Begin(const CaptureFilter& filter, const std::string& software,
               const std::string& file_name) {
    Result<std::string> uuid = ReadUuid(dir_);
    std::string block = fmt::format(
        "software: {}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: "
        "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n",
        software);
    if (uuid) {
      block += fmt::format("isPartOf: urn:uuid:{}\r\n", *uuid);
    }
    block += fmt::format("description: exported from a Newswire archive: {}\r\n", Describe(filter));
    std::string text;
    RecordBuilder record(
        text, "warcinfo", NewRecordId(),
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    record.Field("WARC-Filename", file_name);
    record.Field("Content-Type", "application/warc-fields");
    record.BeginBlock(block.size());
    record.out().append(block);
    record.Finish();
    std::string member;
    MemberWriter(kCompressionLevel).Append(text, MemberKind::kOther, member);
    return file_.Write(member);
  }

  void Govern(const WarcInfo& info) { info_ = info.position; }

  Status Take(const Capture& capture) {
    if (info_ && info_ != written_info_) {
      if (Status status = CopyRecord(*info_); !status) {
        return status;
      }
      written_info_ = info_;
    }
    return Copy(dir_ / capture.address.segment, capture.address.position.offset(),
                capture.address.end.offset());
  }

  NewFile& file() { return file_; }

 private:
  Status CopyRecord(Position at) {
    const Result<std::vector<Segment>> segments = ListSegments(dir_);
    if (!segments) {
      return std::unexpected(segments.error());
    }
    const auto segment = std::ranges::find(*segments, at.serial(), &Segment::serial);
    if (segment == segments->end()) {
      return {};  // retired while it was read
    }
    Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment->path, at.offset());
    if (!stream) {
      return std::unexpected(stream.error());
    }
    const Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    const auto* record = item->has_value() ? std::get_if<StoredRecord>(&**item) : nullptr;
    return record == nullptr ? Status() : Copy(segment->path, record->begin, record->end);
  }

  Status Copy(const std::filesystem::path& path, uint64_t begin, uint64_t end) {
    if (!source_ || path_ != path) {
      Result<FileBytes> opened = FileBytes::Open(path);
      if (!opened) {
        return std::unexpected(opened.error());
      }
      source_ = std::move(*opened);
      path_ = path;
    } else if (Status status = source_->SetLimit(end); !status) {
      return status;
    }
    while (begin < end) {
      const Result<std::string_view> bytes =
          source_->At(begin, std::min<uint64_t>(kCopyStep, end - begin));
      if (!bytes) {
        return std::unexpected(bytes.error());
      }
      if (bytes->empty()) {
        return Fail(ErrorKind::kCorruption,
                    fmt::format("{} ends at offset {}", path.native(), begin));
      }
      if (Status status = file_.Write(*bytes); !status) {
        return status;
      }
      begin += bytes->size();
    }
    return {};
  }

  const std::filesystem::path& dir_;
  NewFile file_;
  std::optional<FileBytes> source_;
  std::filesystem::path path_;
  std::optional<Position> info_, written_info_;
};

struct Chosen {
  uint64_t captures = 0;
  std::unordered_set<std::string> referred;  // record ids that revisits among them name
};

int Fails(const Error& error, std::ostream& err) {
  err << error << "\n";
  return kCannotRead;
}

}  // namespace

int ExportCaptures(const std::filesystem::path& dir, const CaptureFilter& filter,
                   const std::string& software, const std::filesystem::path& output,
                   const std::stop_token& stop, std::ostream& said, std::ostream& err) {
  Result<NewFile> file = NewFile::Create(output);
  if (!file) {
    return Fails(file.error(), err);
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    return Fails(segments.error(), err);
  }
  // Both passes end where the archive ends now.
  CaptureFilter bounded = filter;
  if (!segments->empty()) {
    const Position end(segments->back().serial, segments->back().size);
    bounded.to = std::min(filter.to.value_or(end), end);
  }
  Chosen chosen;
  PostIds ids;
  const int first =
      WalkCaptures(dir, bounded, ids,
                   {.capture =
                        [&](const Capture& capture) {
                          ++chosen.captures;
                          if (capture.kind == CaptureKind::kRevisit && capture.refers_to) {
                            chosen.referred.insert(capture.refers_to->record_id);
                          }
                          return !stop.stop_requested();
                        }},
                   err);
  if (first == kCannotRead) {
    return first;
  }
  if (chosen.captures == 0) {
    err << "no capture is chosen: nothing was written\n";
    return kCannotRead;
  }

  Exporter exporter(dir, std::move(*file));
  Status status = exporter.Begin(filter, software, output.filename());
  uint64_t captures = 0;
  uint64_t pulled = 0;
  const CaptureFilter all{.to = bounded.to};
  std::ostream quiet(nullptr);  // damage was named by the first pass
  const int second = WalkCaptures(dir, all, ids,
                                  {.capture =
                                       [&](const Capture& capture) {
                                         const bool referred =
                                             chosen.referred.erase(capture.address.record_id) != 0;
                                         const bool wanted = Matches(bounded, capture, ids);
                                         if (status && (wanted || referred)) {
                                           status = exporter.Take(capture);
                                           ++captures;
                                           pulled += wanted ? 0 : 1;
                                         }
                                         return status.has_value() && !stop.stop_requested();
                                       },
                                   .info = [&](const WarcInfo& info) { exporter.Govern(info); }},
                                  quiet);
  if (stop.stop_requested()) {
    err << "stopped: nothing was written\n";
    return kCannotRead;
  }
  if (second == kCannotRead) {
    err << "the archive cannot be read on\n";
    return second;
  }
  if (status) {
    status = exporter.file().Finish();
  }
  if (!status) {
    return Fails(status.error(), err);
  }
  said << fmt::format("{}: {} captures, {} bytes", output.native(), captures,
                      exporter.file().size());
  if (pulled != 0) {
    said << fmt::format("; {} of them because revisits refer to them", pulled);
  }
  if (!chosen.referred.empty()) {
    said << fmt::format("; {} that revisits refer to are not in the archive any more",
                        chosen.referred.size());
  }
  said << "\n";
  return first;
}

}  // namespace newswire::archive
