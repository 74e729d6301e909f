// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/record_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr size_t kScanWindow = size_t{128} << 10;
constexpr size_t kMagicLength = 4;
constexpr uint64_t kMaxMemberData = kMaxBlock + kMaxRecordHeader + 4;
constexpr size_t kMaxDictionaryFrame = size_t{64} << 20;
constexpr std::string_view kTerminator = "\r\n\r\n";

bool BeginsMember(Storage storage, std::string_view bytes) {
  return storage == Storage::kGzip ? LooksLikeGzipMember(bytes)
                                   : LittleEndian32(bytes) == kZstdFrameMagic;
}

// The one record that `data` is, or nullopt.
std::optional<WarcRecord> WholeRecord(std::string& data) {
  Result<std::optional<WarcHeader>> parsed = ParseWarcHeader(data);
  if (!parsed || !parsed->has_value()) {
    return std::nullopt;
  }
  WarcHeader& header = **parsed;
  if (header.block_length > kMaxBlock ||
      header.header_length + header.block_length + kTerminator.size() != data.size() ||
      !data.ends_with(kTerminator)) {
    return std::nullopt;
  }
  data.resize(data.size() - kTerminator.size());
  data.erase(0, header.header_length);
  header.record.block = std::move(data);
  return std::move(header.record);
}

}  // namespace

MemberKind KindOf(const WarcRecord& record) {
  if (text::EqualsIgnoreAsciiCase(record.type(), "warcinfo")) {
    return MemberKind::kWarcInfo;
  }
  if (const std::string_view control = record.Field(kControlField); !control.empty()) {
    return control == kSnapshotPartName ? MemberKind::kSnapshotPart : MemberKind::kControl;
  }
  const std::string_view part = record.Field(kCaptureField);
  return part == "1/2"   ? MemberKind::kCaptureHead
         : part == "2/2" ? MemberKind::kCaptureTail
         : part == "1/1" ? MemberKind::kCaptureWhole
                         : MemberKind::kOther;
}

Result<std::unique_ptr<RecordStream>> RecordStream::Open(const std::filesystem::path& path,
                                                         uint64_t offset) {
  Result<FileBytes> file = FileBytes::Open(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  std::unique_ptr<RecordStream> stream(new RecordStream(std::move(*file)));
  if (Status status = stream->SetUp(offset); !status) {
    return std::unexpected(status.error());
  }
  return stream;
}

Status RecordStream::SetUp(uint64_t offset) {
  const Result<Storage> storage = DetectStorage(file_);
  if (!storage) {
    return std::unexpected(storage.error());
  }
  storage_ = *storage;
  position_ = offset;
  if (storage_ == Storage::kPlain) {
    decoder_ = MakePlainDecoder(file_);
  } else if (storage_ == Storage::kGzip) {
    decoder_ = MakeGzipDecoder(file_);
  } else {
    std::string dictionary;
    const Result<std::string_view> head = file_.At(0, 8);
    if (!head) {
      return std::unexpected(head.error());
    }
    if (LittleEndian32(*head) == kZstdDictionaryMagic && head->size() == 8) {
      const size_t length = LittleEndian32(head->substr(4));
      if (length > kMaxDictionaryFrame) {
        return Fail(ErrorKind::kMalformed,
                    fmt::format("{}: its dictionary of {} bytes is too large", name(), length));
      }
      const Result<std::string_view> content = file_.At(8, length);
      if (!content) {
        return std::unexpected(content.error());
      }
      Result<std::string> read = ReadZstdDictionary(*content);
      if (!read) {
        return WithContext(read.error(), name());
      }
      dictionary = std::move(*read);
    }
    decoder_ = MakeZstdDecoder(file_, dictionary);
  }
  return {};
}

Result<std::optional<RecordStream::Item>> RecordStream::Step(bool skim) {
  if (held_) {
    return Item(*std::exchange(held_, std::nullopt));
  }
  Result<std::optional<StoredRecord>> record = NextRecord(skim);
  if (!record) {
    return std::unexpected(record.error());
  }
  if (gap_begin_) {
    const uint64_t begin = *std::exchange(gap_begin_, std::nullopt);
    // Another record of the same member has the same offset.
    const uint64_t end = !record->has_value()        ? position_
                         : (*record)->offset > begin ? (*record)->offset
                                                     : member_end_;
    held_ = std::move(*record);
    return Item(Gap{begin, end - begin, std::move(gap_reason_)});
  }
  if (!record->has_value()) {
    return std::nullopt;
  }
  return Item(std::move(**record));
}

Result<std::optional<StoredRecord>> RecordStream::NextRecord(bool skim) {
  while (true) {
    if (in_text_) {
      Result<std::optional<StoredRecord>> record = NextInText();
      if (!record || record->has_value()) {
        return record;
      }
    }
    if (position_ >= file_.limit()) {
      return std::nullopt;
    }
    if (storage_ == Storage::kPlain) {
      in_text_ = true;
      text_.Start(*decoder_, &file_, position_);
      continue;
    }
    const Result<bool> skipped = SkipSkippable();
    if (!skipped) {
      return std::unexpected(skipped.error());
    }
    if (*skipped) {
      continue;
    }
    Result<std::optional<StoredRecord>> record = ReadHinted(skim);
    if (record && !record->has_value()) {
      record = ReadMember();
    }
    if (!record || record->has_value()) {
      return record;
    }
  }
}

// The next record of a plain file or of a verified member; nullopt when it has no more.
// A plain record's begin is found after line ends are skipped, so AtEnd comes first.
Result<std::optional<StoredRecord>> RecordStream::NextInText() {
  const bool plain = storage_ == Storage::kPlain;
  while (true) {
    const Result<bool> at_end = text_.AtEnd();
    if (!at_end) {
      return std::unexpected(at_end.error());
    }
    if (*at_end) {
      break;
    }
    const uint64_t begin = plain ? text_.offset() : member_;
    if (!plain && index_ == member_end_ - member_) {
      gap_begin_ = gap_begin_.value_or(begin);
      gap_reason_ = "the member holds more records than bytes";
      break;
    }
    Result<std::optional<WarcRecord>> record = text_.Take();
    if (!record) {
      return std::unexpected(record.error());
    }
    if (record->has_value()) {
      StoredRecord stored{.offset = begin, .record = std::move(**record)};
      stored.begin = plain ? begin : begin + index_;
      stored.end = plain ? text_.offset() : stored.begin + 1;
      stored.kind = KindOf(stored.record);
      ++index_;
      position_ = plain ? stored.end : member_end_;
      return stored;
    }
    if (!gap_begin_) {
      gap_begin_ = begin;
      gap_reason_ = text_.reason();
    }
    const Result<bool> found = text_.Resynchronise();
    if (!found) {
      return std::unexpected(found.error());
    }
    if (!*found) {
      break;
    }
  }
  in_text_ = false;
  position_ = plain ? file_.limit() : member_end_;
  return std::nullopt;
}

// A member of ours, by its hint; nullopt when it has none, or it does not hold.
Result<std::optional<StoredRecord>> RecordStream::ReadHinted(bool skim) {
  if (storage_ != Storage::kGzip) {
    return std::nullopt;
  }
  const Result<std::string_view> head = file_.At(position_, kHintedHeaderSize);
  if (!head) {
    return std::unexpected(head.error());
  }
  const std::optional<MemberHint> hint = ReadMemberHint(*head);
  if (!hint || hint->data_length > kMaxMemberData ||
      hint->member_length > file_.limit() - position_) {
    return std::nullopt;
  }
  StoredRecord stored{.offset = position_,
                      .begin = position_,
                      .end = position_ + hint->member_length,
                      .kind = hint->kind};
  if (skim) {
    const Result<std::string_view> tail =
        file_.At(stored.end - kMagicLength, kMagicLength + kMagicLength);
    if (!tail) {
      return std::unexpected(tail.error());
    }
    if (LittleEndian32(*tail) != hint->data_length ||
        (tail->size() > kMagicLength && !LooksLikeGzipMember(tail->substr(kMagicLength)))) {
      return std::nullopt;
    }
  } else {
    const Result<std::string_view> member = file_.At(position_, hint->member_length);
    if (!member) {
      return std::unexpected(member.error());
    }
    if (!inflater_.Inflate(*member, hint->data_length, data_)) {
      return std::nullopt;
    }
    std::optional<WarcRecord> record = WholeRecord(data_);
    if (!record) {
      return std::nullopt;
    }
    stored.record = std::move(*record);
    stored.kind = KindOf(stored.record);
  }
  position_ = stored.end;
  return stored;
}

// Any member at position_. nullopt: it holds nothing, is damaged (then position_ is behind the
// damage), or holds many records (then we are in its text).
Result<std::optional<StoredRecord>> RecordStream::ReadMember() {
  const uint64_t begin = position_;
  const Result<std::string_view> magic = file_.At(begin, kMagicLength);
  if (!magic) {
    return std::unexpected(magic.error());
  }
  if (!BeginsMember(storage_, *magic)) {
    const Status status = SkipDamage(storage_ == Storage::kGzip ? "no gzip member begins here"
                                                                : "no zstd frame begins here");
    return status ? Result<std::optional<StoredRecord>>(std::nullopt)
                  : std::unexpected(status.error());
  }
  text_.Start(*decoder_, nullptr, begin);
  Result<std::optional<WarcRecord>> record = text_.Take();
  if (!record) {
    return std::unexpected(record.error());
  }
  Result<bool> whole = text_.AtEnd();
  if (!whole) {
    return std::unexpected(whole.error());
  }
  const bool single = *whole;
  if (!single && !text_.damaged()) {
    whole = text_.Drain();
    if (!whole) {
      return std::unexpected(whole.error());
    }
  }
  if (!*whole) {
    const Status status = SkipDamage(decoder_->reason());
    return status ? Result<std::optional<StoredRecord>>(std::nullopt)
                  : std::unexpected(status.error());
  }
  const uint64_t end = decoder_->position();
  if (single && record->has_value()) {
    StoredRecord stored{.offset = begin, .begin = begin, .end = end, .record = std::move(**record)};
    stored.kind = KindOf(stored.record);
    position_ = end;
    return stored;
  }
  if (text_.nothing_decoded()) {
    position_ = end;
    return std::nullopt;
  }
  in_text_ = true;
  member_ = begin;
  member_end_ = end;
  index_ = 0;
  text_.Start(*decoder_, nullptr, begin);
  return std::nullopt;
}

// zstd skippable frames: the dictionary, padding.
Result<bool> RecordStream::SkipSkippable() {
  if (storage_ != Storage::kZstd) {
    return false;
  }
  const Result<std::string_view> head = file_.At(position_, 8);
  if (!head) {
    return std::unexpected(head.error());
  }
  if (head->size() < 8 || !IsZstdSkippable(LittleEndian32(*head))) {
    return false;
  }
  const uint64_t end = position_ + 8 + LittleEndian32(head->substr(4));
  if (end > file_.limit()) {
    return false;
  }
  position_ = end;
  return true;
}

Status RecordStream::SkipDamage(std::string reason) {
  if (!gap_begin_) {
    gap_begin_ = position_;
    gap_reason_ = std::move(reason);
  }
  const Result<std::string_view> head = file_.At(position_, kHintedHeaderSize);
  if (!head) {
    return std::unexpected(head.error());
  }
  // A hint that is right says where the damaged member ends: what it holds may look like members.
  if (const std::optional<MemberHint> hint = ReadMemberHint(*head); hint) {
    const uint64_t end = position_ + hint->member_length;
    const Result<std::string_view> next = file_.At(end, kMagicLength);
    if (!next) {
      return std::unexpected(next.error());
    }
    if (end >= file_.limit() || BeginsMember(storage_, *next)) {
      position_ = std::min(end, file_.limit());
      return {};
    }
  }
  const Result<std::optional<uint64_t>> found = FindMember(position_ + 1);
  if (!found) {
    return std::unexpected(found.error());
  }
  position_ = found->value_or(file_.limit());
  return {};
}

// The next place at or after `offset` where a member begins that inflates to "WARC/".
Result<std::optional<uint64_t>> RecordStream::FindMember(uint64_t offset) {
  const std::string_view mark = storage_ == Storage::kGzip ? std::string_view("\x1f\x8b\x08")
                                                           : std::string_view("\x28\xb5\x2f\xfd");
  while (offset < file_.limit()) {
    const Result<std::string_view> bytes = file_.At(offset, kScanWindow);
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    const size_t found = bytes->find(mark);
    if (found == std::string_view::npos) {
      if (bytes->size() < kScanWindow) {
        break;
      }
      offset += bytes->size() - (mark.size() - 1);
      continue;
    }
    offset += found;
    std::string start;
    decoder_->Start(offset);
    const Result<MemberDecoder::State> state = decoder_->Fill(start, 5);
    if (!state) {
      return std::unexpected(state.error());
    }
    if (start == "WARC/") {
      return offset;
    }
    ++offset;
  }
  return std::nullopt;
}

Result<std::optional<StoredRecord>> RecordAt(const std::filesystem::path& path, uint64_t offset) {
  const Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(path, offset);
  if (!stream) {
    return std::unexpected(stream.error());
  }
  Result<std::optional<RecordStream::Item>> item = (*stream)->Next();
  if (!item) {
    return std::unexpected(item.error());
  }
  StoredRecord* record = item->has_value() ? std::get_if<StoredRecord>(&**item) : nullptr;
  if (record == nullptr || record->offset != offset) {
    return std::nullopt;
  }
  return std::optional<StoredRecord>(std::move(*record));
}

}  // namespace newswire::archive
