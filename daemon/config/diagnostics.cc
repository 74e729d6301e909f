// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/diagnostics.h"

#include <fmt/core.h>

#include "transforms/text/utf8.h"

namespace newswire::config {
namespace {

constexpr size_t kMaxReported = 100;
constexpr size_t kMaxShownBytes = 60;

std::string Line(std::string_view file, const YamlNode& at, const Diagnostic& diagnostic) {
  std::string line = fmt::format("{}:{}:{}: ", file, at.line, at.column);
  if (!diagnostic.key.empty()) {
    line += diagnostic.key + ": ";
  }
  line += diagnostic.what;
  if (!diagnostic.expected.empty()) {
    line += "; expected " + diagnostic.expected;
  }
  if (!diagnostic.nearest.empty()) {
    line += fmt::format("; did you mean '{}'?", diagnostic.nearest);
  }
  return line;
}

}  // namespace

void Diagnostics::Add(std::string line) {
  ++errors_total_;
  if (errors_.size() < kMaxReported) {
    errors_.push_back(std::move(line));
  }
}

void Diagnostics::Error(std::string_view file, const YamlNode& at, const Diagnostic& diagnostic) {
  Add(Line(file, at, diagnostic));
}

void Diagnostics::Warn(std::string_view file, const YamlNode& at, const Diagnostic& diagnostic) {
  if (warnings_.size() < kMaxReported) {
    warnings_.push_back(Line(file, at, diagnostic));
  }
}

void Diagnostics::FileError(std::string_view file, std::string_view what) {
  Add(fmt::format("{}: {}", file, what));
}

std::string Diagnostics::ErrorText() const {
  std::string text;
  for (const std::string& line : errors_) {
    text += text.empty() ? "" : "\n";
    text += line;
  }
  if (errors_total_ > errors_.size()) {
    text += fmt::format("\nand {} more", errors_total_ - errors_.size());
  }
  return text;
}

std::string Shown(const YamlNode& scalar) {
  const std::string_view whole = scalar.written;
  const std::string_view head = text::TruncateToBytes(whole, kMaxShownBytes);
  std::string out;
  for (const char c : head) {
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return head.size() < whole.size() ? out + "…" : out;
}

}  // namespace newswire::config
