// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/encode_content.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <brotli/encode.h>
#include <libdeflate.h>
#include <zstd.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr int kDeflateLevel = 12;  // libdeflate's smallest
constexpr int kZstdLevel = 19;
constexpr int kBrotliWindow = 22;  // decoders take up to 24; RFC 7932's usual

std::unexpected<Error> OutOfMemory(std::string_view library) {
  return Fail(ErrorKind::kTransient, std::string(library) + ": out of memory");
}

Result<std::string> Deflate(std::string_view body, bool gzip) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kDeflateLevel), &libdeflate_free_compressor);
  if (compressor == nullptr) {
    return OutOfMemory("libdeflate");
  }
  const size_t bound = gzip ? libdeflate_gzip_compress_bound(compressor.get(), body.size())
                            : libdeflate_zlib_compress_bound(compressor.get(), body.size());
  std::string out(bound, '\0');
  const auto compress = gzip ? &libdeflate_gzip_compress : &libdeflate_zlib_compress;
  out.resize(compress(compressor.get(), body.data(), body.size(), out.data(), out.size()));
  return out;
}

Result<std::string> Brotli(std::string_view body) {
  size_t size = BrotliEncoderMaxCompressedSize(body.size());
  std::string out(size, '\0');
  if (BrotliEncoderCompress(BROTLI_MAX_QUALITY, kBrotliWindow, BROTLI_MODE_TEXT, body.size(),
                            reinterpret_cast<const uint8_t*>(body.data()), &size,
                            reinterpret_cast<uint8_t*>(out.data())) == BROTLI_FALSE) {
    return OutOfMemory("brotli");
  }
  out.resize(size);
  return out;
}

Result<std::string> Zstd(std::string_view body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) {
    return OutOfMemory("zstd");
  }
  out.resize(size);
  return out;
}

Result<std::string> Apply(std::string body, std::string_view encoding) {
  if (encoding == "identity" || encoding == "none") {
    return body;
  }
  if (encoding == "gzip" || encoding == "x-gzip") {
    return Deflate(body, true);
  }
  if (encoding == "deflate") {
    return Deflate(body, false);
  }
  if (encoding == "br") {
    return Brotli(body);
  }
  if (encoding == "zstd") {
    return Zstd(body);
  }
  return Fail(ErrorKind::kPermanent,
              "unknown content encoding \"" + std::string(TruncateToBytes(encoding, 40)) + "\"");
}

}  // namespace

Result<std::string> EncodeContent(std::string_view body, std::string_view content_encoding) {
  Result<std::string> encoded = std::string(body);
  while (encoded && !content_encoding.empty()) {
    const size_t comma = std::min(content_encoding.find(','), content_encoding.size());
    const std::string_view name = TrimBlank(content_encoding.substr(0, comma));
    content_encoding.remove_prefix(std::min(comma + 1, content_encoding.size()));
    if (!name.empty()) {
      encoded = Apply(std::move(*encoded), ToLowerAscii(name));
    }
  }
  return encoded;
}

}  // namespace newswire::text
