// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/credit.h"

#include <algorithm>
#include <array>

#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxName = 20;       // code points of a medium's name in brackets
constexpr size_t kMaxPublisher = 60;  // code points of a publisher in a credit line

constexpr std::array<std::string_view, 44> kEndings = {
    "报",     "网",     "社",   "新闻", "客户端", "中国", "财经", "周刊",   "电视",
    "卫视",   "通讯社", "在线", "资讯", "杂志",   "快讯", "头条", "新媒体", "融媒",
    "公众号", "微信",   "微博", "官微", "报道",   "广播", "日报", "时报",   "APP",
    "App",    "app",    "见闻", "周报", "月刊",   "导报", "导刊", "商学院", "观察",
    "传媒",   "频道",   "视频", "论坛", "电视台", "电台", "期刊", "信息",
};
constexpr std::array<std::string_view, 21> kKnown = {
    "央视", "每经",   "界面", "证券时报e公司", "e公司",    "第一财经",       "36氪",
    "Wind", "彭博",   "路透", "中新经纬",      "金十数据", "格隆汇",         "蓝鲸",
    "虎嗅", "钛媒体", "亿欧", "中证金牛座",    "金融界",   "证券市场红周刊", "华夏时报",
};
constexpr std::array<std::string_view, 6> kSourceLabels = {
    "文章来源", "信息来源", "稿件来源", "内容来源", "新闻来源", "来源",
};
constexpr std::array<std::string_view, 4> kAuthorLabels = {"作者", "记者", "撰文", "文"};

bool StripSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) {
    return false;
  }
  text.remove_suffix(suffix.size());
  return true;
}

bool StripPrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

bool StripColon(std::string_view& text) {
  text = text::TrimBlank(text);
  return StripPrefix(text, "：") || StripPrefix(text, ":");
}

void StripBrackets(std::string_view& text) {
  text = text::TrimBlank(text);
  for (const auto& [open, close] :
       {std::pair{"（", "）"}, std::pair{"(", ")"}, std::pair{"【", "】"}, std::pair{"[", "]"}}) {
    if (text.starts_with(open) && text.ends_with(close)) {
      StripPrefix(text, open);
      StripSuffix(text, close);
      text = text::TrimBlank(text);
      return;
    }
  }
}

bool EndsSentence(std::string_view text) {
  constexpr std::array<std::string_view, 16> kEnds = {"。", "！", "？", "；", "…", "”", "’",  "】",
                                                      "」", "》", ".",  "!",  "?", ";", "～", "\""};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return text.ends_with(end); });
}

// Position of the first of the labels that is followed by a colon; npos when there is none.
template <size_t kCount>
size_t FindLabel(std::string_view text, const std::array<std::string_view, kCount>& labels,
                 std::string_view* rest) {
  size_t best = std::string_view::npos;
  for (const std::string_view label : labels) {
    for (size_t at = text.find(label); at != std::string_view::npos;
         at = text.find(label, at + 1)) {
      std::string_view after = text.substr(at + label.size());
      if (StripColon(after) && at < best) {
        best = at;
        *rest = after;
      }
    }
  }
  return best;
}

}  // namespace

bool IsMediumName(std::string_view name) {
  const size_t length = text::CountCodePoints(name);
  if (length < 2 || length > kMaxName) {
    return false;
  }
  if (std::ranges::find(kKnown, name) != kKnown.end()) {
    return true;
  }
  // A sentence in brackets may end in 中国: names hold no punctuation.
  for (size_t at = 0; at < name.size();) {
    const char32_t c = text::NextCodePoint(name, &at);
    if (c == U'，' || c == U'。' || c == U'：' || c == U'；' || c == U'、' || c == U',' ||
        c == U'%' || c == U'（' || c == U'(' || c == U'？' || c == U'！' || c == U'“') {
      return false;
    }
  }
  return std::ranges::any_of(kEndings, [&](std::string_view ending) {
    return name.size() > ending.size() && name.ends_with(ending);
  });
}

std::optional<CreditedText> SplitTrailingCredit(std::string_view text) {
  std::string_view rest = text::TrimBlank(text);
  size_t open = std::string_view::npos;
  size_t open_bytes = 0;
  if (StripSuffix(rest, "）") || StripSuffix(rest, ")")) {
    const size_t wide = rest.rfind("（");
    const size_t ascii = rest.rfind('(');
    const bool is_wide =
        wide != std::string_view::npos && (ascii == std::string_view::npos || wide > ascii);
    open = is_wide ? wide : ascii;
    open_bytes = is_wide ? 3 : 1;
  }
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view name = text::TrimBlank(rest.substr(open + open_bytes));
  const bool labelled = std::ranges::any_of(kSourceLabels, [&](std::string_view label) {
    std::string_view after = name;
    if (StripPrefix(after, label) && StripColon(after)) {
      name = text::TrimBlank(after);
      return true;
    }
    return false;
  });
  const std::string_view before = text::TrimBlank(rest.substr(0, open));
  if (labelled) {
    return name.empty() ? std::nullopt : std::optional(CreditedText{before, name});
  }
  if (before.empty() || !EndsSentence(before) || !IsMediumName(name)) {
    return std::nullopt;
  }
  return CreditedText{before, name};
}

Credit ReadCredit(std::string_view line) {
  StripBrackets(line);
  Credit credit;
  std::string_view publisher;
  std::string_view authors;
  const size_t source_at = FindLabel(line, kSourceLabels, &publisher);
  const size_t author_at = FindLabel(line, kAuthorLabels, &authors);
  if (source_at == std::string_view::npos && author_at == std::string_view::npos) {
    credit.publisher = IsMediumName(line) ? text::CollapseBlank(line) : "";
    return credit;
  }
  // Whichever label comes second ends the value of the first.
  if (source_at < author_at && author_at != std::string_view::npos) {
    publisher =
        publisher.substr(0, static_cast<size_t>(line.data() + author_at - publisher.data()));
  } else if (author_at < source_at && source_at != std::string_view::npos) {
    authors = authors.substr(0, static_cast<size_t>(line.data() + source_at - authors.data()));
  }
  const auto clean = [](std::string_view value) {
    for (const std::string_view end :
         {"责任编辑", "责编", "编辑：", "（", "(", "）", ")", "|", "｜", "；", "\n"}) {
      value = value.substr(0, value.find(end));
    }
    return text::CollapseBlank(value);
  };
  credit.publisher = clean(publisher);
  if (text::CountCodePoints(credit.publisher) > kMaxPublisher) {
    credit.publisher.clear();
  }
  credit.authors = clean(authors);
  return credit;
}

}  // namespace newswire::steps
