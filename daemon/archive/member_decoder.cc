// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/member_decoder.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

namespace newswire::archive {
namespace {

constexpr size_t kChunk = size_t{64} << 10;
constexpr int kGzipOnly = 16;  // zlib: gzip header and trailer, checked
constexpr size_t kMaxDictionary = size_t{64} << 20;

class PlainDecoder final : public MemberDecoder {
 public:
  explicit PlainDecoder(FileBytes& file) : file_(file) {}
  void Start(uint64_t offset) override { at_ = offset; }
  Result<State> Fill(std::string& out, size_t wanted) override {
    while (wanted > 0) {
      const Result<std::string_view> bytes = file_.At(at_, std::min(wanted, kChunk));
      if (!bytes) {
        return std::unexpected(bytes.error());
      }
      if (bytes->empty()) {
        return State::kEnd;
      }
      out.append(*bytes);
      at_ += bytes->size();
      wanted -= bytes->size();
    }
    return State::kMore;
  }
  uint64_t position() const override { return at_; }

 private:
  FileBytes& file_;
  uint64_t at_ = 0;
};

class GzipDecoder final : public MemberDecoder {
 public:
  explicit GzipDecoder(FileBytes& file) : file_(file) {
    ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  void Start(uint64_t offset) override {
    at_ = offset;
    ended_ = false;
    inflateReset(&stream_);
  }

  Result<State> Fill(std::string& out, size_t wanted) override {
    if (!ready_) {
      return Fail(ErrorKind::kTransient, "zlib cannot be set up: out of memory");
    }
    if (ended_) {
      return State::kEnd;
    }
    while (wanted > 0) {
      const Result<std::string_view> bytes = file_.At(at_, kChunk);
      if (!bytes) {
        return std::unexpected(bytes.error());
      }
      if (bytes->empty()) {
        reason_ = "the file ends inside a gzip member";
        return State::kDamaged;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes->data()));
      stream_.avail_in = static_cast<uInt>(bytes->size());
      const size_t before = out.size();
      const size_t room = std::min(wanted, kChunk);
      int code = Z_OK;
      out.resize_and_overwrite(before + room, [&](char* memory, size_t) {
        stream_.next_out = reinterpret_cast<Bytef*>(memory + before);
        stream_.avail_out = static_cast<uInt>(room);
        code = inflate(&stream_, Z_NO_FLUSH);
        return before + room - stream_.avail_out;
      });
      at_ += bytes->size() - stream_.avail_in;
      wanted -= out.size() - before;
      if (code == Z_STREAM_END) {
        ended_ = true;
        return State::kEnd;
      }
      if (code != Z_OK && code != Z_BUF_ERROR) {
        reason_ = fmt::format("the gzip member is damaged ({})",
                              stream_.msg != nullptr ? stream_.msg : "zlib error");
        return State::kDamaged;
      }
    }
    return State::kMore;
  }

  uint64_t position() const override { return at_; }

 private:
  FileBytes& file_;
  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
  uint64_t at_ = 0;
};

class ZstdDecoder final : public MemberDecoder {
 public:
  ZstdDecoder(FileBytes& file, std::string_view dictionary)
      : file_(file), context_(ZSTD_createDCtx()) {
    if (context_ != nullptr && !dictionary.empty()) {
      ZSTD_DCtx_loadDictionary(context_, dictionary.data(), dictionary.size());
    }
  }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  void Start(uint64_t offset) override {
    at_ = offset;
    ended_ = false;
    if (context_ != nullptr) {
      ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    }
  }

  Result<State> Fill(std::string& out, size_t wanted) override {
    if (context_ == nullptr) {
      return Fail(ErrorKind::kTransient, "zstd cannot be set up: out of memory");
    }
    if (ended_) {
      return State::kEnd;
    }
    while (wanted > 0) {
      const Result<std::string_view> bytes = file_.At(at_, kChunk);
      if (!bytes) {
        return std::unexpected(bytes.error());
      }
      const size_t before = out.size();
      const size_t room = std::min(wanted, kChunk);
      ZSTD_inBuffer input{bytes->data(), bytes->size(), 0};
      size_t code = 0;
      out.resize_and_overwrite(before + room, [&](char* memory, size_t) {
        ZSTD_outBuffer output{memory + before, room, 0};
        code = ZSTD_decompressStream(context_, &output, &input);
        return before + output.pos;
      });
      at_ += input.pos;
      const size_t got = out.size() - before;
      wanted -= got;
      if (ZSTD_isError(code) != 0) {
        reason_ = fmt::format("the zstd frame is damaged ({})", ZSTD_getErrorName(code));
        return State::kDamaged;
      }
      if (code == 0) {
        ended_ = true;
        return State::kEnd;
      }
      if (bytes->empty() && got == 0) {
        reason_ = "the file ends inside a zstd frame";
        return State::kDamaged;
      }
    }
    return State::kMore;
  }

  uint64_t position() const override { return at_; }

 private:
  FileBytes& file_;
  ZSTD_DCtx* context_;
  bool ended_ = false;
  uint64_t at_ = 0;
};

}  // namespace

std::unique_ptr<MemberDecoder> MakePlainDecoder(FileBytes& file) {
  return std::make_unique<PlainDecoder>(file);
}
std::unique_ptr<MemberDecoder> MakeGzipDecoder(FileBytes& file) {
  return std::make_unique<GzipDecoder>(file);
}
std::unique_ptr<MemberDecoder> MakeZstdDecoder(FileBytes& file, std::string_view dictionary) {
  return std::make_unique<ZstdDecoder>(file, dictionary);
}

uint32_t LittleEndian32(std::string_view bytes) {
  uint32_t value = 0;
  if (bytes.size() >= 4) {
    for (int i = 3; i >= 0; --i) {
      value = value << 8 | static_cast<uint8_t>(bytes[i]);
    }
  }
  return value;
}

bool IsZstdSkippable(uint32_t magic) { return (magic & 0xfffffff0) == 0x184d2a50; }

Result<Storage> DetectStorage(FileBytes& file) {
  const Result<std::string_view> start = file.At(0, 4);
  if (!start) {
    return std::unexpected(start.error());
  }
  if (start->starts_with("\x1f\x8b")) {
    return Storage::kGzip;
  }
  const uint32_t magic = LittleEndian32(*start);
  if (magic == kZstdFrameMagic || IsZstdSkippable(magic)) {
    return Storage::kZstd;
  }
  // Damage may sit in the first bytes: then the name tells.
  if (!start->starts_with("WARC")) {
    if (file.name().ends_with(".gz")) {
      return Storage::kGzip;
    }
    if (file.name().ends_with(".zst")) {
      return Storage::kZstd;
    }
  }
  return Storage::kPlain;
}

Result<std::string> ReadZstdDictionary(std::string_view content) {
  if (LittleEndian32(content) != kZstdFrameMagic) {
    return std::string(content);
  }
  const unsigned long long size = ZSTD_getFrameContentSize(content.data(), content.size());
  // Without a size in the frame: as much as a dictionary may have.
  const size_t room = size <= kMaxDictionary ? static_cast<size_t>(size) : kMaxDictionary;
  std::string dictionary(room, '\0');
  const size_t got =
      ZSTD_decompress(dictionary.data(), dictionary.size(), content.data(), content.size());
  if (ZSTD_isError(got) != 0) {
    return Fail(ErrorKind::kMalformed, "the zstd dictionary frame is damaged");
  }
  dictionary.resize(got);
  return dictionary;
}

}  // namespace newswire::archive
