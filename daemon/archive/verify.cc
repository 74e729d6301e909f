// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/verify.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/member_check.h"
#include "daemon/archive/record_digest.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"

namespace newswire::archive {
namespace {

constexpr size_t kMaxNamed = 1000;  // of the same kind of damage in one segment

class Verifier {
 public:
  Verifier(const std::filesystem::path& dir, std::ostream& out, std::ostream& err)
      : dir_(dir), out_(out), err_(err) {}

  // False: the disk failed.
  bool Check(const Segment& segment, bool newest) {
    if (Status status = CheckSegment(segment, newest); !status) {
      err_ << status.error().message << '\n';
      return false;
    }
    return true;
  }
  // What lies beside the segments: sums without segment, serials that are missing.
  bool CheckFolder(const std::vector<Segment>& segments) {
    if (Status status = CheckSums(segments); !status) {
      err_ << status.error().message << '\n';
      return false;
    }
    CheckSerials(segments);
    return true;
  }

  size_t faults() const { return faults_; }

 private:
  Status CheckSegment(const Segment& segment, bool newest);
  Status CheckRecords(const Segment& segment, bool newest);
  Status CheckHeader(const StoredRecord& record);
  Status CheckSum(const Segment& segment);
  Status Narrow(const Segment& segment);
  bool CheckCapture(std::optional<StoredRecord>& head, const StoredRecord& record);
  Status CheckSums(const std::vector<Segment>& segments);
  void CheckSerials(const std::vector<Segment>& segments);

  // `at_end`: what the daemon is writing, if one runs, looks so.
  void Fault(std::string_view what, uint64_t offset, uint64_t length, bool at_end = false) {
    if (at_end && IsLocked(dir_)) {
      return;
    }
    ++faults_;
    out_ << fmt::format("{}: {}, {} bytes at offset {}\n", name_, what, length, offset);
  }
  void FolderFault(std::string_view name, std::string_view what) {
    ++faults_;
    out_ << fmt::format("{}: {}\n", name, what);
  }

  const std::filesystem::path& dir_;
  std::ostream& out_;
  std::ostream& err_;
  size_t faults_ = 0;

  // Of the segment being checked.
  std::string name_;
  uint64_t records_ = 0, captures_ = 0;
  std::optional<MemberCheck> members_;
  std::vector<MemberCheck::Difference> headers_;
  // The serial before it, as the segment itself says; nullopt when it does not.
  std::optional<uint32_t> previous_;
  std::vector<std::optional<uint32_t>> previous_of_;  // by segment
};

Status Verifier::CheckSegment(const Segment& segment, bool newest) {
  name_ = segment.path.filename();
  const size_t before = faults_;
  records_ = captures_ = 0;
  headers_.clear();
  previous_.reset();
  Result<MemberCheck> members = MemberCheck::Open(segment.path);
  if (!members) {
    return std::unexpected(members.error());
  }
  members_ = std::move(*members);
  if (Status status = CheckRecords(segment, newest); !status) {
    return status;
  }
  previous_of_.push_back(previous_);
  const bool records_whole = faults_ == before;
  for (const MemberCheck::Difference& header : headers_) {
    Fault(header.what, header.offset, header.length);
  }
  if (segment.sealed) {
    const size_t before_sum = faults_;
    if (Status status = CheckSum(segment); !status) {
      return status;
    }
    if (faults_ != before_sum && records_whole && headers_.empty()) {
      if (Status status = Narrow(segment); !status) {
        return status;
      }
    }
  }
  out_ << fmt::format("{}: {}, {} records, {} captures, {} bytes{}\n", name_,
                      faults_ == before ? "whole" : "DAMAGED", records_, captures_, segment.size,
                      segment.sealed ? "" : ", not sealed yet");
  return {};
}

Status Verifier::CheckRecords(const Segment& segment, bool newest) {
  Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment.path);
  if (!stream) {
    return std::unexpected(stream.error());
  }
  // A live segment is read as far as it reached when it was listed.
  if (Status status = (*stream)->SetLimit(segment.size); !status) {
    return status;
  }
  const bool growing = newest && !segment.sealed;
  std::optional<StoredRecord> head;
  while (true) {
    Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    const bool tail_now = item->has_value() && std::holds_alternative<StoredRecord>(**item) &&
                          std::get<StoredRecord>(**item).kind == MemberKind::kCaptureTail;
    if (head && !tail_now) {
      Fault("a capture's first record without its metadata record", head->offset,
            head->end - head->begin, growing && !item->has_value());
      head.reset();
    }
    if (!item->has_value()) {
      return {};
    }
    if (const auto* gap = std::get_if<Gap>(&**item)) {
      Fault(gap->reason, gap->offset, gap->length,
            growing && gap->offset + gap->length >= (*stream)->limit());
      continue;
    }
    StoredRecord record = std::move(std::get<StoredRecord>(**item));
    const uint64_t length = record.end - record.begin;
    if (records_++ == 0) {
      if (record.kind != MemberKind::kWarcInfo) {
        Fault("the segment does not begin with a warcinfo record", record.offset, length);
      } else {
        previous_ = DecodeWarcInfo(record.record).previous_serial;
      }
    }
    const RecordDigests digests = CheckDigests(record.record);
    if (digests.block == DigestCheck::kWrong) {
      Fault("the block does not match its digest", record.offset, length);
    }
    if (digests.payload == DigestCheck::kWrong) {
      Fault("the payload does not match its digest", record.offset, length);
    }
    if (Status status = CheckHeader(record); !status) {
      return status;
    }
    captures_ += CheckCapture(head, record) ? 1 : 0;
    head.reset();
    if (record.kind == MemberKind::kCaptureHead) {
      head = std::move(record);
    }
  }
}

Status Verifier::CheckHeader(const StoredRecord& record) {
  if (headers_.size() >= kMaxNamed) {
    return {};
  }
  Result<std::optional<MemberCheck::Difference>> difference = members_->Header(record);
  if (!difference) {
    return std::unexpected(difference.error());
  }
  if (difference->has_value()) {
    headers_.push_back(std::move(**difference));
  }
  return {};
}

// Whether a capture ends with this record.
bool Verifier::CheckCapture(std::optional<StoredRecord>& head, const StoredRecord& record) {
  if (record.kind != MemberKind::kCaptureTail && record.kind != MemberKind::kCaptureWhole) {
    return false;
  }
  const uint64_t length = record.end - record.begin;
  if (record.kind == MemberKind::kCaptureTail &&
      (!head || StripBrackets(record.record.Field("WARC-Concurrent-To")) != head->record.id())) {
    Fault("a capture's metadata record without its first record", record.offset, length);
    return false;
  }
  WarcRecord* first = record.kind == MemberKind::kCaptureTail ? &head->record : nullptr;
  if (const Result<Capture> capture = DecodeCapture(first, record.record); !capture) {
    Fault(capture.error().message, record.offset, length);
    return false;
  }
  return true;
}

Status Verifier::CheckSum(const Segment& segment) {
  std::error_code ignored;
  if (!std::filesystem::exists(SumPath(segment.path), ignored)) {
    Fault("its .sha256 is missing: only what its own checksums cover is known to be right", 0,
          segment.size);
    return {};
  }
  const Result<std::string> sum = FileSum(segment.path);
  if (!sum) {
    return std::unexpected(sum.error());
  }
  const Result<std::string> wanted = ReadSum(segment.path);
  if (!wanted) {
    Fault("its .sha256 holds no SHA-256", 0, segment.size);
  } else if (*sum != *wanted) {
    Fault("it does not match its .sha256", 0, segment.size);
  } else if (const Status line = CheckSumLine(segment.path, *wanted); !line) {
    Fault(line.error().message, 0, segment.size);
  }
  return {};
}

// All records are right and yet the sum is not: says how near to the difference one can come.
Status Verifier::Narrow(const Segment& segment) {
  const Result<std::vector<MemberCheck::Difference>> differences =
      MemberCheck::Repeat(segment.path, kMaxNamed);
  if (!differences && differences.error().kind != ErrorKind::kPermanent) {
    return std::unexpected(differences.error());
  }
  if (differences) {
    for (const MemberCheck::Difference& difference : *differences) {
      Fault(difference.what, difference.offset, difference.length);
    }
    if (!differences->empty()) {
      return {};
    }
  }
  Fault(differences ? "every record is as it was written: the .sha256 is wrong, or whole captures "
                      "are missing at the end"
                    : "every record is right: what differs lies in bytes that no checksum of a "
                      "record covers, or whole captures are missing at the end",
        differences ? segment.size : 0, differences ? 0 : segment.size);
  return {};
}

Status Verifier::CheckSums(const std::vector<Segment>& segments) {
  constexpr std::string_view kSum = ".sha256";
  std::vector<std::string> orphans;
  std::error_code error;
  for (std::filesystem::directory_iterator it(dir_, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.ends_with(kSum)) {
      continue;
    }
    const std::string_view segment = std::string_view(name).substr(0, name.size() - kSum.size());
    const std::optional<uint32_t> serial = SerialOf(segment);
    // One below the oldest segment is left over from a retired one.
    if (serial && !segments.empty() && *serial >= segments.front().serial &&
        std::ranges::none_of(
            segments, [&](const Segment& s) { return s.path.filename().native() == segment; })) {
      orphans.push_back(name);
    }
  }
  if (error) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("listing {}: {}", dir_.native(), error.message()));
  }
  std::ranges::sort(orphans);
  for (const std::string& name : orphans) {
    FolderFault(name, "the segment of this sum is missing");
  }
  return {};
}

void Verifier::CheckSerials(const std::vector<Segment>& segments) {
  const auto missing = [&](uint32_t first, uint32_t last) {
    const std::string which = first == last ? fmt::format("serial {}", first)
                                            : fmt::format("serials {} to {}", first, last);
    FolderFault(which, "no segment, and neither retention nor a crash explains it");
  };
  for (size_t i = 1; i < segments.size() && i < previous_of_.size(); ++i) {
    const uint32_t before = segments[i - 1].serial;
    if (segments[i].serial != before + 1 && previous_of_[i] != before) {
      missing(before + 1, segments[i].serial - 1);
    }
  }
  const Result<std::optional<uint32_t>> highest = ReadHighestSerial(dir_);
  if (!highest) {
    FolderFault("serial", highest.error().message);
  } else if (highest->has_value() && !segments.empty() && **highest > segments.back().serial &&
             !IsLocked(dir_)) {
    missing(segments.back().serial + 1, **highest);
  }
}

}  // namespace

int VerifyArchive(const std::filesystem::path& dir, std::ostream& out, std::ostream& err) {
  if (const Result<std::string> uuid = ReadUuid(dir); !uuid) {
    err << uuid.error().message << '\n';
    return kCannotRead;
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    err << segments.error().message << '\n';
    return kCannotRead;
  }
  Verifier verifier(dir, out, err);
  for (const Segment& segment : *segments) {
    if (!verifier.Check(segment, &segment == &segments->back())) {
      return kCannotRead;
    }
  }
  if (!verifier.CheckFolder(*segments)) {
    return kCannotRead;
  }
  return verifier.faults() == 0 ? 0 : kFoundDamage;
}

}  // namespace newswire::archive
