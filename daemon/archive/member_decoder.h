// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/archive/file_bytes.h"
#include "transforms/model/error.h"

namespace newswire::archive {

// How a WARC file is stored: told by its first bytes, or by its name when these are damaged.
enum class Storage { kPlain, kGzip, kZstd };
Result<Storage> DetectStorage(FileBytes& file);

// Streams the bytes of one member: a gzip member, a zstd frame, or (plain) the rest of the file.
// The end of a compressed member is told only when its checksum and length are right.
class MemberDecoder {
 public:
  enum class State {
    kMore,     // there is, or may be, more
    kEnd,      // the member is whole and verified
    kDamaged,  // `reason` says what is wrong
  };

  virtual ~MemberDecoder() = default;
  virtual void Start(uint64_t offset) = 0;
  // Appends to `out` until `wanted` bytes were appended or the member ended. Errors of the disk are
  // kCorruption.
  virtual Result<State> Fill(std::string& out, size_t wanted) = 0;
  // File offset of the first byte not used.
  virtual uint64_t position() const = 0;
  const std::string& reason() const { return reason_; }

 protected:
  std::string reason_;
};

// `file` outlives the decoder.
std::unique_ptr<MemberDecoder> MakePlainDecoder(FileBytes& file);
std::unique_ptr<MemberDecoder> MakeGzipDecoder(FileBytes& file);
// `dictionary`: raw or formatted; empty without one.
std::unique_ptr<MemberDecoder> MakeZstdDecoder(FileBytes& file, std::string_view dictionary);

inline constexpr uint32_t kZstdFrameMagic = 0xfd2fb528;
inline constexpr uint32_t kZstdDictionaryMagic = 0x184d2a5d;  // of the WARC zstd proposal
bool IsZstdSkippable(uint32_t magic);
uint32_t LittleEndian32(std::string_view bytes);  // 0 for fewer than 4 bytes
// A dictionary frame's content: as it is, or itself a zstd frame. Bounded.
Result<std::string> ReadZstdDictionary(std::string_view content);

}  // namespace newswire::archive
