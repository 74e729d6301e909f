// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace newswire::steps {

// Whose name an element with this class and id holds, as the words in them say: `post-author`,
// `articleSource`. A word such as `bio` or `avatar` beside them makes it none. Looks at the first
// 256 bytes of each.
enum class NameHint : uint8_t { kNone, kAuthor, kSource };
NameHint NameHintOf(std::string_view class_names, std::string_view id);

}  // namespace newswire::steps
