// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/article_model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace newswire::steps {
namespace {

constexpr uint8_t kLeaf = 255;
constexpr float kLearnedShare = 0.6F;
constexpr float kMostOfNotice = 0.2F;  // for a line whose words say that it is boilerplate

// A tree's nodes stand depth first: the left child follows its parent.
struct TreeNode {
  float value;     // of a leaf; else the greatest value that goes left
  uint16_t right;  // index of the right child
  uint8_t feature;
};

#include "transforms/steps/article_model.inc"

// What the features say to common sense: text between the first and the last paragraph of the
// anchor is the article, unless something speaks against it. Keeps the trees from going astray on
// pages unlike those they grew on.
float Plain(const FeatureRow& row) {
  const bool in_top = row[37] > 0, between = row[38] > 0, pruned = row[9] > 0;
  if (pruned || row[1] > 0.5F || row[58] > 0 || row[59] > 0) {
    return 0.05F;
  }
  if (between) {
    return 0.9F;
  }
  const bool near = row[40] < 1.7F, like_paragraphs = row[43] > 0.25F;
  return in_top && near && like_paragraphs ? 0.6F : in_top ? 0.3F : 0.1F;
}

}  // namespace

float ScoreBlock(const FeatureRow& row) {
  float sum = kBase;
  for (const uint16_t root : kRoots) {
    size_t at = root;
    while (kNodes[at].feature != kLeaf) {
      at = row[kNodes[at].feature] <= kNodes[at].value ? at + 1 : kNodes[at].right;
    }
    sum += kNodes[at].value;
  }
  const float learned = 1 / (1 + std::exp(-sum));
  const float score = kLearnedShare * learned + (1 - kLearnedShare) * Plain(row);
  return row[58] > 0 ? std::min(score, kMostOfNotice) : score;
}

}  // namespace newswire::steps
