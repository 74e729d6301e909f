// SPDX-License-Identifier: Apache-2.0
// URLs: the canonical form is one, and what is resolved is absolute.
#include "tests/fuzz/input.h"
#include "transforms/model/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  const std::string_view text = fuzz::Bytes(data, size);
  if (const auto url = Url::Parse(text)) {
    const auto again = Url::Parse(url->canonical());
    fuzz::Require(again && again->canonical() == url->canonical(),
                  "a canonical URL is its own canonical form");
  }
  static const Url base = *Url::Parse("https://a.example/b/c?d#e");
  if (const auto resolved = Url::Resolve(base, text)) {
    fuzz::Require(Url::Parse(resolved->given()).has_value(), "what is resolved is a URL");
  }
  return 0;
}
