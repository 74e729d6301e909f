// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "transforms/steps/document.h"
#include "transforms/steps/step.h"

namespace newswire::steps {

// A document with the capture and the source it borrows, to run single steps on.
struct StepFixture {
  Capture capture;
  Source source;
  Document document;

  explicit StepFixture(BodyKind body = BodyKind::kPage) {
    source.id = "finews";
    source.timezone = "Asia/Shanghai";
    capture.url = "https://finews.example/a.html";
    capture.http_status = 200;
    capture.fetched_at = UtcMillis{std::chrono::milliseconds{1'700'000'000'000}};
    document.capture = &capture;
    document.source = &source;
    document.body = body;
    document.post.url = capture.url;
  }
  StepFixture(const StepFixture&) = delete;
  StepFixture& operator=(const StepFixture&) = delete;

  StepFixture& Url(std::string url) {
    capture.url = std::move(url);
    document.post.url = capture.url;
    return *this;
  }
  StepFixture& Markdown(std::string text) {
    source.kind = SourceKind::kFolder;
    document.body = BodyKind::kFile;
    capture.kind = CaptureKind::kResource;
    capture.body = std::move(text);
    return Url("file:///srv/posts/2022-04-19-NW202204192348120034.md");
  }
  StepFixture& Paragraph(std::string text, BlockKind kind = BlockKind::kParagraph) {
    document.blocks.push_back({.kind = kind, .level = 0, .text = std::move(text), .links = {}});
    return *this;
  }
};

}  // namespace newswire::steps
