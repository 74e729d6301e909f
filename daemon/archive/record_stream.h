// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "daemon/archive/file_bytes.h"
#include "daemon/archive/gzip_member.h"
#include "daemon/archive/member_decoder.h"
#include "daemon/archive/record_text.h"
#include "daemon/archive/warc_record.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// One whole record, its checksum and lengths verified.
struct StoredRecord {
  uint64_t offset = 0;  // of the record in a plain file, of its member in a compressed one
  // Positions, in bytes. Of the records of a member that holds many, record n counts as one byte at
  // `offset` + n: so positions are distinct and in order for any writer's file.
  uint64_t begin = 0, end = 0;
  MemberKind kind = MemberKind::kOther;
  WarcRecord record;  // empty when it was only skimmed
};

// Bytes that are no whole record.
struct Gap {
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string reason;
};

// Which part of a capture a record of ours is: "<number>/<count>". Other writers' have none.
inline constexpr std::string_view kCaptureField = "Newswire-Capture";
// What a control record of ours says: its kind.
inline constexpr std::string_view kControlField = "Newswire-Control";
inline constexpr std::string_view kSnapshotPartName = "snapshot-part";
// What a record is to the archive, told by its fields.
MemberKind KindOf(const WarcRecord& record);

// The records of one file in order, ours or any other writer's: gzip with one or many records a
// member, zstd frames with or without dictionary, plain. A record is given only when its member's
// checksum and all lengths are right: a member that holds many records is therefore inflated
// twice, and gives none when it is damaged. After damage it goes on with the next whole record; all
// bytes in between are one Gap. Members that hold nothing are padding and skipped without a word.
// Memory is bounded by the largest record. One thread.
class RecordStream {
 public:
  using Item = std::variant<StoredRecord, Gap>;

  // `offset` is where a record (or its member) begins.
  static Result<std::unique_ptr<RecordStream>> Open(const std::filesystem::path& path,
                                                    uint64_t offset = 0);

  // Bytes at or beyond `limit` are not read. What it cuts off is a Gap.
  Status SetLimit(uint64_t limit) { return file_.SetLimit(limit); }
  uint64_t limit() const { return file_.limit(); }

  // The next item; nullopt at the limit (which may then be raised).
  Result<std::optional<Item>> Next() { return Step(false); }
  // The same, but members with a right hint are stepped over: their `record` is empty, and nothing
  // but the hint and what must follow the member is checked.
  Result<std::optional<Item>> Skim() { return Step(true); }

  uint64_t position() const { return position_; }  // of the next unread byte
  const std::string& name() const { return file_.name(); }
  Storage storage() const { return storage_; }

 private:
  explicit RecordStream(FileBytes file) : file_(std::move(file)) {}

  Status SetUp(uint64_t offset);
  Result<std::optional<Item>> Step(bool skim);
  Result<std::optional<StoredRecord>> NextRecord(bool skim);
  Result<std::optional<StoredRecord>> NextInText();
  Result<std::optional<StoredRecord>> ReadHinted(bool skim);
  Result<std::optional<StoredRecord>> ReadMember();
  Result<bool> SkipSkippable();
  Status SkipDamage(std::string reason);
  Result<std::optional<uint64_t>> FindMember(uint64_t offset);

  FileBytes file_;
  Storage storage_ = Storage::kPlain;
  std::unique_ptr<MemberDecoder> decoder_;
  MemberInflater inflater_;
  RecordText text_;
  std::string data_;
  uint64_t position_ = 0;

  // The region that is being skipped, and what comes behind it.
  std::optional<uint64_t> gap_begin_;
  std::string gap_reason_;
  std::optional<StoredRecord> held_;

  // Inside a plain file or a verified member of many records.
  bool in_text_ = false;
  uint64_t member_ = 0, member_end_ = 0;
  uint64_t index_ = 0;
};

// The whole record that begins at `offset` of a file; nullopt: none does. Errors are those of
// RecordStream::Open and of the disk.
Result<std::optional<StoredRecord>> RecordAt(const std::filesystem::path& path, uint64_t offset);

}  // namespace newswire::archive
