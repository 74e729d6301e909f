// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/gzip_member.h"

#include <algorithm>

#include <libdeflate.h>

namespace newswire::archive {
namespace {

constexpr uint8_t kFlagExtra = 0x04;
constexpr uint8_t kReservedFlags = 0xe0;
constexpr uint8_t kUnixSystem = 3;
constexpr size_t kExtraLength = 20;  // subfield id, its length, 16 bytes of hint
constexpr size_t kHintOffset = 16;  // in the member: after the fixed header, XLEN and subfield head
constexpr size_t kHintLength = 16;
constexpr uint8_t kHintVersion = 1;

void PutLittle(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

uint32_t GetLittle(std::string_view bytes, size_t offset, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    value |= uint32_t{static_cast<uint8_t>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

bool IsKind(uint8_t kind) {
  switch (static_cast<MemberKind>(kind)) {
    case MemberKind::kOther:
    case MemberKind::kWarcInfo:
    case MemberKind::kCaptureHead:
    case MemberKind::kCaptureTail:
    case MemberKind::kCaptureWhole:
    case MemberKind::kControl:
    case MemberKind::kSnapshotPart:
      return true;
  }
  return false;
}

}  // namespace

bool LooksLikeGzipMember(std::string_view bytes) {
  return bytes.size() >= 4 && bytes[0] == '\x1f' && bytes[1] == '\x8b' && bytes[2] == 8 &&
         (static_cast<uint8_t>(bytes[3]) & kReservedFlags) == 0;
}

std::optional<MemberHint> ReadMemberHint(std::string_view bytes) {
  if (bytes.size() < kHintedHeaderSize || !LooksLikeGzipMember(bytes) || bytes[3] != kFlagExtra ||
      GetLittle(bytes, 10, 2) != kExtraLength || bytes.substr(12, 2) != "nw" ||
      GetLittle(bytes, 14, 2) != kHintLength) {
    return std::nullopt;
  }
  const std::string_view hint = bytes.substr(kHintOffset, kHintLength);
  const auto kind = static_cast<uint8_t>(hint[8]);
  if (libdeflate_crc32(0, hint.data(), 12) != GetLittle(hint, 12, 4) || hint[9] != kHintVersion ||
      !IsKind(kind)) {
    return std::nullopt;
  }
  const MemberHint found{.member_length = GetLittle(hint, 0, 4),
                         .data_length = GetLittle(hint, 4, 4),
                         .kind = static_cast<MemberKind>(kind)};
  if (found.member_length < kHintedHeaderSize + kGzipTrailerSize) {
    return std::nullopt;
  }
  return found;
}

std::string MemberHeader(const MemberHint& hint) {
  std::string header;
  header.reserve(kHintedHeaderSize);
  PutLittle(header, 0x8b1f, 2);
  header.push_back(8);  // deflate
  header.push_back(static_cast<char>(kFlagExtra));
  PutLittle(header, 0, 4);  // no modification time: WARC-Date has it
  header.push_back(0);      // extra flags
  header.push_back(static_cast<char>(kUnixSystem));
  PutLittle(header, kExtraLength, 2);
  header += "nw";
  PutLittle(header, kHintLength, 2);
  PutLittle(header, hint.member_length, 4);
  PutLittle(header, hint.data_length, 4);
  header.push_back(static_cast<char>(hint.kind));
  header.push_back(static_cast<char>(kHintVersion));
  PutLittle(header, 0, 2);  // reserved
  PutLittle(header, libdeflate_crc32(0, header.data() + kHintOffset, 12), 4);
  return header;
}

MemberWriter::MemberWriter(int level)
    : compressor_(libdeflate_alloc_compressor(std::clamp(level, 1, 12))) {}

MemberWriter::~MemberWriter() { libdeflate_free_compressor(compressor_); }

void MemberWriter::Append(std::string_view data, MemberKind kind, std::string& out) {
  const size_t begin = out.size();
  const size_t bound = libdeflate_deflate_compress_bound(compressor_, data.size());
  const size_t body = begin + kHintedHeaderSize;
  size_t deflated = 0;
  out.resize_and_overwrite(body + bound, [&](char* memory, size_t) {
    deflated =
        libdeflate_deflate_compress(compressor_, data.data(), data.size(), memory + body, bound);
    return body + deflated;
  });
  PutLittle(out, libdeflate_crc32(0, data.data(), data.size()), 4);
  PutLittle(out, data.size(), 4);

  const std::string header =
      MemberHeader({.member_length = static_cast<uint32_t>(out.size() - begin),
                    .data_length = static_cast<uint32_t>(data.size()),
                    .kind = kind});
  std::copy(header.begin(), header.end(), out.begin() + static_cast<std::ptrdiff_t>(begin));
}

MemberInflater::MemberInflater() : decompressor_(libdeflate_alloc_decompressor()) {}

MemberInflater::~MemberInflater() { libdeflate_free_decompressor(decompressor_); }

bool MemberInflater::Inflate(std::string_view member, size_t length, std::string& out) {
  bool whole = false;
  out.resize_and_overwrite(length, [&](char* memory, size_t size) {
    size_t in = 0;
    size_t got = 0;
    whole = libdeflate_gzip_decompress_ex(decompressor_, member.data(), member.size(), memory, size,
                                          &in, &got) == LIBDEFLATE_SUCCESS &&
            in == member.size() && got == size;
    return whole ? size : 0;
  });
  return whole;
}

}  // namespace newswire::archive
