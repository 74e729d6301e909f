// SPDX-License-Identifier: Apache-2.0
// The main article of a page: which nodes are its content.
#include <algorithm>

#include "transforms/steps/article_features.h"
#include "transforms/steps/article_model.h"
#include "transforms/steps/edge_lines.h"
#include "transforms/steps/page_blocks.h"
#include "transforms/steps/step.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

constexpr float kThreshold = 0.4F;
constexpr float kBetween = 0.25F;        // for short lines between two kept ones
constexpr float kQuotedBetween = 0.05F;  // for what is quoted between two kept ones
constexpr float kOutside = 0.6F;
constexpr size_t kReach = 6;  // blocks around the best subtree
constexpr size_t kFoot = 6;   // lines behind the text that may be its foot
constexpr uint32_t kShortLine = 120;

// The scores as they are, or raised when even the best are low: some article there is.
float ThresholdFor(const std::vector<float>& scores) {
  float best = 0;
  for (const float score : scores) {
    best = std::max(best, score);
  }
  return best >= kThreshold * 1.5F ? kThreshold : best * 0.66F;
}

// The element whose blocks add up to most above the threshold.
NodeId BestSubtree(const PageBlocks& page, const std::vector<float>& scores, float threshold) {
  const HtmlTree& tree = page.tree();
  std::vector<double> sums(scores.size() + 1, 0);
  for (size_t i = 0; i < scores.size(); ++i) {
    sums[i + 1] = sums[i] + page.blocks()[i].weight * (scores[i] - threshold);
  }
  NodeId best = 0;
  double most = 0;
  const auto size = static_cast<NodeId>(tree.size());
  for (NodeId node = 1; node < size;) {
    if (tree.tag(node) == Tag::kNoTag) {
      ++node;
      continue;
    }
    if (page.Mass(node) == 0) {
      node = tree.subtree_end(node);
      continue;
    }
    const size_t begin = page.FirstBlockAt(node);
    const size_t end = page.FirstBlockAt(tree.subtree_end(node));
    const double sum = sums[end] - sums[begin];
    if (sum > most || (sum == most && best != 0 && node > best && node < tree.subtree_end(best))) {
      most = sum;
      best = node;
    }
    ++node;
  }
  return best;
}

class Decoder {
 public:
  Decoder(const PageBlocks& page, const std::vector<float>& scores)
      : page_(page), tree_(page.tree()), scores_(scores), kept_(scores.size(), false) {}

  void Run(Document& document) {
    const float threshold = ThresholdFor(scores_);
    best_ = BestSubtree(page_, scores_, threshold);
    if (best_ == 0) {
      return;
    }
    begin_ = page_.FirstBlockAt(best_);
    end_ = page_.FirstBlockAt(tree_.subtree_end(best_));
    for (size_t i = begin_; i < end_; ++i) {
      kept_[i] = scores_[i] >= threshold;
    }
    FillGaps();
    KeepAround();
    KeepFoot();
    Emit(document);
  }

 private:
  const PageBlock& Block(size_t i) const { return page_.blocks()[i]; }

  bool KeptBefore(size_t i) const {
    for (size_t j = i; j > begin_ && i - j < 3;) {
      if (kept_[--j]) {
        return true;
      }
    }
    return false;
  }
  bool KeptAfter(size_t i) const {
    for (size_t j = i + 1; j < end_ && j - i <= 3; ++j) {
      if (kept_[j]) {
        return true;
      }
    }
    return false;
  }

  void FillGaps() {
    const std::vector<bool> certain = kept_;
    for (size_t i = begin_; i < end_; ++i) {
      if (certain[i] || !KeptBefore(i) || !KeptAfter(i)) {
        continue;
      }
      const PageBlock& block = Block(i);
      const bool line = block.weight < kShortLine || block.tag == Tag::kLi;
      kept_[i] = (line && scores_[i] >= kBetween) || (block.quoted && scores_[i] >= kQuotedBetween);
    }
  }

  void KeepAround() {
    for (size_t i = begin_; i-- > 0 && begin_ - i <= kReach;) {
      kept_[i] = scores_[i] >= kOutside;
    }
    for (size_t i = end_; i < kept_.size() && i - end_ < kReach; ++i) {
      kept_[i] = scores_[i] >= kOutside;
    }
  }

  // The credit line and the foot of a Markdown post at the end of the text: clean reads and drops
  // them.
  void KeepFoot() {
    size_t last = end_;
    while (last > begin_ && !kept_[last - 1]) {
      --last;
    }
    for (size_t i = last - std::min(last, kFoot); i < kept_.size() && i < last + kFoot; ++i) {
      const std::string_view line = page_.text(Block(i));
      const bool address = Block(i).link_weight == Block(i).weight &&
                           (line.starts_with("http://") || line.starts_with("https://"));
      kept_[i] = kept_[i] || IsCreditLine(line) || address || line.starts_with("返回") ||
                 tree_.attribute(Block(i).element, "class") == "em_media";
    }
  }

  void Emit(Document& document) const {
    for (size_t i = 0; i < begin_; ++i) {
      if (kept_[i]) {
        AddOutside(i, document);
      }
    }
    document.content.push_back(best_);
    for (size_t i = end_; i < kept_.size(); ++i) {
      if (kept_[i]) {
        AddOutside(i, document);
      }
    }
    for (size_t i = begin_; i < end_; ++i) {
      if (!kept_[i]) {
        Exclude(i, document);
      }
    }
    std::sort(document.excluded.begin(), document.excluded.end());
  }

  bool HoldsKept(NodeId node) const {
    const size_t end = page_.FirstBlockAt(tree_.subtree_end(node));
    for (size_t i = page_.FirstBlockAt(node); i < end; ++i) {
      if (kept_[i]) {
        return true;
      }
    }
    return false;
  }

  // The whole element when nothing in it is left out, so that its links stay links.
  void AddOutside(size_t i, Document& document) const {
    const NodeId element = Block(i).element;
    if (AllKept(element)) {
      if (document.content.empty() || document.content.back() < element) {
        document.content.push_back(element);
      }
      return;
    }
    for (NodeId node = Block(i).first; node <= Block(i).last; ++node) {
      if (tree_.is_text(node)) {
        document.content.push_back(node);
      }
    }
  }

  bool AllKept(NodeId node) const {
    const size_t end = page_.FirstBlockAt(tree_.subtree_end(node));
    for (size_t i = page_.FirstBlockAt(node); i < end; ++i) {
      if (!kept_[i]) {
        return false;
      }
    }
    return node > 0;
  }

  // A block that is left out takes the boxes around it along, as far as they hold nothing kept:
  // the pictures of teasers go with their text. Plain paragraphs do not.
  void Exclude(size_t i, Document& document) const {
    const PageBlock& block = Block(i);
    NodeId node = block.element;
    if (node <= best_ || HoldsKept(node)) {
      for (node = block.first; node <= block.last; ++node) {
        if (tree_.is_text(node)) {
          document.excluded.push_back(node);
        }
      }
      return;
    }
    const bool teaser = block.link_weight * 2 > block.weight;
    for (NodeId up = tree_.parent(node);
         teaser && up != HtmlTree::kNone && up > best_ && !HoldsKept(up); up = tree_.parent(up)) {
      node = up;
    }
    document.excluded.push_back(node);
  }

  const PageBlocks& page_;
  const HtmlTree& tree_;
  const std::vector<float>& scores_;
  std::vector<bool> kept_;
  NodeId best_ = 0;
  size_t begin_ = 0, end_ = 0;
};

std::string TitleOf(const HtmlTree& tree) {
  for (NodeId node = 0; node < tree.size(); ++node) {
    if (tree.tag(node) == Tag::kTitle && tree.first_child(node) != HtmlTree::kNone) {
      return std::string(tree.text(tree.first_child(node)));
    }
  }
  return {};
}

}  // namespace

Status ExtractArticle(Document& document) {
  if (!document.tree.has_value()) {
    document.tree = HtmlTree::Parse(document.html);
  }
  const HtmlTree& tree = *document.tree;
  document.content.clear();
  document.excluded.clear();
  if (document.is_fragment) {
    document.content.push_back(tree.root());
    return {};
  }
  if (document.page == nullptr) {
    document.page = std::make_shared<PageBlocks>(tree);
  }
  PageBlocks& page = *document.page;
  const Anchor anchor = FindAnchor(page);
  const std::vector<FeatureRow> rows = MakeFeatures(page, anchor, TitleOf(tree));
  std::vector<float> scores(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    scores[i] = ScoreBlock(rows[i]);
  }
  Decoder(page, scores).Run(document);
  document.page.reset();
  return {};
}

}  // namespace newswire::steps
