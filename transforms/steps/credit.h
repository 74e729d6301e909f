// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace newswire::steps {

// A text that ended in the name of the medium it was taken from: `…企业。（上海证券报）`.
struct CreditedText {
  std::string_view text;       // without the credit and the blanks before it
  std::string_view publisher;  // what stood in the brackets
};

// Only a name of a medium at the very end, after the end of a sentence, is a credit. Asides
// (`（北京）`), codes (`(1579.HK)`) and bracketed words within a sentence are not.
std::optional<CreditedText> SplitTrailingCredit(std::string_view text);

// True for names that media have: a known name, or one that ends as they do (报, 网, 社, 新闻 …).
bool IsMediumName(std::string_view name);

// What a credit line names: `（文章来源：上海证券报）` -> publisher 上海证券报; `来源：新华网
// 作者：张三 李四` -> 新华网 and the two authors, divided by 、. Empty: it names none.
struct Credit {
  std::string publisher, authors;
};
Credit ReadCredit(std::string_view line);

}  // namespace newswire::steps
