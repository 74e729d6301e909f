// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/article_features.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "transforms/steps/class_words.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

constexpr uint32_t kParagraphWeight = 80;
constexpr double kParagraphLinkShare = 0.35;
constexpr double kMaxPrunedShare = 0.45;
constexpr size_t kMaxNotice = 480;  // bytes of a disclaimer
constexpr size_t kShortPost = 12;   // lines behind the title where a very short post is looked for
constexpr int kLevels = 8;          // how far up a paragraph's points go

double Share(double part, double whole) { return whole > 0 ? part / whole : 0; }

bool PrunedTag(Tag tag) {
  return tag == Tag::kNav || tag == Tag::kFooter || tag == Tag::kAside || tag == Tag::kForm ||
         tag == Tag::kButton || tag == Tag::kDialog || tag == Tag::kMenu ||
         tag == Tag::kFigcaption || tag == Tag::kLabel || tag == Tag::kFieldset;
}

// Hints that alone are reason enough to leave an element out.
constexpr uint16_t kPrunedHints = kHintComment | kHintShare | kHintAdvert | kHintSignup;

uint16_t HintsOf(const HtmlTree& tree, NodeId node) {
  if (tree.attribute_count(node) == 0) {
    return 0;
  }
  return ClassHints(tree.attribute(node, "class"), tree.attribute(node, "id"));
}

bool IsArticleBody(const HtmlTree& tree, NodeId node) {
  return tree.attribute(node, "itemprop").find("articleBody") != std::string_view::npos;
}

double ParagraphMass(const PageBlocks& page, NodeId node) {
  double mass = 0;
  const NodeId end = page.tree().subtree_end(node);
  for (size_t i = page.FirstBlockAt(node); i < page.blocks().size() && page.blocks()[i].first < end;
       ++i) {
    mass += IsParagraph(page.blocks()[i]) ? page.blocks()[i].weight : 0;
  }
  return mass;
}

void Prune(PageBlocks& page) {
  const HtmlTree& tree = page.tree();
  const double paragraphs = ParagraphMass(page, 0);
  const double total = page.Mass(0);
  const auto size = static_cast<NodeId>(tree.size());
  for (NodeId node = 1; node < size;) {
    const Tag tag = tree.tag(node);
    const uint32_t mass = page.Mass(node);
    if (tag == Tag::kNoTag || mass == 0) {
      node = tag == Tag::kNoTag ? node + 1 : tree.subtree_end(node);
      continue;
    }
    const bool hidden = text::IsHiddenNode(tree, node);
    bool prune = PrunedTag(tag) || hidden;
    if (!prune && tree.attribute_count(node) > 0) {
      const uint16_t hints = HintsOf(tree, node);
      prune = (hints & kPrunedHints) != 0 && (hints & kHintContent) == 0 && tag != Tag::kP &&
              mass <= 0.25 * total && !IsArticleBody(tree, node);
      prune = prune || (tree.attribute(node, "aria-hidden") == "true" && mass <= 0.1 * total);
    }
    if (prune && (mass <= kMaxPrunedShare * total ||
                  (hidden && 2 * ParagraphMass(page, node) <= paragraphs))) {
      const NodeId end = tree.subtree_end(node);
      for (size_t i = page.FirstBlockAt(node);
           i < page.blocks().size() && page.blocks()[i].first < end; ++i) {
        page.blocks()[i].pruned = true;
      }
      node = end;
      continue;
    }
    ++node;
  }
}

double TagPoints(Tag tag) {
  switch (tag) {
    case Tag::kArticle:
      return 1.3;
    case Tag::kMain:
    case Tag::kSection:
    case Tag::kDiv:
      return 1.1;
    case Tag::kLi:
    case Tag::kUl:
    case Tag::kOl:
    case Tag::kForm:
    case Tag::kAddress:
      return 0.7;
    default:
      return 1;
  }
}

double HintPoints(uint16_t hints) {
  double points = 1;
  if ((hints & kHintContent) != 0) {
    points *= 1.25;
  }
  if ((hints & (kHintComment | kHintShare | kHintRelated | kHintFooter | kHintSidebar |
                kHintSignup)) != 0) {
    points *= 0.75;
  }
  return points;
}

}  // namespace

bool IsParagraph(const PageBlock& block) {
  return block.weight >= kParagraphWeight && block.sentence_marks > 0 &&
         block.link_weight < kParagraphLinkShare * block.weight;
}

// The index of the block behind the first h1 that is not pruned; 0 without one.
static size_t BehindTitle(const PageBlocks& page) {
  const auto& blocks = page.blocks();
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].tag == Tag::kH1 && !blocks[i].pruned) {
      return i + 1;
    }
  }
  return 0;
}

Anchor FindAnchor(PageBlocks& page) {
  Prune(page);
  const HtmlTree& tree = page.tree();
  Anchor anchor;
  anchor.first = 1;
  std::vector<float> points(tree.size(), 0);
  std::vector<NodeId> touched;
  const auto& blocks = page.blocks();
  // When no block is a paragraph, shorter lines have to do: those behind the title.
  const size_t behind_title = BehindTitle(page);
  for (const uint32_t least : {kParagraphWeight, 30U, 1U}) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      const PageBlock& block = blocks[i];
      if (block.pruned || block.weight < least ||
          block.link_weight >= kParagraphLinkShare * block.weight ||
          (block.sentence_marks == 0 && least > 1) || block.tag == Tag::kFigcaption ||
          text::HeadingLevel(block.tag) > 0 ||
          (block.size < kMaxNotice && ReadLine(page.text(block)).boilerplate)) {
        continue;
      }
      if (least < kParagraphWeight && behind_title > 0 &&
          (i < behind_title || i > behind_title + kShortPost ||
           (least == 1 && ReadLine(page.text(block)).date))) {
        continue;
      }
      anchor.paragraph_mass += block.weight;
      const double mine =
          1 + std::min<double>(block.sentence_marks, 10) + std::min(block.weight / 100.0, 6.0);
      NodeId node = block.element;
      if (text::HeadingLevel(tree.tag(node)) == 0 && tree.tag(node) != Tag::kDiv &&
          tree.tag(node) != Tag::kSection && tree.tag(node) != Tag::kArticle) {
        node = tree.parent(node);  // a p gives its points to what is around it
      }
      for (int level = 0; level < kLevels && node != HtmlTree::kNone && node != 0; ++level) {
        if (points[node] == 0) {
          touched.push_back(node);
        }
        points[node] += static_cast<float>(mine / (level == 0   ? 1
                                                   : level == 1 ? 1.6
                                                                : 1.6 * level + 0.4));
        node = tree.parent(node);
      }
    }
    if (!touched.empty()) {
      break;
    }
  }
  double best = 0;
  for (const NodeId node : touched) {
    const double density = Share(page.LinkMass(node), page.Mass(node));
    double value =
        points[node] * (1 - density) * TagPoints(tree.tag(node)) * HintPoints(HintsOf(tree, node));
    if (IsArticleBody(tree, node)) {
      value *= 1.5;
    }
    if (value > best) {
      best = value;
      anchor.top = node;
    }
  }
  if (anchor.top == 0) {
    return anchor;
  }
  const NodeId end = tree.subtree_end(anchor.top);
  bool found = false;
  for (size_t i = page.FirstBlockAt(anchor.top); i < blocks.size() && blocks[i].first < end; ++i) {
    if (!blocks[i].pruned && IsParagraph(blocks[i])) {
      anchor.first = found ? anchor.first : i;
      anchor.last = i;
      found = true;
    }
  }
  if (!found) {
    anchor.first = page.FirstBlockAt(anchor.top);
    anchor.last = anchor.first;
    for (size_t i = anchor.first; i < blocks.size() && blocks[i].first < end; ++i) {
      anchor.last = i;
    }
  }
  return anchor;
}

namespace {

// What the ancestors of a block add up to.
struct Around {
  uint16_t hints = 0, near_hints = 0;  // of all ancestors; of the nearest three
  uint16_t tags = 0;
  uint16_t depth = 0;
};

enum AroundTag : uint16_t {
  kInArticle = 1 << 0,
  kInMain = 1 << 1,
  kInAside = 1 << 2,
  kInNav = 1 << 3,
  kInFooter = 1 << 4,
  kInHeader = 1 << 5,
  kInForm = 1 << 6,
  kInFigure = 1 << 7,
  kInList = 1 << 8,
  kInTable = 1 << 9,
  kInArticleBody = 1 << 10,
  kInHidden = 1 << 11,
  kInSection = 1 << 12,
};

uint16_t AroundTagOf(Tag tag) {
  switch (tag) {
    case Tag::kArticle:
      return kInArticle;
    case Tag::kMain:
      return kInMain;
    case Tag::kAside:
      return kInAside;
    case Tag::kNav:
      return kInNav;
    case Tag::kFooter:
      return kInFooter;
    case Tag::kHeader:
      return kInHeader;
    case Tag::kForm:
    case Tag::kButton:
    case Tag::kLabel:
      return kInForm;
    case Tag::kFigure:
    case Tag::kFigcaption:
      return kInFigure;
    case Tag::kUl:
    case Tag::kOl:
    case Tag::kDl:
      return kInList;
    case Tag::kTable:
      return kInTable;
    case Tag::kSection:
      return kInSection;
    default:
      return 0;
  }
}

// For each element with text, what is around its content. Filled lazily from the root down.
class Surroundings {
 public:
  explicit Surroundings(const PageBlocks& page) : page_(page), total_(page.Mass(0)) {}

  const Around& Of(NodeId element) {
    const auto found = known_.find(element);
    if (found != known_.end()) {
      return found->second;
    }
    const HtmlTree& tree = page_.tree();
    Around around;
    const NodeId parent = tree.parent(element);
    if (parent != HtmlTree::kNone) {
      around = Of(parent);
    }
    ++around.depth;
    uint16_t hints = HintsOf(tree, element);
    uint16_t tags = AroundTagOf(tree.tag(element));
    if (IsArticleBody(tree, element)) {
      tags |= kInArticleBody;
    }
    if (text::IsHiddenNode(tree, element)) {
      tags |= kInHidden;
    }
    if (page_.Mass(element) > kMaxPrunedShare * total_) {
      // What holds most of the page says nothing against its content.
      hints &= kHintContent;
      tags &= kInArticle | kInMain | kInArticleBody | kInSection;
    }
    around.near_hints = static_cast<uint16_t>((around.near_hints & kHintContent) | hints);
    around.hints |= hints;
    around.tags |= tags;
    return known_.emplace(element, around).first->second;
  }

 private:
  const PageBlocks& page_;
  const double total_;
  std::unordered_map<NodeId, Around> known_;
};

uint64_t Mix(uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  }
  return hash ^ (hash >> 29);
}

// Tag and class of an element and its parent: what paragraphs of one article have in common.
uint64_t Signature(const HtmlTree& tree, NodeId node) {
  uint64_t hash = 14695981039346656037ULL;
  for (int level = 0; level < 2 && node != HtmlTree::kNone; ++level) {
    hash = Mix(hash + static_cast<uint64_t>(tree.tag(node)), tree.attribute(node, "class"));
    node = tree.parent(node);
  }
  return hash;
}

// Most of what is counted is small.
float Log(double value) {
  static const std::vector<float> kSmall = [] {
    std::vector<float> logs(1024);
    for (size_t i = 0; i < logs.size(); ++i) {
      logs[i] = static_cast<float>(std::log1p(static_cast<double>(i)));
    }
    return logs;
  }();
  if (value >= 0 && value < static_cast<double>(kSmall.size())) {
    const auto whole = static_cast<size_t>(value);
    if (static_cast<double>(whole) == value) {
      return kSmall[whole];
    }
  }
  return static_cast<float>(std::log1p(value));
}

int TagClass(Tag tag) {
  switch (tag) {
    case Tag::kP:
      return 0;
    case Tag::kLi:
      return 2;
    case Tag::kTd:
    case Tag::kTh:
      return 3;
    case Tag::kDd:
    case Tag::kDt:
      return 4;
    case Tag::kFigcaption:
    case Tag::kCaption:
      return 5;
    case Tag::kPre:
      return 6;
    case Tag::kAddress:
      return 7;
    case Tag::kH1:
      return 8;
    case Tag::kH2:
      return 9;
    case Tag::kH3:
      return 10;
    case Tag::kH4:
    case Tag::kH5:
    case Tag::kH6:
      return 11;
    default:
      return 1;
  }
}

// Appends features in order; the count is checked once per row.
class RowWriter {
 public:
  explicit RowWriter(FeatureRow& row) : row_(row) { row_.fill(0); }
  void Add(double value) {
    if (next_ < kFeatures) {
      row_[next_++] = static_cast<float>(value);
    }
  }
  void AddBits(uint16_t bits, int count) {
    for (int i = 0; i < count; ++i) {
      Add((bits >> i & 1) != 0 ? 1 : 0);
    }
  }

 private:
  FeatureRow& row_;
  size_t next_ = 0;
};

}  // namespace

std::vector<FeatureRow> MakeFeatures(const PageBlocks& page, const Anchor& anchor,
                                     std::string_view title) {
  const HtmlTree& tree = page.tree();
  const auto& blocks = page.blocks();
  const size_t count = blocks.size();
  std::vector<FeatureRow> rows(count);
  Surroundings surroundings(page);
  std::unordered_map<uint64_t, uint32_t> signature_mass;
  std::unordered_map<std::string_view, uint32_t> repeats;
  std::vector<uint64_t> signatures(count);
  size_t heading = count;  // the block that repeats the title, or the first h1
  for (size_t i = 0; i < count; ++i) {
    signatures[i] = Signature(tree, blocks[i].element);
    if (IsParagraph(blocks[i]) && !blocks[i].pruned) {
      signature_mass[signatures[i]] += blocks[i].weight;
    }
    const std::string_view line = page.text(blocks[i]);
    ++repeats[line];
    if (heading == count && text::HeadingLevel(blocks[i].tag) > 0 && line.size() >= 8 &&
        title.find(line) != std::string_view::npos) {
      heading = i;
    }
  }
  for (size_t i = 0; i < count && heading == count; ++i) {
    heading = blocks[i].tag == Tag::kH1 ? i : count;
  }
  const double total = page.Mass(0);
  const NodeId top_end = anchor.top == 0 ? 0 : tree.subtree_end(anchor.top);
  const double top_share = anchor.top == 0 ? 0 : Share(page.Mass(anchor.top), total);
  const double top_density =
      anchor.top == 0 ? 0 : Share(page.LinkMass(anchor.top), page.Mass(anchor.top));
  const bool any = anchor.first <= anchor.last;
  const auto at = [&](size_t i, int by) -> const PageBlock* {
    const auto j = static_cast<long>(i) + by;
    return j >= 0 && j < static_cast<long>(count) ? &blocks[static_cast<size_t>(j)] : nullptr;
  };
  uint32_t before = 0;
  for (size_t i = 0; i < count; ++i) {
    const PageBlock& block = blocks[i];
    const std::string_view line = page.text(block);
    const LineHints hints = ReadLine(line);
    const Around& around = surroundings.Of(block.element);
    RowWriter row(rows[i]);
    row.Add(Log(block.weight));
    row.Add(Share(block.link_weight, block.weight));
    row.Add(Share(block.sentence_marks, block.weight) * 100);
    row.Add(block.sentence_marks);
    row.Add(Share(block.digits, block.weight));
    row.Add(TagClass(block.tag));
    row.Add(block.quoted ? 1 : 0);
    row.Add(block.strong ? 1 : 0);
    row.Add(block.after_break ? 1 : 0);
    row.Add(block.pruned ? 1 : 0);
    row.AddBits(around.hints, 14);
    row.AddBits(around.tags, 13);
    // The anchor.
    const bool in_top = anchor.top != 0 && block.first >= anchor.top && block.first < top_end;
    const bool between = any && i >= anchor.first && i <= anchor.last;
    row.Add(in_top ? 1 : 0);
    row.Add(between ? 1 : 0);
    row.Add(any ? Log(i < anchor.first ? anchor.first - i : 0) : 9);
    row.Add(any ? Log(i > anchor.last ? i - anchor.last : 0) : 9);
    row.Add(Share(static_cast<double>(i), static_cast<double>(count)));
    row.Add(Share(before, total));
    before += block.weight;
    const auto mass = signature_mass.find(signatures[i]);
    row.Add(mass == signature_mass.end() ? 0 : Share(mass->second, anchor.paragraph_mass));
    row.Add(heading == count
                ? -20
                : std::clamp(static_cast<double>(i) - static_cast<double>(heading), -20.0, 60.0));
    // The neighbours.
    for (const int by : {-2, -1, 1, 2}) {
      const PageBlock* other = at(i, by);
      row.Add(other == nullptr ? 0 : Log(other->weight));
      row.Add(other == nullptr ? 1 : Share(other->link_weight, other->weight));
    }
    const PageBlock* previous = at(i, -1);
    const PageBlock* next = at(i, 1);
    row.Add((previous != nullptr && signatures[i] == signatures[i - 1] ? 1 : 0) +
            (next != nullptr && signatures[i] == signatures[i + 1] ? 2 : 0));
    double window = 0, window_links = 0;
    for (int by = -4; by <= 4; ++by) {
      const PageBlock* other = at(i, by);
      if (other != nullptr) {
        window += other->weight;
        window_links += other->link_weight;
      }
    }
    row.Add(Log(window));
    row.Add(Share(window_links, window));
    // The box around it.
    const NodeId parent = tree.parent(block.element);
    const NodeId box = parent == HtmlTree::kNone ? block.element : parent;
    row.Add(Share(page.Mass(box), total));
    row.Add(Share(page.LinkMass(box), page.Mass(box)));
    // The line itself.
    row.Add((hints.boilerplate ? 1 : 0) + (hints.share ? 2 : 0));
    row.Add(hints.credit ? 1 : 0);
    row.Add(hints.date ? 1 : 0);
    row.Add((hints.ends_sentence ? 2 : 0) + (hints.ends_colon ? 1 : 0));
    row.Add(std::min<double>(repeats[line], 4));
    row.Add(line.size() >= 4 && title.find(line) != std::string_view::npos ? 1 : 0);
    // The page.
    row.Add(Log(anchor.paragraph_mass));
    row.Add(top_share);
    row.Add(top_density);
    row.Add(Log(static_cast<double>(count)));
  }
  return rows;
}

}  // namespace newswire::steps
