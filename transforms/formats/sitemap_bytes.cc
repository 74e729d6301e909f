// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/sitemap_bytes.h"

#include <algorithm>
#include <climits>

#include <zlib.h>

namespace newswire::formats {
namespace {

constexpr size_t kStep = size_t{256} << 10;
constexpr int kGzipWindow = 15 + 16;

// The inflater's one owner.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream, kGzipWindow) == Z_OK; }
  ~Inflater() {
    if (ready_) {
      inflateEnd(&stream);
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready() const { return ready_; }

  z_stream stream{};

 private:
  bool ready_ = false;
};

}  // namespace

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

UnpackedSitemap Gunzip(std::string_view bytes) {
  UnpackedSitemap unpacked;
  Inflater inflater;
  if (!inflater.ready() || bytes.size() > UINT_MAX) {
    unpacked.damage = "the gzip data cannot be read";
    return unpacked;
  }
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string& out = unpacked.bytes;
  while (true) {
    const size_t had = out.size();
    out.resize(std::min(had + kStep, kMaxSitemapBytes + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = static_cast<uInt>(out.size() - had);
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > kMaxSitemapBytes) {
      out.resize(kMaxSitemapBytes);
      unpacked.damage = "more than 50 MiB: the rest was not read";
      return unpacked;
    }
    if (result == Z_STREAM_END) {
      const std::string_view rest(reinterpret_cast<const char*>(stream.next_in), stream.avail_in);
      if (!IsGzip(rest)) {
        return unpacked;
      }
      inflateReset(&stream);
      continue;
    }
    if (result != Z_OK) {
      unpacked.damage =
          result == Z_BUF_ERROR ? "the gzip data ends early" : "the gzip data is damaged";
      return unpacked;
    }
    if (stream.avail_in == 0 && stream.avail_out != 0) {
      unpacked.damage = "the gzip data ends early";
      return unpacked;
    }
  }
}

}  // namespace newswire::formats
