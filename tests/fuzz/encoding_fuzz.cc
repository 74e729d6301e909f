// SPDX-License-Identifier: Apache-2.0
// Content encodings and charsets: within their limits, and UTF-8 in the end.
#include "tests/fuzz/input.h"
#include "transforms/text/charset.h"
#include "transforms/text/content_encoding.h"
#include "transforms/text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  constexpr std::string_view kEncodings[] = {"gzip", "br", "deflate", "zstd", "gzip, br"};
  if (size == 0) {
    return 0;
  }
  const std::string_view body = fuzz::Bytes(data + 1, size - 1);
  const text::DecodeLimits limits{.max_bytes = size_t{1} << 20, .max_ratio = 100};
  const auto decoded =
      text::DecodeContent(body, kEncodings[data[0] % std::size(kEncodings)], limits);
  if (decoded) {
    fuzz::Require(decoded->size() <= std::max(limits.max_bytes, body.size()),
                  "a decoded body is within its limit");
  }
  const text::DecodedText text = text::DecodeText(decoded ? *decoded : body, "text/html");
  fuzz::Require(text::IsValidUtf8(text.text), "decoded text is UTF-8");
  return 0;
}
