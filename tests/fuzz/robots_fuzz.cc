// SPDX-License-Identifier: Apache-2.0
// robots.txt: no crash; what is kept for one agent answers as the whole file does.
#include "tests/fuzz/input.h"
#include "transforms/formats/robots.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  // The first line is the path that is asked for.
  const std::string_view input = fuzz::Bytes(data, size);
  const size_t line = input.find('\n');
  const std::string_view path = input.substr(0, line);
  const formats::Robots robots = formats::Robots::Parse(
      line == std::string_view::npos ? std::string_view() : input.substr(line + 1));
  const bool allowed = robots.Allows("newswire", path);
  fuzz::Require(robots.ForAgent("newswire").Allows("newswire", path) == allowed,
                "what is kept for an agent answers as the file does");
  (void)robots.CrawlDelay("newswire");
  return 0;
}
