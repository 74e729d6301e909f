// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/compressors.h"

#include <cstdlib>
#include <memory>

#include <fmt/core.h>
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

namespace newswire::bench {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip header
constexpr int kZlibMemory = 8;

}  // namespace

Compress MakeCompressor(const std::string& name) {
  const size_t dash = name.find('-');
  const std::string kind = name.substr(0, dash);
  const int level = dash == std::string::npos ? 0 : std::atoi(name.c_str() + dash + 1);
  auto out = std::make_shared<std::string>();
  if (kind == "none") {
    return [](std::string_view body) { return body.size(); };
  }
  if (kind == "libdeflate") {
    std::shared_ptr<libdeflate_compressor> compressor(libdeflate_alloc_compressor(level),
                                                      libdeflate_free_compressor);
    return [compressor, out](std::string_view body) {
      out->resize(libdeflate_gzip_compress_bound(compressor.get(), body.size()));
      return libdeflate_gzip_compress(compressor.get(), body.data(), body.size(), out->data(),
                                      out->size());
    };
  }
  if (kind == "zstd") {
    std::shared_ptr<ZSTD_CCtx> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    return [context, out](std::string_view body) {
      out->resize(ZSTD_compressBound(body.size()));
      return ZSTD_compress2(context.get(), out->data(), out->size(), body.data(), body.size());
    };
  }
  if (kind == "zlib") {
    auto stream = std::shared_ptr<z_stream>(new z_stream{}, [](z_stream* s) {
      deflateEnd(s);
      delete s;
    });
    deflateInit2(stream.get(), level, Z_DEFLATED, kGzipWindow, kZlibMemory, Z_DEFAULT_STRATEGY);
    return [stream, out](std::string_view body) {
      deflateReset(stream.get());
      out->resize(deflateBound(stream.get(), body.size()));
      stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
      stream->avail_in = static_cast<uInt>(body.size());
      stream->next_out = reinterpret_cast<Bytef*>(out->data());
      stream->avail_out = static_cast<uInt>(out->size());
      deflate(stream.get(), Z_FINISH);
      return static_cast<size_t>(stream->total_out);
    };
  }
  fmt::print(stderr, "unknown compressor {}\n", name);
  std::exit(2);
}

}  // namespace newswire::bench
