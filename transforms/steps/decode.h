// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "transforms/model/capture.h"
#include "transforms/model/error.h"

namespace newswire::steps {

inline constexpr size_t kMaxPostBytes = size_t{5} << 20;
inline constexpr size_t kMaxFeedBytes = size_t{15} << 20;

// The capture's body with its content encoding undone. Either a view of the capture's own bytes, or
// of `storage`, which then holds them. kMalformed: damaged, or beyond `max_bytes`.
Result<std::string_view> DecodedBody(const Capture& capture, size_t max_bytes,
                                     std::string& storage);

// The media type of an answer or a file, as given: `text/html; charset=gb2312`.
std::string_view ContentTypeOf(const Capture& capture);

struct Document;
// Whether the document is a Markdown post: by its type, or by its name when the type is no other.
bool IsMarkdown(const Document& document);

// Text as HTML: escaped, an empty line divides paragraphs.
std::string PlainTextToHtml(std::string_view text);

}  // namespace newswire::steps
