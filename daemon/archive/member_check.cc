// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/member_check.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "daemon/archive/fitted_member.h"

namespace newswire::archive {
namespace {

constexpr int kMaxLevel = 12;          // of libdeflate
constexpr size_t kProbedMembers = 16;  // that tell the level
constexpr size_t kLengthOffset = 4;    // of ISIZE from a member's end

// One hinted member, from its bytes.
struct Member {
  uint64_t offset = 0;
  MemberHint hint;
  std::string bytes, data;
};

// Walks over the members of a segment that have a right hint.
class Members {
 public:
  Members(FileBytes file, std::unique_ptr<RecordStream> stream)
      : file_(std::move(file)), stream_(std::move(stream)) {}

  static Result<Members> Open(const std::filesystem::path& segment) {
    Result<FileBytes> file = FileBytes::Open(segment);
    if (!file) {
      return std::unexpected(file.error());
    }
    Result<std::unique_ptr<RecordStream>> stream = RecordStream::Open(segment);
    if (!stream) {
      return std::unexpected(stream.error());
    }
    return Members(std::move(*file), std::move(*stream));
  }

  // False: no more.
  Result<bool> Next(Member& member) {
    while (true) {
      const Result<std::optional<RecordStream::Item>> item = stream_->Skim();
      if (!item || !item->has_value()) {
        return item ? Result<bool>(false) : std::unexpected(item.error());
      }
      const auto* record = std::get_if<StoredRecord>(&**item);
      if (record == nullptr) {
        continue;
      }
      const Result<std::string_view> bytes = file_.At(record->offset, record->end - record->begin);
      if (!bytes) {
        return std::unexpected(bytes.error());
      }
      const std::optional<MemberHint> hint = ReadMemberHint(*bytes);
      if (!hint) {
        continue;
      }
      member.offset = record->offset;
      member.hint = *hint;
      member.bytes = *bytes;
      if (inflater_->Inflate(member.bytes, hint->data_length, member.data)) {
        return true;
      }
    }
  }

 private:
  FileBytes file_;
  std::unique_ptr<RecordStream> stream_;
  std::unique_ptr<MemberInflater> inflater_ = std::make_unique<MemberInflater>();
};

bool Repeats(int level, const Member& member) {
  MemberWriter writer(level);
  std::string again;
  writer.Append(member.data, member.hint.kind, again);
  return again == member.bytes;
}

// The level may have been changed in the middle of a segment.
bool RepeatsAtAnyLevel(int likely, const Member& member) {
  bool repeats = Repeats(likely, member);
  for (int level = 1; !repeats && level <= kMaxLevel; ++level) {
    repeats = level != likely && Repeats(level, member);
  }
  return repeats;
}

// The level that repeats most of the first members; nullopt when none repeats half of them.
Result<std::optional<int>> FindLevel(const std::filesystem::path& segment) {
  Result<Members> members = Members::Open(segment);
  if (!members) {
    return std::unexpected(members.error());
  }
  std::array<size_t, kMaxLevel + 1> repeated{};
  size_t probed = 0;
  Member member;
  for (; probed < kProbedMembers; ++probed) {
    const Result<bool> more = members->Next(member);
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    for (int level = 1; level <= kMaxLevel; ++level) {
      repeated[static_cast<size_t>(level)] += Repeats(level, member) ? 1 : 0;
    }
  }
  const auto* best = std::ranges::max_element(repeated);
  return probed == 0 || *best * 2 < probed
             ? std::nullopt
             : std::optional(static_cast<int>(best - repeated.begin()));
}

}  // namespace

Result<MemberCheck> MemberCheck::Open(const std::filesystem::path& segment) {
  Result<FileBytes> file = FileBytes::Open(segment);
  return file ? Result<MemberCheck>(MemberCheck(std::move(*file))) : std::unexpected(file.error());
}

Result<std::optional<MemberCheck::Difference>> MemberCheck::Header(const StoredRecord& record) {
  const uint64_t length = record.end - record.begin;
  const Result<std::string_view> tail =
      file_.At(record.offset + length - kLengthOffset, kLengthOffset);
  if (!tail) {
    return std::unexpected(tail.error());
  }
  const std::string wanted = MemberHeader({.member_length = static_cast<uint32_t>(length),
                                           .data_length = LittleEndian32(*tail),
                                           .kind = record.kind});
  const Result<std::string_view> got = file_.At(record.offset, wanted.size());
  if (!got) {
    return std::unexpected(got.error());
  }
  const auto [at, ignored] = std::ranges::mismatch(wanted, *got);
  if (at == wanted.end()) {
    return std::nullopt;
  }
  return Difference{record.offset + static_cast<uint64_t>(at - wanted.begin()), 1,
                    "a byte of a gzip header is not what is written"};
}

Result<std::vector<MemberCheck::Difference>> MemberCheck::Repeat(
    const std::filesystem::path& segment, size_t max) {
  const Result<std::optional<int>> level = FindLevel(segment);
  if (!level) {
    return std::unexpected(level.error());
  }
  if (!level->has_value()) {
    return Fail(ErrorKind::kPermanent, "it was compressed in another way");
  }
  Result<Members> members = Members::Open(segment);
  if (!members) {
    return std::unexpected(members.error());
  }
  std::vector<Difference> differences;
  Member member;
  while (differences.size() < max) {
    const Result<bool> more = members->Next(member);
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    if (!RepeatsAtAnyLevel(**level, member) &&
        !IsFittedMember(member.bytes, member.data, member.hint.kind)) {
      differences.push_back({member.offset, member.bytes.size(),
                             "a record is whole, but not compressed as it was written"});
    }
  }
  return differences;
}

}  // namespace newswire::archive
