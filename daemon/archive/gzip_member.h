// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace newswire::archive {

// What the record in a gzip member is to the archive: lets a segment be walked without inflating.
enum class MemberKind : uint8_t {
  kOther = 'o',         // any other record
  kWarcInfo = 'i',      // a warcinfo record
  kCaptureHead = 'c',   // the first of a capture's two records
  kCaptureTail = 'm',   // its metadata record: the capture is whole
  kCaptureWhole = 'g',  // a capture of one record (a metadata record alone)
  kControl = 'k',       // a control record
  kSnapshotPart = 's',  // data of a snapshot: no effect without the control record behind it
};

// The extra field "nw" (RFC 1952 section 2.3.1.1) in the header of every member that we write: the
// lengths of the member and of what it inflates to, its kind, and a CRC over these, so that a hint
// is either right or ignored. docs/formats/archive.md has the bytes.
struct MemberHint {
  uint32_t member_length = 0;
  uint32_t data_length = 0;
  MemberKind kind = MemberKind::kOther;
};

inline constexpr size_t kHintedHeaderSize = 32;  // of a member that we write
inline constexpr size_t kGzipTrailerSize = 8;    // CRC-32 and length modulo 2^32

// The hint of the member that begins with `bytes`; nullopt when it has none or the hint is damaged.
std::optional<MemberHint> ReadMemberHint(std::string_view bytes);
// The header that a member with this hint begins with: kHintedHeaderSize bytes, always the same
// ones.
std::string MemberHeader(const MemberHint& hint);
// Whether `bytes` could begin a gzip member: magic, method, no reserved flag. Needs 4 bytes.
bool LooksLikeGzipMember(std::string_view bytes);

// Makes gzip members. Keeps its memory between calls; one thread at a time.
class MemberWriter {
 public:
  explicit MemberWriter(int level);  // of libdeflate, 1 to 12; clamped
  ~MemberWriter();
  MemberWriter(const MemberWriter&) = delete;
  MemberWriter& operator=(const MemberWriter&) = delete;

  // Appends one member that holds `data` (less than 4 GiB).
  void Append(std::string_view data, MemberKind kind, std::string& out);

 private:
  libdeflate_compressor* compressor_;
};

// Inflates whole members of known size; one thread at a time.
class MemberInflater {
 public:
  MemberInflater();
  ~MemberInflater();
  MemberInflater(const MemberInflater&) = delete;
  MemberInflater& operator=(const MemberInflater&) = delete;

  // `member` must be one whole member that inflates to exactly `length` bytes and has the right
  // CRC; else false, and `out` is unspecified.
  bool Inflate(std::string_view member, size_t length, std::string& out);

 private:
  libdeflate_decompressor* decompressor_;
};

}  // namespace newswire::archive
