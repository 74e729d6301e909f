// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "transforms/steps/document.h"
#include "transforms/steps/headline.h"
#include "transforms/steps/page_blocks.h"

namespace newswire::steps {

// What a reader sees of when, from where and by whom: the lines around the headline (来源：,
// 作者：, 文/, dates; what stands beside the date; elements whose class says author or source), and
// the reporters that the text names, `（记者 张三）` or a line `新京报记者 张三`. Appends to
// `published`, `publishers` and `authors` of `out`, origin "visible", the most certain first.
// `dense` as of IsMostlyDense.
// `by_class` gets the authors that only a class tells.
void ReadByline(const PageBlocks& page, const Headline& headline, bool dense, Candidates& out,
                Candidates& by_class);

}  // namespace newswire::steps
