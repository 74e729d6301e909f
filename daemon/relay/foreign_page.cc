// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/foreign_page.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "transforms/steps/decode.h"

namespace newswire::relay {
namespace {

constexpr int kOk = 200;
constexpr std::string_view kBlanks = " \t\r\n\f";
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// "text/html" of " Text/HTML ; charset=x".
std::string MediaType(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  const size_t begin = std::min(type.find_first_not_of(kBlanks), type.size());
  type.remove_prefix(begin);
  type = type.substr(0, type.find_first_of(kBlanks));
  return Lower(type);
}

bool BeginsAsHtml(std::string_view body) {
  if (body.starts_with(kUtf8Mark)) {
    body.remove_prefix(kUtf8Mark.size());
  }
  body.remove_prefix(std::min(body.find_first_not_of(kBlanks), body.size()));
  constexpr size_t kLongest = 16;
  const std::string begin = Lower(body.substr(0, kLongest));
  return begin.starts_with("<!doctype html") || begin.starts_with("<html");
}

}  // namespace

bool IsForeignPage(const Capture& capture) {
  const bool answered = capture.kind == CaptureKind::kResponse && capture.http_status == kOk;
  if (!answered && capture.kind != CaptureKind::kResource) {
    return false;
  }
  const std::string type = MediaType(steps::ContentTypeOf(capture));
  if (type.empty()) {
    return BeginsAsHtml(capture.body);
  }
  constexpr auto kPages = std::to_array<std::string_view>(
      {"text/html", "application/xhtml+xml", "text/markdown", "text/x-markdown"});
  return std::ranges::find(kPages, type) != kPages.end();
}

}  // namespace newswire::relay
