// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "daemon/archive/capture_codec.h"
#include "daemon/archive/folder.h"
#include "daemon/archive/http_block.h"
#include "daemon/archive/record_stream.h"
#include "daemon/archive/tools.h"

namespace newswire::archive {
namespace {

// What is wrong with a record whose member is right; "" when nothing is.
std::string_view DigestFault(const WarcRecord& record) {
  const std::string_view block = record.Field("WARC-Block-Digest");
  if (block.starts_with("sha1:") && block != Sha1Digest(record.block)) {
    return "the block does not match its digest";
  }
  const std::string_view payload = record.Field("WARC-Payload-Digest");
  if (!payload.starts_with("sha1:") || record.type() == "revisit") {
    return {};
  }
  size_t head = 0;
  if (record.type() == "response") {
    const std::optional<HttpHead> http = ParseHttpResponse(record.block);
    head = http ? http->length : 0;
  }
  return payload == Sha1Digest(std::string_view(record.block).substr(head))
             ? std::string_view()
             : "the payload does not match its digest";
}

class Verifier {
 public:
  Verifier(const std::filesystem::path& dir, std::ostream& out, std::ostream& err)
      : dir_(dir), out_(out), err_(err) {}

  // False: the disk failed.
  bool Check(const Segment& segment, bool newest) {
    name_ = segment.path.filename();
    const size_t before = faults_;
    uint64_t records = 0;
    uint64_t captures = 0;
    Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment.path);
    if (!stream) {
      err_ << stream.error() << "\n";
      return false;
    }
    // A live segment is read as far as it reached when it was listed.
    if (Status status = (*stream)->SetLimit(segment.size); !status) {
      err_ << status.error() << "\n";
      return false;
    }
    std::optional<StoredRecord> head;
    while (true) {
      Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
      if (!item) {
        err_ << item.error() << "\n";
        return false;
      }
      const bool tail_now = item->has_value() && std::holds_alternative<StoredRecord>(**item) &&
                            std::get<StoredRecord>(**item).kind == MemberKind::kCaptureTail;
      if (head && !tail_now) {
        const bool at_end = newest && !segment.sealed && !item->has_value();
        Fault("a capture's first record without its metadata record", head->offset, at_end);
        head.reset();
      }
      if (!item->has_value()) {
        break;
      }
      if (const auto* gap = std::get_if<Gap>(&**item)) {
        const bool at_end =
            newest && !segment.sealed && gap->offset + gap->length >= (*stream)->limit();
        Fault(gap->reason, gap->offset, at_end);
        continue;
      }
      ++records;
      StoredRecord record = std::move(std::get<StoredRecord>(**item));
      if (const std::string_view fault = DigestFault(record.record); !fault.empty()) {
        Fault(fault, record.offset, false);
      }
      captures += CheckCapture(head, record) ? 1 : 0;
      head.reset();
      if (record.kind == MemberKind::kCaptureHead) {
        head = std::move(record);
      }
    }
    if (segment.sealed) {
      CheckSum(segment);
    }
    out_ << fmt::format("{}: {}, {} records, {} captures, {} bytes{}\n", name_,
                        faults_ == before ? "whole" : "DAMAGED", records, captures, segment.size,
                        segment.sealed ? "" : ", not sealed yet");
    return true;
  }

  size_t faults() const { return faults_; }

 private:
  // Whether a capture ends with this record.
  bool CheckCapture(std::optional<StoredRecord>& head, const StoredRecord& record) {
    if (record.kind != MemberKind::kCaptureTail && record.kind != MemberKind::kCaptureWhole) {
      return false;
    }
    if (record.kind == MemberKind::kCaptureTail &&
        (!head || StripBrackets(record.record.Field("WARC-Concurrent-To")) != head->record.id())) {
      Fault("a capture's metadata record without its first record", record.offset, false);
      return false;
    }
    WarcRecord* first = record.kind == MemberKind::kCaptureTail ? &head->record : nullptr;
    if (const Result<Capture> capture = DecodeCapture(first, record.record); !capture) {
      Fault(capture.error().message, record.offset, false);
      return false;
    }
    return true;
  }

  void CheckSum(const Segment& segment) {
    const Result<std::string> wanted = ReadSum(segment.path);
    const Result<std::string> sum = FileSum(segment.path);
    if (!wanted) {
      Fault("its .sha256 cannot be read", 0, false);
    } else if (!sum || *sum != *wanted) {
      Fault("it does not match its .sha256", 0, false);
    }
  }

  // `at_end`: what the daemon is writing, if one runs, looks so.
  void Fault(std::string_view what, uint64_t offset, bool at_end) {
    if (at_end && IsLocked(dir_)) {
      return;
    }
    ++faults_;
    out_ << fmt::format("{}: {} at offset {}\n", name_, what, offset);
  }

  const std::filesystem::path& dir_;
  std::ostream& out_;
  std::ostream& err_;
  std::string name_;
  size_t faults_ = 0;
};

}  // namespace

int VerifyArchive(const std::filesystem::path& dir, std::ostream& out, std::ostream& err) {
  if (const Result<std::string> uuid = ReadUuid(dir); !uuid) {
    err << uuid.error() << "\n";
    return kCannotRead;
  }
  const Result<std::vector<Segment>> segments = ListSegments(dir);
  if (!segments) {
    err << segments.error() << "\n";
    return kCannotRead;
  }
  Verifier verifier(dir, out, err);
  for (const Segment& segment : *segments) {
    if (!verifier.Check(segment, &segment == &segments->back())) {
      return kCannotRead;
    }
  }
  return verifier.faults() == 0 ? 0 : kFoundDamage;
}

}  // namespace newswire::archive
