// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_text.h"

#include <array>
#include <utility>

#include "transforms/formats/markup.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

// RFC 4648, white space ignored; nullopt when it is something else.
std::optional<std::string> DecodeBase64(std::string_view encoded) {
  std::string decoded;
  decoded.reserve(encoded.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char byte : encoded) {
    uint32_t digit = 0;
    if (byte >= 'A' && byte <= 'Z') {
      digit = static_cast<uint32_t>(byte - 'A');
    } else if (byte >= 'a' && byte <= 'z') {
      digit = static_cast<uint32_t>(byte - 'a' + 26);
    } else if (byte >= '0' && byte <= '9') {
      digit = static_cast<uint32_t>(byte - '0' + 52);
    } else if (byte == '+' || byte == '-') {
      digit = 62;
    } else if (byte == '/' || byte == '_') {
      digit = 63;
    } else if (byte == '=' || static_cast<unsigned char>(byte) <= ' ') {
      continue;
    } else {
      return std::nullopt;
    }
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return decoded;
}

bool IsXmlType(std::string_view type) { return type.ends_with("+xml") || type.ends_with("/xml"); }

}  // namespace

void FeedText::Open(size_t depth, const XmlAttributes& attributes, TextKind otherwise,
                    Vocabulary vocabulary, uint32_t base) {
  depth_ = depth;
  kind_ = otherwise;
  base_ = base;
  value_.clear();
  inner_.clear();
  hidden_depth_ = 0;
  markup_ = xhtml_ = elements_ = base64_ = binary_ = false;
  if (vocabulary == Vocabulary::kXhtml) {
    xhtml_ = markup_ = true;
    kind_ = TextKind::kHtml;
    return;
  }
  if (attributes.empty()) {
    return;
  }
  std::string type = text::ToLowerAscii(text::TrimBlank(attributes.Get("type")));
  type.erase(std::min(type.find(';'), type.size()));
  const std::string mode = text::ToLowerAscii(attributes.Get("mode"));
  if (type == "html" || type == "text/html") {
    kind_ = TextKind::kHtml;
  } else if (type == "xhtml" || type == "application/xhtml+xml") {
    kind_ = TextKind::kHtml;
    if (mode != "escaped" && mode != "base64") {
      xhtml_ = markup_ = true;
    }
  } else if (type.empty() && mode == "escaped") {
    kind_ = TextKind::kGuess;
  } else if (type.empty() || type == "text" || type.starts_with("text/") || IsXmlType(type)) {
    if (IsXmlType(type)) {
      markup_ = mode != "escaped";
      kind_ = TextKind::kHtml;
    }
  } else if (type.find('/') != std::string::npos) {
    binary_ = mode != "escaped" && mode != "xml";
  }
  base64_ = mode == "base64";
  binary_ = binary_ && !base64_;
}

void FeedText::Characters(std::string_view text) {
  if (hidden_depth_ != 0) {
    return;
  }
  if (markup_) {
    AppendEscaped(text, false, value_);
  } else {
    value_ += text;
  }
}

void FeedText::StartElement(const XmlName& name, const XmlAttributes& attributes, uint32_t base,
                            const std::vector<LinkBase>& bases) {
  elements_ = true;
  if (!markup_) {
    markup_ = true;
    if (kind_ != TextKind::kHtml) {
      std::string escaped;
      AppendEscaped(value_, false, escaped);
      value_ = std::move(escaped);
      kind_ = TextKind::kHtml;
    }
  }
  Inner inner;
  const bool wrapper = xhtml_ && inner_.empty() && text::TrimBlank(value_).empty() &&
                       std::string_view(name.local) == "div";
  if (hidden_depth_ == 0 && text::EqualsIgnoreAsciiCase(name.local, "script")) {
    hidden_depth_ = depth_ + inner_.size() + 1;
  }
  if (!wrapper && hidden_depth_ == 0) {
    inner.name = name.local;
    inner.is_void = IsVoidElement(inner.name);
    value_ += '<';
    value_ += inner.name;
    for (int i = 0; i < attributes.size(); ++i) {
      const XmlAttributes::Attribute attribute = attributes.at(i);
      if (attribute.prefix == "xml" && attribute.local == "base") {
        continue;
      }
      value_ += ' ';
      if (!attribute.prefix.empty() && attribute.prefix != "xml") {
        value_ += attribute.prefix;
        value_ += ':';
      }
      value_ += attribute.local;
      value_ += "=\"";
      if (base != base_ && IsLinkAttribute(attribute.local) && attribute.local != "srcset") {
        AppendEscaped(bases[base].Resolve(attribute.value), true, value_);
      } else {
        AppendEscaped(attribute.value, true, value_);
      }
      value_ += '"';
    }
    value_ += '>';
  }
  inner_.push_back(std::move(inner));
}

void FeedText::EndElement(size_t depth) {
  if (inner_.empty()) {
    return;
  }
  const Inner& inner = inner_.back();
  if (!inner.name.empty() && !inner.is_void) {
    value_ += "</";
    value_ += inner.name;
    value_ += '>';
  }
  if (hidden_depth_ == depth) {
    hidden_depth_ = 0;
  }
  inner_.pop_back();
}

std::optional<RawText> FeedText::Close() {
  depth_ = 0;
  if (binary_) {
    return std::nullopt;
  }
  // `value_` keeps its memory for the next element.
  RawText text{.value = value_, .kind = kind_, .base = base_};
  if (base64_) {
    auto decoded = DecodeBase64(text.value);
    if (decoded) {
      size_t replaced = 0;
      text.value = text::MakeValidUtf8(*decoded, &replaced);
    }
    if (decoded && kind_ == TextKind::kPlain) {
      text.kind = TextKind::kGuess;
    }
  } else if (xhtml_ && !elements_ && text.value.find("&lt;") != std::string::npos) {
    // Called xhtml, but escaped as HTML is.
    RawText unescaped{.value = MarkupToText(text.value, MarkupKind::kHtml),
                      .kind = TextKind::kHtml,
                      .base = base_};
    return LooksLikeMarkup(unescaped.value) ? unescaped : text;
  }
  return text;
}

}  // namespace newswire::formats
