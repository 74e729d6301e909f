// SPDX-License-Identifier: Apache-2.0
// Sitemaps, their indexes and text lists, plain or compressed: no crash, URLs are UTF-8.
#include "tests/fuzz/input.h"
#include "transforms/formats/sitemap.h"
#include "transforms/text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  const auto sitemap =
      formats::ParseSitemap(fuzz::Bytes(data, size), "https://a.example/sitemap.xml");
  if (sitemap) {
    for (const formats::SitemapEntry& entry : sitemap->entries) {
      fuzz::Require(text::IsValidUtf8(entry.url), "a URL of a sitemap is UTF-8");
    }
  }
  return 0;
}
