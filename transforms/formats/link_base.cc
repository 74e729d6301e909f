// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/link_base.h"

#include <utility>

#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

bool IsAlpha(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

bool HasBlankInside(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) <= ' ') {
      return true;
    }
  }
  return false;
}

}  // namespace

bool HasScheme(std::string_view reference) {
  if (reference.empty() || !IsAlpha(reference[0])) {
    return false;
  }
  for (size_t at = 1; at < reference.size(); ++at) {
    const char byte = reference[at];
    if (byte == ':') {
      return true;
    }
    if (!IsAlpha(byte) && (byte < '0' || byte > '9') && byte != '+' && byte != '-' && byte != '.') {
      return false;
    }
  }
  return false;
}

LinkBase::LinkBase(std::string_view url) {
  if (auto parsed = Url::Parse(text::TrimBlank(url))) {
    url_ = std::move(*parsed);
  }
}

std::string LinkBase::Resolve(std::string_view reference) const {
  const std::string_view trimmed = text::TrimBlank(reference);
  if (trimmed.empty()) {
    return {};
  }
  if (HasScheme(trimmed)) {
    if (!HasBlankInside(trimmed)) {
      return std::string(trimmed);
    }
    auto parsed = Url::Parse(trimmed);
    return parsed ? parsed->given() : std::string(trimmed);
  }
  if (url_) {
    if (auto resolved = Url::Resolve(*url_, trimmed)) {
      return resolved->given();
    }
  }
  return std::string(trimmed);
}

LinkBase LinkBase::Nested(std::string_view reference) const {
  const std::string_view trimmed = text::TrimBlank(reference);
  if (trimmed.empty()) {
    return *this;
  }
  LinkBase nested;
  if (url_) {
    if (auto resolved = Url::Resolve(*url_, trimmed)) {
      nested.url_ = std::move(*resolved);
      return nested;
    }
    return *this;
  }
  return LinkBase(trimmed);
}

}  // namespace newswire::formats
