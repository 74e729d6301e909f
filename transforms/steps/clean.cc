// SPDX-License-Identifier: Apache-2.0
// From the article's nodes to its text: what is kept of the lines at its edges, and what they say.
#include <algorithm>

#include "transforms/steps/content_blocks.h"
#include "transforms/steps/credit.h"
#include "transforms/steps/edge_lines.h"
#include "transforms/steps/step.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using Blocks = std::vector<RawBlock>;

constexpr size_t kLeastArticleBody = 500;  // bytes
constexpr size_t kMaxBodyLines = 5000;
constexpr size_t kTail = 6;         // blocks at the end among which the foot is looked for
constexpr size_t kSubheading = 50;  // code points of a whole-bold paragraph that is a heading
constexpr int kSubheadingLevel = 3;

bool IsKnownSummary(const Document& document, std::string_view text) {
  return std::any_of(document.candidates.summaries.begin(), document.candidates.summaries.end(),
                     [&](const Candidate& it) { return SameWords(it.value, text); });
}

// The quote before the text is the summary where the post's dialect has it so, or where the page
// itself calls the same words its description.
void TakeQuote(Document& document, bool portal, Blocks& blocks) {
  size_t end = 0;
  std::string quote;
  while (end < blocks.size() && blocks[end].first_quote) {
    quote += (quote.empty() ? "" : " ") + blocks[end].content.text;
    ++end;
  }
  if (end == 0 || end == blocks.size()) {
    return;  // nothing but a quote is a text
  }
  const bool known = SameWords(document.digest, quote) || IsKnownSummary(document, quote);
  if (!portal && !known && !document.front_matter.has_value()) {
    return;
  }
  if (document.digest.empty()) {
    document.digest = quote;
  }
  blocks.erase(blocks.begin(), blocks.begin() + static_cast<long>(end));
}

bool IsFoot(const ContentBlock& block) {
  return block.text == "<>" || IsWayBack(block.text) || IsCreditLine(block.text) ||
         (!block.links.empty() && IsAddress(block.text, block.links[0].url));
}

// The foot of a Markdown post: the address of the original, links back to the site's pages.
void TakeFoot(Document& document, Blocks& blocks) {
  for (size_t steps = 0; steps < kTail && blocks.size() > 1; ++steps) {
    const ContentBlock& block = blocks.back().content;
    const bool link = block.links.size() == 1 && IsAddress(block.text, block.links[0].url);
    if (link) {
      if (document.source_link.empty()) {
        document.source_link = block.links[0].url;
      }
    } else if (block.text != "<>" && !(blocks.back().has_link && IsWayBack(block.text))) {
      return;
    }
    blocks.pop_back();
  }
}

void TakeCredits(Document& document, Blocks& blocks) {
  for (size_t i = blocks.size(); i-- > 0;) {
    const bool tail = blocks.size() - i <= kTail;
    if (!blocks[i].credit_mark && !(tail && IsCreditLine(blocks[i].content.text))) {
      continue;
    }
    if (blocks.size() == 1) {
      return;
    }
    if (document.credit.empty()) {
      document.credit = blocks[i].content.text;
    }
    blocks.erase(blocks.begin() + static_cast<long>(i));
  }
}

// Headings that repeat the title; a first paragraph that does, letter by letter.
void DropTitle(const Document& document, Blocks& blocks) {
  const auto is_title = [&](const ContentBlock& block) {
    const bool heading = block.kind == BlockKind::kHeading;
    const auto same = [&](std::string_view title) {
      return heading ? SameWords(block.text, title) : block.text == title;
    };
    return same(document.post.title) ||
           std::any_of(document.candidates.titles.begin(), document.candidates.titles.end(),
                       [&](const Candidate& it) { return same(it.value); });
  };
  for (size_t i = 0; i < blocks.size() && i < 4 && blocks.size() > 1;) {
    const ContentBlock& block = blocks[i].content;
    const bool may = block.kind == BlockKind::kHeading ||
                     (!document.is_fragment && i == 0 && !IsFoot(blocks[1].content));
    if (may && is_title(block)) {
      blocks.erase(blocks.begin() + static_cast<long>(i));
    } else {
      ++i;
    }
  }
}

// Lines above and below the text that belong to the page, not to the article.
void DropTop(Blocks& blocks) {
  size_t begin = 0;
  while (begin + 1 < blocks.size() && begin < kTail && IsTopLine(blocks[begin].content.text)) {
    ++begin;
  }
  blocks.erase(blocks.begin(), blocks.begin() + static_cast<long>(begin));
}

void DropBottom(Document& document, Blocks& blocks) {
  for (size_t steps = 0;
       steps < kTail && blocks.size() > 1 && IsBottomLine(blocks.back().content.text); ++steps) {
    if (document.credit.empty() && IsCreditLine(blocks.back().content.text)) {
      document.credit = blocks.back().content.text;
    }
    blocks.pop_back();
  }
}

void DropCaptions(Blocks& blocks) {
  if (blocks.size() > 1) {
    std::erase_if(blocks, [](const RawBlock& block) {
      return block.content.kind != BlockKind::kHeading && IsPhotoCredit(block.content.text);
    });
  }
}

void NameSubheadings(Blocks& blocks) {
  for (RawBlock& block : blocks) {
    if (block.whole_strong && block.content.kind == BlockKind::kParagraph &&
        IsSubheading(block.content.text, kSubheading)) {
      block.content.kind = BlockKind::kHeading;
      block.content.level = kSubheadingLevel;
    }
  }
}

// A page's description is its summary unless it is only the beginning of the text.
void ProposeSummary(Document& document) {
  if (!document.digest.empty()) {
    document.post.summary = document.digest;
    return;
  }
  if (document.post.summary.empty() || document.blocks.empty()) {
    return;
  }
  std::string text;
  for (const ContentBlock& block : document.blocks) {
    text += block.text;
    if (text.size() > 2 * document.post.summary.size() + 400) {
      break;
    }
  }
  const auto credited = SplitTrailingCredit(document.post.summary);
  if (BeginsWithWords(text, credited ? credited->text : document.post.summary)) {
    document.post.summary.clear();
  }
}

// Pages that a script fills: the text is in their JSON-LD alone.
void TakeArticleBody(Document& document, Blocks& blocks) {
  if (document.is_fragment || document.article_body.size() < kLeastArticleBody) {
    return;
  }
  size_t shown = 0;
  for (const RawBlock& block : blocks) {
    shown += block.content.text.size();
  }
  if (shown * 3 >= document.article_body.size()) {
    return;
  }
  blocks.clear();
  std::string_view rest = document.article_body;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    RawBlock block;
    block.content.text = text::HtmlToText(rest.substr(0, end));
    if (!block.content.text.empty() && blocks.size() < kMaxBodyLines) {
      blocks.push_back(std::move(block));
    }
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  document.notes.emplace_back("the text is that of the page's JSON-LD");
}

}  // namespace

Status Clean(Document& document) {
  if (!document.tree.has_value()) {
    document.tree = text::HtmlTree::Parse(document.html);
    document.content = {document.tree->root()};
  }
  RawContent content = CollectContent(document);
  Blocks& blocks = content.blocks;
  TakeArticleBody(document, blocks);
  DropTitle(document, blocks);
  if (!document.is_fragment) {
    DropTop(blocks);
    DropTitle(document, blocks);
  }
  TakeQuote(document, content.portal, blocks);
  TakeFoot(document, blocks);
  TakeCredits(document, blocks);
  if (!document.is_fragment) {
    DropBottom(document, blocks);
  }
  DropCaptions(blocks);
  if (content.portal) {
    NameSubheadings(blocks);
  }
  document.blocks.clear();
  document.blocks.reserve(blocks.size());
  for (RawBlock& block : blocks) {
    document.blocks.push_back(std::move(block.content));
  }
  document.images = std::move(content.images);
  ProposeSummary(document);
  return {};
}

}  // namespace newswire::steps
