// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace newswire::steps {

// Questions about single lines of an article, for what stands at its edges. All are pure and look
// at nothing but their arguments.

// The same words, white space and a trailing ellipsis or full stop aside; empty text is like none.
bool SameWords(std::string_view a, std::string_view b);
// Whether `text` begins with the words of `excerpt`, which may be cut off with an ellipsis.
bool BeginsWithWords(std::string_view text, std::string_view excerpt);
// Whether the line is nothing but the URL it links to.
bool IsAddress(std::string_view line, std::string_view url);
// The words of links back to the site's own pages: 返回…, alone or with others like it.
bool IsWayBack(std::string_view line);
// A line that only names the source: （文章来源：X）, 来源：X.
bool IsCreditLine(std::string_view line);
// A line that only says where a photo is from: 图片来源：X.
bool IsPhotoCredit(std::string_view line);
// A short phrase, not a sentence and not a speaker's name.
bool IsSubheading(std::string_view line, size_t max_code_points);
// A line above the article: time and source, font size, 原标题.
bool IsTopLine(std::string_view line);
// A line below it: editors, disclaimers, copyright, what to read next.
bool IsBottomLine(std::string_view line);

}  // namespace newswire::steps
