// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace newswire::text {

// 中国证券报 -> zhongguozhengquanbao: ICU Han-Latin without tones and spaces; a table of polyphonic
// words (银行 yinhang, 长江 changjiang, 厦门 xiamen ...) goes first. Latin letters and digits are
// kept as they are.
std::string Pinyin(std::string_view name);

}  // namespace newswire::text
