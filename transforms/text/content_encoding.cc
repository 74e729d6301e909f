// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/content_encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kMaxLayers = 3;
constexpr size_t kChunk = size_t{64} << 10;
constexpr size_t kRatioFrom = size_t{1} << 20;
constexpr int kZstdMaxWindowLog = 23;  // 8 MiB (RFC 9659)

// Collects decoded bytes and says when a limit is reached.
class Sink {
 public:
  Sink(size_t encoded_size, const DecodeLimits& limits)
      : encoded_size_(encoded_size), limits_(limits) {
    out_.reserve(std::min(encoded_size * 4, limits.max_bytes));
  }
  Status Append(const char* bytes, size_t count) {
    if (count > limits_.max_bytes - out_.size()) {
      return Fail(ErrorKind::kMalformed,
                  "decoded body is over " + std::to_string(limits_.max_bytes) + " bytes");
    }
    out_.append(bytes, count);
    if (out_.size() > kRatioFrom && out_.size() / limits_.max_ratio >= encoded_size_) {
      return Fail(
          ErrorKind::kMalformed,
          "decoded body is over " + std::to_string(limits_.max_ratio) + " times its encoded size");
    }
    return {};
  }
  std::string Take() { return std::move(out_); }
  bool empty() const { return out_.empty(); }

 private:
  std::string out_;
  size_t encoded_size_;
  const DecodeLimits& limits_;
};

uint8_t ByteAt(std::string_view bytes, size_t at) {
  return at < bytes.size() ? static_cast<uint8_t>(bytes[at]) : 0;
}

bool HasGzipMagic(std::string_view bytes) {
  return ByteAt(bytes, 0) == 0x1F && ByteAt(bytes, 1) == 0x8B;
}

bool HasZlibHeader(std::string_view bytes) {
  return (ByteAt(bytes, 0) & 0x0F) == 8 && (ByteAt(bytes, 0) * 256 + ByteAt(bytes, 1)) % 31 == 0;
}

bool HasZstdMagic(std::string_view bytes) { return bytes.starts_with("\x28\xB5\x2F\xFD"); }

// A body that starts as text does: what a server sends that announces an encoding and forgets it.
bool LooksLikeText(std::string_view body) {
  const std::string_view head = TruncateToBytes(body, 512);
  return std::ranges::all_of(head, [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte >= 0x20 || (byte >= 0x09 && byte <= 0x0D);
  });
}

// `window_bits` as for inflateInit2. Concatenated gzip members are one body; what follows the last
// one is ignored, as browsers do.
Result<std::string> Inflate(std::string_view body, int window_bits, const DecodeLimits& limits) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) {
    return Fail(ErrorKind::kTransient, "zlib: out of memory");
  }
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  Sink sink(body.size(), limits);
  std::array<char, kChunk> chunk;  // NOLINT(*-member-init): written by inflate
  size_t consumed = 0;
  while (true) {
    if (stream.avail_in == 0 && consumed < body.size()) {
      const size_t count = std::min<size_t>(body.size() - consumed, size_t{1} << 30);
      stream.next_in =
          reinterpret_cast<Bytef*>(const_cast<char*>(body.data() + consumed));  // NOLINT
      stream.avail_in = static_cast<uInt>(count);
      consumed += count;
    }
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (const Status kept = sink.Append(chunk.data(), chunk.size() - stream.avail_out); !kept) {
      return std::unexpected(kept.error());
    }
    if (code == Z_STREAM_END) {
      const std::string_view rest = body.substr(consumed - stream.avail_in);
      if (window_bits < 16 || !HasGzipMagic(rest)) {
        return sink.Take();
      }
      inflateReset(&stream);
    } else if (code == Z_BUF_ERROR || (code == Z_OK && stream.avail_out != 0 &&
                                       stream.avail_in == 0 && consumed == body.size())) {
      return Fail(ErrorKind::kMalformed, "compressed body ends early");
    } else if (code != Z_OK) {
      return Fail(ErrorKind::kMalformed, std::string("damaged compressed body: ") +
                                             (stream.msg != nullptr ? stream.msg : "zlib error"));
    }
  }
}

Result<std::string> Unbrotli(std::string_view body, const DecodeLimits& limits) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  if (state == nullptr) {
    return Fail(ErrorKind::kTransient, "brotli: out of memory");
  }
  Sink sink(body.size(), limits);
  std::array<uint8_t, kChunk> chunk;  // NOLINT(*-member-init): written by brotli
  size_t available_in = body.size();
  const auto* next_in = reinterpret_cast<const uint8_t*>(body.data());
  while (true) {
    size_t available_out = chunk.size();
    uint8_t* next_out = chunk.data();
    const BrotliDecoderResult code = BrotliDecoderDecompressStream(
        state.get(), &available_in, &next_in, &available_out, &next_out, nullptr);
    if (const Status kept =
            sink.Append(reinterpret_cast<const char*>(chunk.data()), chunk.size() - available_out);
        !kept) {
      return std::unexpected(kept.error());
    }
    switch (code) {
      case BROTLI_DECODER_RESULT_SUCCESS:
        return sink.Take();
      case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        break;
      case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return Fail(ErrorKind::kMalformed, "compressed body ends early");
      case BROTLI_DECODER_RESULT_ERROR:
        return Fail(ErrorKind::kMalformed, "damaged compressed body: brotli error");
    }
  }
}

Result<std::string> Unzstd(std::string_view body, const DecodeLimits& limits) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (context == nullptr) {
    return Fail(ErrorKind::kTransient, "zstd: out of memory");
  }
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdMaxWindowLog);
  Sink sink(body.size(), limits);
  std::array<char, kChunk> chunk;  // NOLINT(*-member-init): written by zstd
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  while (true) {
    ZSTD_outBuffer out{chunk.data(), chunk.size(), 0};
    const size_t code = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(code) != 0) {
      return Fail(ErrorKind::kMalformed,
                  std::string("damaged compressed body: ") + ZSTD_getErrorName(code));
    }
    if (const Status kept = sink.Append(chunk.data(), out.pos); !kept) {
      return std::unexpected(kept.error());
    }
    if (in.pos == in.size && out.pos < chunk.size()) {
      if (code != 0) {
        return Fail(ErrorKind::kMalformed, "compressed body ends early");
      }
      return sink.Take();
    }
  }
}

Result<std::string> AsIs(std::string_view body, const DecodeLimits& limits) {
  if (body.size() > limits.max_bytes) {
    return Fail(ErrorKind::kMalformed,
                "body is over " + std::to_string(limits.max_bytes) + " bytes");
  }
  return std::string(body);
}

Result<std::string> DecodeLayer(std::string_view body, std::string_view encoding,
                                const DecodeLimits& limits) {
  if (body.empty() || encoding == "identity" || encoding == "none") {
    return AsIs(body, limits);
  }
  if (encoding == "gzip" || encoding == "x-gzip") {
    return HasGzipMagic(body) ? Inflate(body, 15 + 16, limits) : AsIs(body, limits);
  }
  if (encoding == "deflate") {  // RFC 9110 section 8.4.1.2: zlib; some servers send raw deflate
    if (HasGzipMagic(body)) {
      return Inflate(body, 15 + 16, limits);
    }
    auto decoded = Inflate(body, HasZlibHeader(body) ? 15 : -15, limits);
    return !decoded && LooksLikeText(body) ? AsIs(body, limits) : decoded;
  }
  if (encoding == "br") {
    auto decoded = Unbrotli(body, limits);
    return !decoded && LooksLikeText(body) ? AsIs(body, limits) : decoded;
  }
  if (encoding == "zstd") {
    return HasZstdMagic(body) ? Unzstd(body, limits) : AsIs(body, limits);
  }
  if (LooksLikeText(body)) {  // `utf-8`, `text/html`: not encodings, but seen
    return AsIs(body, limits);
  }
  return Fail(ErrorKind::kMalformed,
              "unknown content encoding \"" + std::string(TruncateToBytes(encoding, 40)) + "\"");
}

}  // namespace

Result<std::string> DecodeContent(std::string_view body, std::string_view content_encoding,
                                  const DecodeLimits& limits) {
  std::vector<std::string> layers;  // in the order applied
  while (!content_encoding.empty()) {
    const size_t comma = std::min(content_encoding.find(','), content_encoding.size());
    const std::string_view name = TrimBlank(content_encoding.substr(0, comma));
    content_encoding.remove_prefix(std::min(comma + 1, content_encoding.size()));
    if (!name.empty()) {
      layers.push_back(ToLowerAscii(name));
    }
    if (layers.size() > kMaxLayers) {
      return Fail(ErrorKind::kMalformed, "more than 3 content encodings");
    }
  }
  if (layers.empty()) {
    return AsIs(body, limits);
  }
  auto decoded = DecodeLayer(body, layers.back(), limits);
  for (size_t i = layers.size() - 1; decoded && i > 0; --i) {
    decoded = DecodeLayer(*decoded, layers[i - 1], limits);
  }
  return decoded;
}

}  // namespace newswire::text
