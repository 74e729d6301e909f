// SPDX-License-Identifier: Apache-2.0
// A Markdown post of a folder through every step.
#include "tests/fuzz/capture_of.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  static const Pipeline pipeline = fuzz::PipelineOf(SourceKind::kFolder, "file:///posts/");
  Capture capture;
  capture.kind = CaptureKind::kResource;
  capture.url = "file:///posts/2022-04-19-202204192347943667.md";
  capture.content_type = "text/markdown";
  capture.body = fuzz::Bytes(data, size);
  capture.metadata.body = BodyKind::kFile;
  fuzz::RunPipeline(pipeline, std::move(capture));
  return 0;
}
