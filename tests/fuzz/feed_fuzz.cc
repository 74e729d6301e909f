// SPDX-License-Identifier: Apache-2.0
// Feeds of every format: no crash, text is UTF-8, the same bytes read the same twice.
#include "tests/fuzz/input.h"
#include "transforms/formats/feed.h"
#include "transforms/formats/inspect.h"
#include "transforms/text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  const std::string_view bytes = fuzz::Bytes(data, size);
  const auto feed = formats::ParseFeed(bytes, "", "https://a.example/feed.xml");
  if (!feed) {
    return 0;
  }
  for (const formats::FeedEntry& entry : feed->entries) {
    for (const std::string* text : {&entry.title, &entry.summary, &entry.content, &entry.url}) {
      fuzz::Require(text::IsValidUtf8(*text), "the text of a feed is UTF-8");
    }
  }
  const auto again = formats::ParseFeed(bytes, "", "https://a.example/feed.xml");
  fuzz::Require(again && formats::FeedToJson(*again) == formats::FeedToJson(*feed),
                "a feed reads the same twice");
  return 0;
}
