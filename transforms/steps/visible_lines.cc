// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/visible_lines.h"

#include <algorithm>
#include <optional>

#include "transforms/steps/article_features.h"
#include "transforms/steps/credit.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxHeadline = 600;  // bytes
constexpr size_t kLeastHeadline = 8;  // Latin letters
constexpr size_t kLinesAbove = 4, kLinesBelow = 14;
constexpr size_t kMaxDateLine = 400;  // bytes
constexpr size_t kMaxMedium = 60;

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

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads digits at `*i`, between `least` and `most` of them; the number, or nothing.
std::optional<int> Number(std::string_view line, size_t* i, size_t least, size_t most) {
  size_t end = *i;
  int value = 0;
  while (end < line.size() && IsDigit(line[end]) && end - *i < most) {
    value = value * 10 + (line[end] - '0');
    ++end;
  }
  if (end - *i < least || (end < line.size() && IsDigit(line[end]))) {
    return std::nullopt;
  }
  *i = end;
  return value;
}

bool Skip(std::string_view line, size_t* i, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (line.substr(*i).starts_with(word)) {
      *i += word.size();
      return true;
    }
  }
  return false;
}

struct VisibleDate {
  std::string text;  // as it stands
  bool with_time = false;
};

// 2022-04-19 13:06(:03), 2022年4月19日 13:06, 2022/4/19, 2022.04.19: the first in the line.
std::optional<VisibleDate> FindNumericDate(std::string_view line) {
  for (size_t i = 0; i + 8 <= line.size(); ++i) {
    if (!IsDigit(line[i]) || (i > 0 && IsDigit(line[i - 1]))) {
      continue;
    }
    size_t at = i;
    const auto year = Number(line, &at, 4, 4);
    if (!year.has_value() || *year < 1995 || *year > 2100) {
      continue;
    }
    Skip(line, &at, {" "});
    if (!Skip(line, &at, {"-", "/", ".", "年", "－"})) {
      continue;
    }
    Skip(line, &at, {" "});
    const auto month = Number(line, &at, 1, 2);
    Skip(line, &at, {" "});
    if (!month.has_value() || *month < 1 || *month > 12 ||
        !Skip(line, &at, {"-", "/", ".", "月", "－"})) {
      continue;
    }
    Skip(line, &at, {" "});
    const auto day = Number(line, &at, 1, 2);
    if (!day.has_value() || *day < 1 || *day > 31) {
      continue;
    }
    Skip(line, &at, {"日", " 日"});
    VisibleDate date;
    size_t end = at;
    Skip(line, &at, {" ", "T"});
    Skip(line, &at,
         {"| ", "星期一 ", "星期二 ", "星期三 ", "星期四 ", "星期五 ", "星期六 ", "星期日 "});
    const size_t clock = at;
    if (Number(line, &at, 1, 2).has_value() && Skip(line, &at, {":", "：", "时"}) &&
        Number(line, &at, 2, 2).has_value()) {
      date.with_time = true;
      Skip(line, &at, {"分"});
      const size_t minutes = at;
      if (!(Skip(line, &at, {":", "："}) && Number(line, &at, 2, 2).has_value())) {
        at = minutes;
      }
      date.text =
          std::string(line.substr(i, end - i)) + ' ' + std::string(line.substr(clock, at - clock));
    } else {
      date.text = std::string(line.substr(i, end - i));
    }
    return date;
  }
  return std::nullopt;
}

// The value behind 来源： up to a blank or a bracket.
std::string ValueBehind(std::string_view line, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    size_t at = line.find(key);
    if (at == std::string_view::npos) {
      continue;
    }
    std::string_view value = text::TrimBlank(line.substr(at + key.size()));
    const size_t end = value.find_first_of(" |()[]");
    value = value.substr(0, end);
    for (const std::string_view stop :
         {"（", "）", "【", "】", "｜", "　", "作者", "时间", "责任", "编辑", "发布"}) {
      value = value.substr(0, value.find(stop));
    }
    if (!value.empty() && value.size() <= kMaxMedium) {
      return std::string(value);
    }
  }
  return {};
}

void Propose(std::vector<Candidate>& list, std::string value) {
  if (!value.empty() && list.size() < 8) {
    list.push_back({std::move(value), "visible"});
  }
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

void ReadLinesAround(const PageBlocks& page, const Headline& headline, Candidates& out) {
  const auto& blocks = page.blocks();
  size_t begin = 0, end = std::min<size_t>(blocks.size(), 80);
  if (!headline.text.empty()) {
    begin = headline.block > kLinesAbove ? headline.block - kLinesAbove : 0;
    end = std::min(blocks.size(), headline.block + kLinesBelow);
  }
  std::string day;
  const auto look = [&](size_t i) {
    const std::string_view line = page.text(blocks[i]);
    if (line.size() > kMaxDateLine) {
      return false;
    }
    const auto date = FindNumericDate(line);
    if (date.has_value() && date->with_time) {
      Propose(out.published, date->text);
      return true;
    }
    if (date.has_value() && day.empty() && line.size() < 120) {
      day = date->text;
    }
    return false;
  };
  const size_t start = headline.text.empty() ? begin : headline.block;
  bool found = false;
  for (size_t i = start; i < end && !found; ++i) {
    found = look(i);
  }
  for (size_t i = begin; i < start && !found; ++i) {
    found = look(i);
  }
  Propose(out.published, day);
  for (size_t i = begin; i < end; ++i) {
    const std::string_view line = page.text(blocks[i]);
    if (line.size() > kMaxDateLine) {
      continue;
    }
    if (out.publishers.size() < 2) {
      Propose(out.publishers, ValueBehind(line, {"来源：", "来源:", "來源：", "来源 ", "稿源："}));
    }
    if (out.authors.empty()) {
      Propose(out.authors, ValueBehind(line, {"作者：", "作者:", "文/", "文 / ", "记者："}));
    }
  }
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
