// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace newswire::steps {

// Questions about single lines that may name an author or a source. All are pure and look at
// nothing but their arguments; "" means that the line names none.

// Behind 来源：, 稿源： and their like, up to a blank or a bracket. Not the source of a picture,
// and not a word such as 网络 that names nobody.
std::string LabelledSource(std::string_view line);
bool HasSourceLabel(std::string_view line);

// Behind 作者：, 文/, 撰文：, 采写： and their like: one name, or Chinese names joined by `、`.
std::string LabelledAuthors(std::string_view line);

// Reporters: `…（记者 张三 李四）` at the head of a paragraph, or a line that is no more than
// `新京报记者 张三`. Names of two to four Han characters, joined by `、`.
std::string ReporterIn(std::string_view line);

// `张三/中国青年报`: a person's name and a medium's.
std::optional<std::pair<std::string, std::string>> SplitNameAndMedium(std::string_view line);

// What is left of a line less its date at [begin, end) and words such as 发布时间： and 原创, when
// that begins with one name.
std::string NameBesideDate(std::string_view line, size_t begin, size_t end);

// The text of an element that holds a name, less `By`, `Von`, `作者：`; "" when it holds something
// else: digits, an address, a sentence, a word such as `Admin`.
std::string PlainName(std::string_view text);

// `By Jane Doe`, `Von Jana Roth | 3.4.2022`: the words with capitals behind By and its like.
std::string NameBehindBy(std::string_view line);

// Two to four Han characters that name no medium, as Chinese names are.
bool IsHanName(std::string_view name);

// A word in a name's place that names nobody: 网络, 佚名, Admin.
bool IsNobody(std::string_view name);

}  // namespace newswire::steps
