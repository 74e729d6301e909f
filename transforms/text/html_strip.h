// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace newswire::text {

// What is left of an HTML text for the parser, and what was kept aside.
struct StrippedHtml {
  std::string html;
  std::vector<std::string_view> json_ld;  // bodies of ld+json scripts, views into the input
  // Long runs of plain text, views into the input: in `html`, `kTextMark` <index in decimal> `;`
  // stands for each, so that the parser need not look at them character by character.
  std::vector<std::string_view> texts;
  bool truncated = false;  // something was dropped because of a bound
};

// U+E000, a private use character. Input that holds it is copied whole, without marks.
inline constexpr std::string_view kTextMark = "\xEE\x80\x80";

// One pass over `html` (valid UTF-8) that leaves to the parser only what it needs, and nothing that
// can lead it astray or make it slow:
// - the content of script, style, svg, select, textarea, iframe, noscript is left out; of comments
//   only short markers (at most 64 bytes) stay;
// - blanks between tags become one, except in pre; long runs of text and long values of
//   attributes become marks;
// - `<` that starts no tag becomes `&lt;`; attributes with names that the parser does not take are
//   left out (`@click`, a value without a name);
// - second html, head and body tags and the ends of html and body are left out, as are end tags
//   without a start;
// - open elements are bounded (400 of one name, 1,000 in all; 64 of one inline name), and so are
//   the attributes of a tag (64). What is over is left out with its end tag: its content belongs to
//   the element around it.
// Linear in the size of the input.
StrippedHtml StripHtml(std::string_view html);

}  // namespace newswire::text
