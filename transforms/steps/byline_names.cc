// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/byline_names.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "transforms/steps/credit.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kMaxMedium = 60;        // bytes of a source's name
constexpr size_t kMaxNames = 120;        // bytes of authors behind a label
constexpr size_t kMaxReporterHead = 60;  // bytes of a paragraph before （记者
constexpr size_t kMaxReporterLine = 90;  // bytes of a line that only names reporters
constexpr size_t kMaxMediumBefore = 36;  // bytes of the medium's name before 记者
constexpr size_t kMaxPlainName = 60;     // code points
constexpr size_t kMaxWords = 8;          // of a name written with blanks
constexpr size_t kMaxFirstWord = 120;    // bytes: what is longer is no name
constexpr size_t kMaxOffices = 8;        // words such as 通讯员 in a row of names

constexpr std::string_view kSourceLabels[] = {"来源：", "来源:",  "來源：", "來源:", "稿源：",
                                              "稿源:",  "出处：", "出处:",  "来源 ", "來源 "};
// Before 来源, these make it the source of something else.
constexpr std::string_view kOtherSources[] = {"图片", "图",   "数据", "资料",
                                              "照片", "視頻", "视频", "圖片"};
// What stands in the place of a name and is none.
constexpr std::string_view kNobody[] = {
    "网络",     "互联网", "网络整理", "综合", "本站",   "原创",   "未知",    "转载",
    "网友投稿", "本网",   "佚名",     "匿名", "管理员", "编辑部", "微信",    "微博",
    "admin",    "Admin",  "本站原创", "网站", "小编",   "官网",   "综合报道"};
constexpr std::string_view kAuthorLabels[] = {
    "作者：", "作者:", "作者/", "作者｜", "作者 | ", "文/",    "文 / ", "文｜",   "文 | ", "文丨",
    "撰文：", "撰文/", "撰文 ", "撰稿：", "撰稿/",   "采写：", "采写/", "记者：", "记者:", "记者/"};
// In front of a name they say what its bearer is.
constexpr std::string_view kOffices[] = {"通讯员", "实习生",   "摄影", "摄影记者", "实习记者",
                                         "特约",   "见习记者", "记者", "作者",     "评论员"};
constexpr std::string_view kBesideDate[] = {
    "发布时间", "发表时间", "更新时间", "时间", "发布于", "发表于", "发布", "日期", "原创",
    "更新",     "：",       ":",        "·",    "|",      "｜",     "-",    "—",    "•",
    "/",        "，",       ",",        "(",    ")",      "（",     "）"};

// What stands beside names in boxes of authors.
constexpr std::string_view kNoNames[] = {"Taboola",    "Outbrain",   "Sponsor",   "View ",
                                         "Updated by", "eviewed by", "Insights ", "More from",
                                         "Follow ",    "Read ",      "Learn ",    "Share"};

std::string_view TrimMarks(std::string_view text) {
  for (bool again = true; again;) {
    text = text::TrimBlank(text);
    again = false;
    for (const std::string_view mark : {"：", ":", "，", ",", "、", "|", "｜", "·", "•", "/"}) {
      if (text.starts_with(mark)) {
        text.remove_prefix(mark.size());
        again = true;
      }
      if (text.ends_with(mark)) {
        text.remove_suffix(mark.size());
        again = true;
      }
    }
  }
  return text;
}

bool IsHan(char32_t c) { return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF); }

// Hangul, Hiragana and Katakana: not a Chinese page.
bool HoldsHangulOrKana(std::string_view name) {
  for (size_t at = 0; at < name.size();) {
    const char32_t c = text::NextCodePoint(name, &at);
    if ((c >= 0x3040 && c <= 0x30FF) || (c >= 0xAC00 && c <= 0xD7AF)) {
      return true;
    }
  }
  return false;
}

std::string_view FirstWord(std::string_view text) {
  text = text.substr(0, kMaxFirstWord);
  size_t end = text.find_first_of(" |()[]<>,;");
  for (const std::string_view stop :
       {"（", "）", "【", "】", "｜", "　", "、", "，", "；", "。", "丨"}) {
    end = std::min(end, text.find(stop));
  }
  return text.substr(0, end);
}

// Chinese names with blanks or marks between them, as many as follow each other. `*rest` is what
// comes behind.
std::vector<std::string_view> HanNames(std::string_view text, std::string_view* rest) {
  std::vector<std::string_view> names;
  for (size_t words = 0; words < kMaxWords + kMaxOffices && names.size() < kMaxWords; ++words) {
    text = TrimMarks(text);
    std::string_view word = FirstWord(text);
    const std::string_view whole = word;
    for (const std::string_view office : kOffices) {
      if (word.starts_with(office) && word.size() >= office.size()) {
        word.remove_prefix(office.size());
      }
    }
    if (word.empty() && !whole.empty()) {
      text.remove_prefix(whole.size());  // 通讯员 alone: the name comes next
      continue;
    }
    if (!IsHanName(word)) {
      break;
    }
    names.push_back(word);
    text.remove_prefix(whole.size());
  }
  *rest = text;
  return names;
}

std::string Join(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) {
    out += out.empty() ? "" : "、";
    out += name;
  }
  return out;
}

// `Written by: Jane` less the words before the name.
std::string_view StripBy(std::string_view line) {
  static constexpr std::string_view kBy[] = {
      "written by",  "posted by", "published by", "story by", "words by", "text by", "article by",
      "reported by", "author",    "by",           "von",      "par",      "por",     "di",
      "door",        "av",        "af",           "przez",    "oleh",     "yazan",   "автор",
      "автори",      "tác giả",   "texte",        "text"};
  for (const std::string_view by : kBy) {
    if (line.size() <= by.size() || !(text::EqualsIgnoreAsciiCase(line.substr(0, by.size()), by) ||
                                      (by == "автор" && line.starts_with("Автор")))) {
      continue;
    }
    const std::string_view rest = line.substr(by.size());
    const bool label = by == "author" || by.starts_with("автор") || by.starts_with("text") ||
                       by == "tác giả" || by == "yazan";
    if (rest.starts_with(':')) {
      return text::TrimBlank(rest.substr(1));
    }
    if (rest.starts_with(' ') && !label) {
      const std::string_view name = text::TrimBlank(rest);
      return name.starts_with(':') ? text::TrimBlank(name.substr(1)) : name;
    }
    if (by.ends_with("by") && rest[0] >= 'A' && rest[0] <= 'Z' && line[by.size() - 1] == 'y') {
      return rest;  // the blank was between two elements
    }
  }
  return line;
}

// Where 来源： and its like begin in the line, and the value behind; npos when there is none.
size_t FindSourceLabel(std::string_view line, std::string_view* value) {
  for (const std::string_view label : kSourceLabels) {
    for (size_t at = line.find(label); at != std::string_view::npos;
         at = line.find(label, at + label.size())) {
      const std::string_view before = line.substr(0, at);
      const bool other = std::any_of(std::begin(kOtherSources), std::end(kOtherSources),
                                     [&](std::string_view what) { return before.ends_with(what); });
      if (!other) {
        *value = text::TrimBlank(line.substr(at + label.size()));
        return at;
      }
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool IsNobody(std::string_view name) {
  return std::find(std::begin(kNobody), std::end(kNobody), name) != std::end(kNobody);
}

bool IsHanName(std::string_view name) {
  size_t count = 0;
  for (size_t at = 0; at < name.size();) {
    if (!IsHan(text::NextCodePoint(name, &at)) || ++count > 4) {
      return false;
    }
  }
  return count >= 2 && !IsMediumName(name) && !IsNobody(name);
}

bool HasSourceLabel(std::string_view line) {
  std::string_view value;
  return FindSourceLabel(line, &value) != std::string_view::npos;
}

std::string LabelledSource(std::string_view line) {
  std::string_view value;
  if (FindSourceLabel(line, &value) == std::string_view::npos) {
    return {};
  }
  value = value.substr(0, value.find_first_of(" |()[]"));
  for (const std::string_view stop : {"（", "）", "【", "】", "｜", "　", "作者", "时间", "责任",
                                      "编辑", "发布", "阅读", "浏览", "字号", "记者", "；", "。"}) {
    value = value.substr(0, value.find(stop));
  }
  return value.size() <= kMaxMedium && !IsNobody(value) ? std::string(value) : std::string();
}

std::string LabelledAuthors(std::string_view line) {
  for (const std::string_view label : kAuthorLabels) {
    const size_t at = line.find(label);
    if (at == std::string_view::npos) {
      continue;
    }
    // 文/ and its like begin a line or a bracket: elsewhere they are the end of a word.
    const std::string_view before = line.substr(0, at);
    if (label.starts_with("文") && !before.empty() && !before.ends_with(" ") &&
        !before.ends_with("【") && !before.ends_with("（") && !before.ends_with("[") &&
        !before.ends_with("(")) {
      continue;
    }
    std::string_view value = text::TrimBlank(line.substr(at + label.size()));
    for (const std::string_view stop : {"】", "）", "]", ")", "来源", "时间", "编辑", "责编",
                                        "责任", "发布", "阅读", "浏览", "|", "｜", "。", "返回"}) {
      value = value.substr(0, value.find(stop));
    }
    value = text::TrimBlank(value);
    // 观察者网专栏作者 王文: the name stands behind what its bearer is.
    for (const std::string_view office : {"作者", "记者", "评论员"}) {
      if (const size_t behind = value.find(office); behind != std::string_view::npos) {
        std::string_view rest;
        if (const auto names = HanNames(value.substr(behind + office.size()), &rest);
            !names.empty()) {
          return Join(names);
        }
      }
    }
    std::string_view rest;
    if (const auto names = HanNames(value, &rest); names.size() > 1) {
      return Join(names);
    }
    value = value.substr(0, value.find_first_of(" ("));
    value = value.substr(0, value.find("（"));
    if (!value.empty() && value.size() <= kMaxNames) {
      return std::string(value);
    }
  }
  return {};
}

std::string ReporterIn(std::string_view line) {
  const std::string_view mark = "记者";
  const size_t at = line.find(mark);
  if (at == std::string_view::npos || at > kMaxReporterHead) {
    return {};
  }
  const std::string_view before = line.substr(0, at);
  const size_t wide = before.rfind("（"), ascii = before.rfind('(');
  std::string_view rest;
  const auto names = HanNames(line.substr(at + mark.size()), &rest);
  if (names.empty()) {
    return {};
  }
  if (wide != std::string_view::npos || ascii != std::string_view::npos) {
    const std::string_view inside =
        before.substr(wide != std::string_view::npos ? wide + 3 : ascii + 1);
    const bool closed = rest.starts_with("）") || rest.starts_with(")");
    return closed && inside.size() <= kMaxMediumBefore && before.find("。") == before.npos
               ? Join(names)
               : std::string();
  }
  const bool alone =
      rest.empty() && line.size() <= kMaxReporterLine && before.size() <= kMaxMediumBefore;
  // What goes on without a blank may be a sentence: 记者获悉.
  const bool apart = line.substr(at + mark.size()).starts_with(' ') ||
                     line.substr(at + mark.size()).starts_with("：") ||
                     line.substr(at + mark.size()).starts_with(":") ||
                     line.substr(at + mark.size()).starts_with("　");
  return alone && apart ? Join(names) : std::string();
}

std::optional<std::pair<std::string, std::string>> SplitNameAndMedium(std::string_view line) {
  const size_t slash = line.find('/');
  if (slash == std::string_view::npos || line.find('/', slash + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view name = text::TrimBlank(line.substr(0, slash));
  const std::string_view medium = text::TrimBlank(line.substr(slash + 1));
  if (!IsHanName(name) || !IsMediumName(medium)) {
    return std::nullopt;
  }
  return std::pair(std::string(name), std::string(medium));
}

std::string NameBesideDate(std::string_view line, size_t begin, size_t end) {
  const auto strip = [](std::string_view part) {
    for (bool again = true; again;) {
      part = text::TrimBlank(part);
      again = false;
      for (const std::string_view word : kBesideDate) {
        if (part.starts_with(word)) {
          part.remove_prefix(word.size());
          again = true;
        }
      }
    }
    return part;
  };
  for (const std::string_view part : {line.substr(0, begin), line.substr(end)}) {
    std::string_view name = FirstWord(strip(part));
    for (const std::string_view mark : {"：", ":", "·", "|"}) {
      while (name.ends_with(mark)) {
        name.remove_suffix(mark.size());
      }
    }
    if (name.empty()) {
      continue;
    }
    const size_t weight = text::WeightedLength(name);
    const bool digits = name.find_first_of("0123456789") == 0;
    if (weight >= 4 && weight <= 24 && !digits && !HoldsHangulOrKana(name) && !IsNobody(name) &&
        name.find("阅读") == name.npos && name.find("浏览") == name.npos &&
        name.find("字号") == name.npos && name.find("评论") == name.npos &&
        name.find("分享") == name.npos && name.find("作者") == name.npos &&
        name.find("编辑") == name.npos && name.find("星期") == name.npos &&
        name.find("点击") == name.npos && name.find("举报") == name.npos &&
        name.find("次数") == name.npos && name.find("位置") == name.npos) {
      return std::string(name);
    }
    if (begin > 0) {
      break;
    }
  }
  return {};
}

std::string NameBehindBy(std::string_view line) {
  std::string_view rest = StripBy(line);
  if (rest.size() == line.size()) {
    return {};
  }
  rest = rest.substr(0, rest.find_first_of("|0123456789([/:;"));
  for (const std::string_view stop :
       {" • ", " · ", " on ", " in ", " for ", " at ", " - ", " – ", " — ", " Published",
        " Updated", " Last", " Posted", "•", "·", "｜"}) {
    rest = rest.substr(0, rest.find(stop));
  }
  rest = TrimMarks(rest);
  size_t words = 0;
  for (size_t at = 0; at < rest.size(); ++words) {
    const size_t blank = std::min(rest.find(' ', at), rest.size());
    const std::string_view word = rest.substr(at, blank - at);
    const bool particle = word == "and" || word == "und" || word == "et" || word == "y" ||
                          word == "e" || word == "von" || word == "van" || word == "de" ||
                          word == "der" || word == "den" || word == "di" || word == "da" ||
                          word == "del" || word == "la" || word == "le" || word == "&";
    if (word.empty() || (word[0] >= 'a' && word[0] <= 'z' && !particle)) {
      return {};
    }
    at = blank + 1;
  }
  return words >= 2 && words <= kMaxWords ? PlainName(rest) : std::string();
}

std::string PlainName(std::string_view text) {
  std::string_view name = TrimMarks(text);
  name = TrimMarks(StripBy(name));
  for (const std::string_view label :
       {"作者：", "作者:", "记者：", "文/", "来源：", "来源:", "撰文："}) {
    if (name.starts_with(label)) {
      name = TrimMarks(name.substr(label.size()));
    }
  }
  const bool other = name.find_first_of("0123456789@|{}<>?!#=:") != std::string_view::npos ||
                     name.find("://") != std::string_view::npos ||
                     name.find(". ") != std::string_view::npos || IsNobody(name) ||
                     text::CountCodePoints(name) > kMaxPlainName ||
                     text::WeightedLength(name) < 4 ||
                     std::count(name.begin(), name.end(), ' ') >= static_cast<int>(kMaxWords);
  const bool no_name =
      std::any_of(std::begin(kNoNames), std::end(kNoNames),
                  [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
  return other || no_name ? std::string() : std::string(name);
}

}  // namespace newswire::steps
