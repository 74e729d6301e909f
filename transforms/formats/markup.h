// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "transforms/formats/link_base.h"

namespace newswire::formats {

// HTML fragments in feeds, by one scan over the bytes: no tree is built, nothing is allocated per
// element. Total: any valid UTF-8 gives an answer. Linear in the text.

enum class MarkupKind {
  kHtml,   // it is HTML: every tag is removed
  kGuess,  // nobody said: names of HTML elements and references are, other `<words>` are text
};

// What a reader sees: tags and comments removed, references decoded, script and style left out;
// block boundaries and <br> separate words; white space collapsed, NFC.
std::string MarkupToText(std::string_view markup, MarkupKind kind);

// Plain text as one line: white space collapsed, NFC.
std::string PlainToText(std::string_view plain);

// The fragment with every relative URL in a link attribute (href, src, srcset, poster, cite,
// data-src ...) resolved against `base`, and without script elements. Everything else stays byte
// for byte.
std::string AbsolutizeMarkup(std::string markup, const LinkBase& base);

struct TextAndMarkup {
  std::string text, markup;
};
// MarkupToText of HTML and AbsolutizeMarkup in one scan.
TextAndMarkup ReadMarkup(std::string markup, const LinkBase& base);

// Plain text as HTML: `&`, `<` and `>` escaped; with `attribute` the double quote too.
void AppendEscaped(std::string_view plain, bool attribute, std::string& out);

// Whether the text holds a tag with the name of an HTML element, or a character reference.
bool LooksLikeMarkup(std::string_view text);

bool IsLinkAttribute(std::string_view name);  // lower case
bool IsVoidElement(std::string_view name);    // lower case: br, hr, img ...

}  // namespace newswire::formats
