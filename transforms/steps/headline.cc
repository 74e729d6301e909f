// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/headline.h"

#include <algorithm>

#include "transforms/steps/article_features.h"
#include "transforms/steps/class_words.h"
#include "transforms/steps/credit.h"
#include "transforms/steps/visible_dates.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;

constexpr size_t kMaxHeadline = 600;              // bytes
constexpr uint32_t kMaxDateLine = 90;             // weight of a line that is date and source alone
constexpr size_t kLeastSite = 3, kMostSite = 40;  // Latin letters of a site's name
constexpr size_t kLeastHeadline = 8;              // Latin letters

// Letters and digits only, in lower case: what two writings of a title have in common.
std::string Letters(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c < 0x80) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        out += static_cast<char>(upper ? c + ('a' - 'A') : c);
      }
      ++i;
      continue;
    }
    const size_t begin = i;
    const char32_t code_point = text::NextCodePoint(text, &i);
    const bool mark = text::IsBlank(code_point) || (code_point >= 0x2000 && code_point < 0x2070) ||
                      (code_point >= 0x3000 && code_point < 0x3030) ||
                      (code_point >= 0xFF00 && code_point < 0xFF10) || code_point == 0xFF1A ||
                      code_point == 0xFF1F || code_point == 0xFF1B || code_point == 0xAB ||
                      code_point == 0xBB;
    if (!mark) {
      out += text.substr(begin, i - begin);
    }
  }
  return out;
}

// On a page whose <title> tells nothing: a heading, or a box whose class calls it a title, with a
// line below it that is short and shows the date.
Headline HeadingAboveDate(const PageBlocks& page, const std::vector<std::string>& not_titles) {
  const auto& blocks = page.blocks();
  for (size_t i = 0; i + 1 < blocks.size(); ++i) {
    const PageBlock& block = blocks[i];
    const int level = text::HeadingLevel(block.tag);
    if (block.weight < 2 * kLeastHeadline || block.size > kMaxHeadline || block.link_weight > 0) {
      continue;
    }
    const std::string_view below = page.text(blocks[i + 1]);
    if (blocks[i + 1].weight > kMaxDateLine || !FindNumericDate(below).has_value()) {
      continue;
    }
    const HtmlTree& tree = page.tree();
    const bool called =
        (ClassHints(tree.attribute(block.element, "class"), tree.attribute(block.element, "id")) &
         kHintTitle) != 0;
    if (((level > 0 && level <= 5) || called) &&
        std::find(not_titles.begin(), not_titles.end(), Letters(page.text(block))) ==
            not_titles.end()) {
      return {std::string(page.text(block)), i};
    }
  }
  return {};
}

}  // namespace

static Headline FindTitleLine(const PageBlocks& page, std::string_view title);
static std::vector<std::string_view> TitleParts(std::string_view title);

Headline FindHeadline(const PageBlocks& page, const std::vector<std::string_view>& names,
                      const std::vector<std::string>& sites) {
  std::vector<std::string> known;
  for (const std::string_view name : names) {
    std::string letters = Letters(name);
    if (!letters.empty()) {
      known.push_back(std::move(letters));
    }
  }
  std::vector<std::string> not_titles;
  for (const std::string& site : sites) {
    not_titles.push_back(Letters(site));
  }
  if (!names.empty()) {
    // Of `Society | A long title` the short part is no title, though it may be a heading.
    const std::vector<std::string_view> parts = TitleParts(names.front());
    size_t longest = 0;
    for (const std::string_view part : parts) {
      longest = std::max(longest, text::WeightedLength(part));
    }
    for (const std::string_view part : parts) {
      if (text::WeightedLength(part) * 2 < longest) {
        not_titles.push_back(Letters(part));
      }
    }
  }
  Headline best;
  size_t best_size = 0, first_ones = 0, only = 0;
  const auto& blocks = page.blocks();
  for (size_t i = 0; i < blocks.size(); ++i) {
    const int level = text::HeadingLevel(blocks[i].tag);
    if (level == 0 || level > 5 || blocks[i].size > kMaxHeadline) {
      continue;
    }
    if (level == 1) {
      ++first_ones;
      only = i;
    }
    const std::string letters = Letters(page.text(blocks[i]));
    if (letters.size() < 4 || text::WeightedLength(letters) < kLeastHeadline ||
        letters.size() <= best_size ||
        std::find(not_titles.begin(), not_titles.end(), letters) != not_titles.end()) {
      continue;
    }
    const bool contained = std::any_of(known.begin(), known.end(), [&](const std::string& name) {
      return name.find(letters) != std::string::npos && letters.size() * 4 >= name.size();
    });
    if (contained) {
      best_size = letters.size();
      best = {std::string(page.text(blocks[i])), i};
    }
  }
  if (best.text.empty() || text::WeightedLength(best.text) < 2 * kLeastHeadline) {
    if (Headline dated = HeadingAboveDate(page, not_titles); !dated.text.empty()) {
      best = std::move(dated);
    }
  }
  if (best.text.empty() && first_ones == 1 &&
      std::find(not_titles.begin(), not_titles.end(), Letters(page.text(blocks[only]))) ==
          not_titles.end() &&
      blocks[only].weight >= 2 * kLeastHeadline) {
    best = {std::string(page.text(blocks[only])), only};
  }
  if (best.text.empty() && !names.empty()) {
    return FindTitleLine(page, names.front());
  }
  return best;
}

// Pages without headings: a line that is a whole part of the <title>.
static Headline FindTitleLine(const PageBlocks& page, std::string_view title) {
  Headline best;
  std::vector<std::string_view> parts = TitleParts(title);
  if (const size_t hyphen = title.rfind('-'); hyphen != std::string_view::npos) {
    parts.push_back(text::TrimBlank(title.substr(0, hyphen)));
  }
  for (const std::string_view part : parts) {
    if (text::WeightedLength(part) < 2 * kLeastHeadline || part.size() <= best.text.size()) {
      continue;
    }
    for (size_t i = 0; i < page.blocks().size(); ++i) {
      const PageBlock& block = page.blocks()[i];
      if (block.link_weight == 0 && page.text(block) == part) {
        best = {std::string(part), i};
        break;
      }
    }
  }
  return best;
}

std::string WithoutKicker(std::string_view heading, const std::vector<Candidate>& titles) {
  for (const Candidate& title : titles) {
    if (heading.size() > title.value.size() && heading.ends_with(title.value) &&
        text::WeightedLength(title.value) >= 2 * kLeastHeadline) {
      return title.value;
    }
  }
  return std::string(heading);
}

std::vector<std::string> SiteNames(const Candidates& meta, const Candidates& json_ld) {
  std::vector<std::string> names;
  for (const Candidates* part : {&meta, &json_ld}) {
    for (const Candidate& it : part->publishers) {
      names.push_back(it.value);
    }
  }
  return names;
}

// A <title> cut at what separates it from the site's name.
static std::vector<std::string_view> TitleParts(std::string_view title) {
  constexpr std::string_view kSeparators[] = {" | ", " - ", " – ", " — ", " :: ", " « ",
                                              " » ", "｜",  "|",   "_",   "--",   "——"};
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 0; i < title.size() && parts.size() < 16;) {
    size_t size = 0;
    for (const std::string_view separator : kSeparators) {
      if (title.substr(i).starts_with(separator)) {
        size = separator.size();
        break;
      }
    }
    if (size == 0) {
      ++i;
      continue;
    }
    parts.push_back(text::TrimBlank(title.substr(begin, i - begin)));
    i += size;
    begin = i;
  }
  parts.push_back(text::TrimBlank(title.substr(begin)));
  return parts;
}

std::string WithoutSiteName(std::string_view title, const std::vector<std::string>& sites) {
  // 标题-新华网: a bare hyphen counts when a medium's name follows it.
  if (const size_t hyphen = title.rfind('-');
      hyphen != std::string_view::npos && hyphen > 0 &&
      IsMediumName(text::TrimBlank(title.substr(hyphen + 1)))) {
    title = text::TrimBlank(title.substr(0, hyphen));
  }
  const std::vector<std::string_view> parts = TitleParts(title);
  // The longest part is the title; a part that names the site ends it, so that a title with a
  // separator of its own stays whole.
  std::string_view longest = parts.front();
  for (const std::string_view part : parts) {
    if (text::WeightedLength(part) > text::WeightedLength(longest)) {
      longest = part;
    }
  }
  for (size_t i = parts.size(); i-- > 1;) {
    const bool named = std::any_of(sites.begin(), sites.end(), [&](const std::string& site) {
      return !parts[i].empty() &&
             (site.find(parts[i]) != std::string::npos || parts[i].find(site) != std::string::npos);
    });
    const std::string_view head = text::TrimBlank(title.substr(
        0, static_cast<size_t>(parts[i - 1].data() + parts[i - 1].size() - title.data())));
    if (named && head.find(longest) != std::string_view::npos) {
      return std::string(head);
    }
  }
  return std::string(longest);
}

bool NamesSite(std::string_view title, std::string_view name) {
  const std::vector<std::string_view> parts = TitleParts(title);
  return parts.size() > 1 && !name.empty() &&
         (parts.front() == name || parts.back().starts_with(name));
}

std::string SiteInTitle(std::string_view title, std::string_view headline) {
  if (headline.empty()) {
    return {};
  }
  const std::string wanted = Letters(headline);
  for (const std::string_view separator :
       {"|", "｜", "_", " - ", " – ", " — ", " :: ", "--", "——", "-"}) {
    const size_t at = title.rfind(separator);
    if (at == std::string_view::npos) {
      continue;
    }
    const std::string_view site = text::TrimBlank(title.substr(at + separator.size()));
    const std::string head = Letters(title.substr(0, at));
    const size_t weight = text::WeightedLength(site);
    if (head.starts_with(wanted) && weight >= kLeastSite && weight <= kMostSite) {
      return std::string(site);
    }
  }
  return {};
}

bool IsMostlyDense(const PageBlocks& page) {
  uint64_t bytes = 0, dense = 0;
  for (const PageBlock& block : page.blocks()) {
    if (IsParagraph(block)) {
      const std::string_view line = page.text(block);
      bytes += line.size();
      // Kana, Han and Hangul begin with these bytes in UTF-8, and have three.
      dense += 3 * static_cast<uint64_t>(std::count_if(line.begin(), line.end(), [](char c) {
                 return static_cast<uint8_t>(c) >= 0xE3 && static_cast<uint8_t>(c) <= 0xED;
               }));
    }
  }
  return dense * 2 > bytes;
}

}  // namespace newswire::steps
