// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/edge_lines.h"

#include <algorithm>
#include <span>

#include "transforms/steps/article_features.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxCreditLine = 150;  // bytes
constexpr size_t kMaxEdgeLine = 480;    // bytes
constexpr size_t kLeastExcerpt = 24;    // bytes

bool StartsWithAny(std::string_view line, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return line.starts_with(word); });
}

constexpr std::string_view kOpenBrackets[] = {"（", "(", "【", "[", "［"};
constexpr std::string_view kCloseBrackets[] = {"）", ")", "】", "]", "］"};

std::string_view WithoutBrackets(std::string_view line) {
  for (const std::string_view open : kOpenBrackets) {
    if (line.starts_with(open)) {
      line.remove_prefix(open.size());
      break;
    }
  }
  for (const std::string_view close : kCloseBrackets) {
    if (line.ends_with(close)) {
      line.remove_suffix(close.size());
      break;
    }
  }
  return text::TrimBlank(line);
}

constexpr std::string_view kEnds[] = {"…", "...", "。", ".", " "};

std::string_view WithoutEnd(std::string_view text) {
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view end : kEnds) {
      if (text.ends_with(end)) {
        text.remove_suffix(end.size());
        cut = true;
      }
    }
  }
  return text;
}

// The next character that is no blank; empty at the end.
std::string_view Next(std::string_view& text) {
  while (!text.empty()) {
    size_t size = 0;
    const char32_t code_point = text::NextCodePoint(text, &size);
    const std::string_view one = text.substr(0, size);
    text.remove_prefix(size);
    if (!text::IsBlank(code_point)) {
      return one;
    }
  }
  return {};
}

constexpr std::string_view kTopStarts[] = {
    "来源：",   "来源:",    "来源 ",  "时间：",    "时间:",      "发布时间",     "发表时间",
    "发布于",   "作者：",   "作者:",  "字号",      "字体",       "原标题",       "（原标题",
    "(原标题",  "【原标题", "编辑：", "责编：",    "责任编辑",   "记者：",       "阅读：",
    "阅读量",   "浏览",     "点击：", "点击数",    "评论",       "分享",         "当前位置",
    "您的位置", "首页 >",   "首页>",  "Posted on", "Published:", "Published on", "Last updated",
    "Updated:", "By "};

}  // namespace

bool SameWords(std::string_view a, std::string_view b) {
  a = WithoutEnd(text::TrimBlank(a));
  b = WithoutEnd(text::TrimBlank(b));
  if (a.empty() || b.empty()) {
    return false;
  }
  for (;;) {
    const std::string_view one = Next(a), other = Next(b);
    if (one != other) {
      return false;
    }
    if (one.empty()) {
      return true;
    }
  }
}

bool BeginsWithWords(std::string_view text, std::string_view excerpt) {
  excerpt = WithoutEnd(text::TrimBlank(excerpt));
  if (excerpt.size() < kLeastExcerpt && !SameWords(text, excerpt)) {
    return false;
  }
  for (;;) {
    const std::string_view want = Next(excerpt);
    if (want.empty()) {
      return true;
    }
    if (Next(text) != want) {
      return false;
    }
  }
}

bool IsAddress(std::string_view line, std::string_view url) {
  if (!line.starts_with("http://") && !line.starts_with("https://")) {
    return false;
  }
  return line.find(' ') == std::string_view::npos && (line == url || url.starts_with(line));
}

bool IsWayBack(std::string_view line) {
  if (line.size() > kMaxEdgeLine) {
    return false;
  }
  while (!line.empty()) {
    if (!line.starts_with("返回")) {
      return false;
    }
    size_t end = std::min(line.find("｜"), line.find_first_of(" |"));
    if (end == std::string_view::npos) {
      return true;
    }
    line.remove_prefix(end);
    while (line.starts_with("｜") || line.starts_with(" ") || line.starts_with("|")) {
      line.remove_prefix(line[0] == '\xEF' ? 3 : 1);
    }
  }
  return true;
}

bool IsCreditLine(std::string_view line) {
  if (line.size() > kMaxCreditLine) {
    return false;
  }
  std::string_view inner = WithoutBrackets(line);
  for (const std::string_view word : {"文章", "本文", "稿件", "信息", "新闻", "资料", "稿源"}) {
    if (inner.starts_with(word) && inner.size() > word.size()) {
      inner.remove_prefix(word == "稿源" ? 0 : word.size());
      break;
    }
  }
  for (const std::string_view word :
       {"来源：", "来源:", "来源于：", "稿源：", "來源：", "Source:"}) {
    if (inner.starts_with(word)) {
      const std::string_view medium = inner.substr(word.size());
      return !medium.empty() && medium.find("。") == std::string_view::npos;
    }
  }
  return false;
}

bool IsPhotoCredit(std::string_view line) {
  constexpr std::string_view kStarts[] = {
      "图片来源：", "图片来源:", "图源：",   "图源:", "图片来自", "图/",
      "图片：",     "来源图片",  "图片源自", "图：",  "配图来源"};
  const std::string_view inner = WithoutBrackets(line);
  return inner.size() <= kMaxCreditLine && StartsWithAny(inner, kStarts) &&
         inner.find("。") == std::string_view::npos;
}

bool IsSubheading(std::string_view line, size_t max_code_points) {
  return text::CountCodePoints(line) <= max_code_points &&
         line.find("。") == std::string_view::npos && !line.ends_with("：") &&
         !line.ends_with(":") && !line.ends_with("；") && !line.ends_with(".");
}

bool IsTopLine(std::string_view line) {
  if (line.size() > kMaxEdgeLine) {
    return false;
  }
  const LineHints hints = ReadLine(line);
  if (hints.share) {
    return true;
  }
  if (line.find("。") != std::string_view::npos) {
    return false;
  }
  return (line.size() < 120 && StartsWithAny(line, kTopStarts)) ||
         (hints.date && line.size() < 80 && !hints.ends_sentence);
}

bool IsBottomLine(std::string_view line) {
  if (line.size() > kMaxEdgeLine) {
    return false;
  }
  const LineHints hints = ReadLine(line);
  return hints.boilerplate || hints.share || IsCreditLine(line);
}

}  // namespace newswire::steps
