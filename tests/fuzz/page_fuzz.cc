// SPDX-License-Identifier: Apache-2.0
// An article page through every step.
#include "tests/fuzz/capture_of.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  static const Pipeline pipeline =
      fuzz::PipelineOf(SourceKind::kFeed, "https://a.example/feed.xml");
  Capture capture;
  capture.url = "https://a.example/story";
  capture.http_status = 200;
  capture.headers = {{"Content-Type", "text/html"}};
  capture.body = fuzz::Bytes(data, size);
  fuzz::RunPipeline(pipeline, std::move(capture));
  return 0;
}
