// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/fitted_member.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <libdeflate.h>

#include "transforms/text/utf8.h"

namespace newswire::archive {
namespace {

constexpr int kSmallest = 12;  // level of libdeflate
// Each gives another length; the first ones are tried for any record, the rest for small ones.
constexpr int kOtherLevels[] = {9, 6, 11, 10, 8, 7};
constexpr size_t kSmallRecord = size_t{64} << 10;
constexpr size_t kMostBlanks = 48;
constexpr int kPatterns = 3;

// Empty blocks that end at a byte's end, in the lengths that there are: a stored one after none,
// one, two or three of fixed Huffman codes (10 bits each). Bits are filled from the lowest.
constexpr std::string_view kFive("\x00\x00\x00\xff\xff", 5);
constexpr std::string_view kSix("\x02\x00\x00\x00\xff\xff", 6);
constexpr std::string_view kSeven("\x02\x08\x00\x00\x00\xff\xff", 7);
constexpr std::string_view kNine("\x02\x08\x20\x00\x00\x00\x00\xff\xff", 9);

// So many bytes of empty blocks; nullopt: no blocks have that length.
std::optional<std::string> EmptyBlocks(size_t length) {
  std::string blocks;
  blocks.reserve(length);
  while (length > kNine.size() && length != kSix.size() + kSeven.size()) {
    blocks += kFive;
    length -= kFive.size();
  }
  if (length == kSix.size() + kSeven.size()) {
    return blocks.append(kSix).append(kSeven);
  }
  for (const std::string_view block : {std::string_view(), kFive, kSix, kSeven, kNine}) {
    if (block.size() == length) {
      return blocks.append(block);
    }
  }
  return std::nullopt;
}

// The record as it is stored, with blanks before the value of its Content-Length.
std::string Bytes(const WarcRecord& record, std::string_view blanks) {
  std::string bytes = record.version + "\r\n";
  for (const HttpHeader& field : record.fields) {
    bytes.append(field.name).append(": ");
    if (text::EqualsIgnoreAsciiCase(field.name, "Content-Length")) {
      bytes.append(blanks);
    }
    bytes.append(field.value).append("\r\n");
  }
  return bytes.append("\r\n").append(record.block).append("\r\n\r\n");
}

// Blanks that compress badly, each pattern otherwise.
std::string Blanks(size_t count, int pattern) {
  std::string blanks;
  uint32_t state = 2463534242U + static_cast<uint32_t>(pattern) * 7919U;
  while (blanks.size() < count) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    blanks.push_back((state & 16) != 0 ? ' ' : '\t');
  }
  return blanks;
}

class Fitter {
 public:
  Fitter(MemberKind kind, size_t length) : kind_(kind), length_(length) {}

  // Empty: not so.
  std::optional<std::string> Try(std::string_view bytes, int level) {
    const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
        libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
    std::string deflated(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()), '\0');
    deflated.resize(libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(),
                                                deflated.data(), deflated.size()));
    const size_t size = kHintedHeaderSize + deflated.size() + kGzipTrailerSize;
    fits_ = size <= length_;
    const std::optional<std::string> padding = fits_ ? EmptyBlocks(length_ - size) : std::nullopt;
    if (!padding) {
      return std::nullopt;
    }
    std::string member = MemberHeader({.member_length = static_cast<uint32_t>(length_),
                                       .data_length = static_cast<uint32_t>(bytes.size()),
                                       .kind = kind_});
    member.append(*padding).append(deflated);
    for (const uint32_t number :
         {libdeflate_crc32(0, bytes.data(), bytes.size()), static_cast<uint32_t>(bytes.size())}) {
      for (int shift = 0; shift < 32; shift += 8) {
        member.push_back(static_cast<char>(number >> shift));
      }
    }
    return member;
  }
  // Whether the last try was not too large.
  bool fits() const { return fits_; }

 private:
  const MemberKind kind_;
  const size_t length_;
  bool fits_ = false;
};

}  // namespace

std::optional<std::string> FittedMember(const WarcRecord& record, MemberKind kind, size_t length) {
  Fitter fitter(kind, length);
  const std::string plain = Bytes(record, {});
  if (auto member = fitter.Try(plain, kSmallest)) {
    return member;
  }
  bool ever = fitter.fits();
  for (const int level : kOtherLevels) {
    if (auto member = fitter.Try(plain, level)) {
      return member;
    }
    ever = ever || fitter.fits();
    if (plain.size() > kSmallRecord && !ever) {
      return std::nullopt;
    }
  }
  if (!ever) {
    return std::nullopt;
  }
  for (int pattern = 0; pattern < kPatterns; ++pattern) {
    for (size_t count = 1; count <= kMostBlanks; ++count) {
      if (auto member = fitter.Try(Bytes(record, Blanks(count, pattern)), kSmallest)) {
        return member;
      }
    }
  }
  return std::nullopt;
}

bool IsFittedMember(std::string_view member, std::string_view data, MemberKind kind) {
  Fitter fitter(kind, member.size());
  return fitter.Try(data, kSmallest) == member || std::ranges::any_of(kOtherLevels, [&](int level) {
           return fitter.Try(data, level) == member;
         });
}

}  // namespace newswire::archive
