// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transforms/steps/article_features.h"

namespace newswire::steps {

// How likely a block with these features is part of the article, in [0, 1]. Pure.
float ScoreBlock(const FeatureRow& row);

}  // namespace newswire::steps
