// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/article_model.h"

namespace newswire::steps {

float ScoreBlock(const FeatureRow& row) {
  const bool in_top = row[37] > 0, between = row[38] > 0, pruned = row[9] > 0;
  const float links = row[1];
  if (pruned || links > 0.5F || row[58] > 0 || row[59] > 0) {
    return 0.05F;
  }
  if (between) {
    return 0.9F;
  }
  const bool near = row[40] < 1.7F, like_paragraphs = row[43] > 0.25F;
  return in_top && near && like_paragraphs ? 0.6F : in_top ? 0.3F : 0.1F;
}

}  // namespace newswire::steps
