// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>

#include "transforms/steps/article_features.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

// Longer lines are prose, whatever words they begin with.
constexpr size_t kMaxLine = 480;
// Where words in the middle tell; longer lines may speak of such things.
constexpr size_t kMaxNotice = 240;

// Lower case; a line that begins so is no part of an article.
constexpr std::string_view kBoilerplateStarts[] = {"©",
                                                   "(c) ",
                                                   "copyright",
                                                   "all rights reserved",
                                                   "advertisement",
                                                   "read more",
                                                   "read also",
                                                   "read next",
                                                   "read the full",
                                                   "related",
                                                   "see also",
                                                   "more:",
                                                   "more from",
                                                   "more on",
                                                   "most read",
                                                   "most popular",
                                                   "trending",
                                                   "you may also",
                                                   "recommended",
                                                   "sign up",
                                                   "subscribe",
                                                   "log in",
                                                   "login",
                                                   "register",
                                                   "follow us",
                                                   "follow @",
                                                   "like us",
                                                   "join our",
                                                   "download our",
                                                   "get our",
                                                   "click here",
                                                   "continue reading",
                                                   "story continues",
                                                   "article continues",
                                                   "comments",
                                                   "leave a comment",
                                                   "leave a reply",
                                                   "post a comment",
                                                   "view comments",
                                                   "add comment",
                                                   "filed under",
                                                   "tags:",
                                                   "topics:",
                                                   "posted in",
                                                   "this article was",
                                                   "originally published",
                                                   "back to top",
                                                   "skip to",
                                                   "about the author",
                                                   "about us",
                                                   "contact us",
                                                   "terms of",
                                                   "privacy policy",
                                                   "cookie",
                                                   "we use cookies",
                                                   "newsletter",
                                                   "watch:",
                                                   "video:",
                                                   "listen:",
                                                   "photos:",
                                                   "gallery:",
                                                   "next article",
                                                   "previous article",
                                                   "next post",
                                                   "previous post",
                                                   "loading",
                                                   "report a typo",
                                                   "lesen sie",
                                                   "mehr zum thema",
                                                   "weiterlesen",
                                                   "anzeige",
                                                   "lire aussi",
                                                   "a lire aussi",
                                                   "à lire aussi",
                                                   "publicité",
                                                   "lee también",
                                                   "leer más",
                                                   "publicidad",
                                                   "leggi anche",
                                                   "pubblicità",
                                                   "leia também",
                                                   "leia mais",
                                                   "publicidade",
                                                   "lees ook",
                                                   "advertentie",
                                                   "czytaj także",
                                                   "reklama",
                                                   "läs också",
                                                   "læs også",
                                                   "les også",
                                                   "annonse",
                                                   "annons",
                                                   "читайте также",
                                                   "реклама",
                                                   "читайте",
                                                   "責任編輯",
                                                   "责任编辑",
                                                   "责编",
                                                   "编辑：",
                                                   "编辑:",
                                                   "(责任编辑",
                                                   "（责任编辑",
                                                   "【责任编辑",
                                                   "[责任编辑",
                                                   "(编辑",
                                                   "（编辑",
                                                   "免责声明",
                                                   "版权声明",
                                                   "版权所有",
                                                   "特别声明",
                                                   "声明：",
                                                   "郑重声明",
                                                   "风险提示：本",
                                                   "相关阅读",
                                                   "相关新闻",
                                                   "相关报道",
                                                   "相关推荐",
                                                   "相关文章",
                                                   "延伸阅读",
                                                   "推荐阅读",
                                                   "更多阅读",
                                                   "猜你喜欢",
                                                   "热门推荐",
                                                   "热点新闻",
                                                   "热点推荐",
                                                   "为你推荐",
                                                   "大家都在看",
                                                   "阅读原文",
                                                   "查看原文",
                                                   "点击查看",
                                                   "点击进入",
                                                   "点击下载",
                                                   "扫码",
                                                   "扫描",
                                                   "扫一扫",
                                                   "长按",
                                                   "关注我们",
                                                   "欢迎关注",
                                                   "微信扫",
                                                   "下载",
                                                   "打开app",
                                                   "举报",
                                                   "分享到",
                                                   "分享至",
                                                   "分享：",
                                                   "返回首页",
                                                   "返回搜狐",
                                                   "返回列表",
                                                   "返回顶部",
                                                   "上一篇",
                                                   "下一篇",
                                                   "我要评论",
                                                   "发表评论",
                                                   "网友评论",
                                                   "全部评论",
                                                   "登录后",
                                                   "收藏",
                                                   "打印",
                                                   "关键词：",
                                                   "标签：",
                                                   "标签:",
                                                   "关键词:",
                                                   "本文标签",
                                                   "海量资讯",
                                                   "更多精彩",
                                                   "更多内容",
                                                   "精彩推荐",
                                                   "今日热点",
                                                   "24小时",
                                                   "新浪财经公众号",
                                                   "関連記事",
                                                   "あわせて読みたい",
                                                   "おすすめ",
                                                   "関連リンク",
                                                   "続きを読む",
                                                   "관련기사",
                                                   "저작권자",
                                                   "무단전재",
                                                   "ⓒ"};

// Anywhere in the line.
constexpr std::string_view kBoilerplateInside[] = {"all rights reserved",
                                                   "responsible editor",
                                                   "cookie policy",
                                                   "privacy policy",
                                                   "terms of use",
                                                   "terms of service",
                                                   "sign up for",
                                                   "newsletter",
                                                   "subscribe to",
                                                   "follow us on",
                                                   "click here to",

                                                   "版权所有",
                                                   "未经授权",
                                                   "未经许可",
                                                   "转载请注明",
                                                   "仅代表作者",
                                                   "不代表本",
                                                   "公众号",
                                                   "二维码",
                                                   "客户端下载",
                                                   "违法和不良信息",
                                                   "责任编辑",
                                                   "原标题",
                                                   "本文来源",
                                                   "文章来源",
                                                   "联系我们",
                                                   "举报电话",
                                                   "icp备",
                                                   "许可证",
                                                   "無断転載"};

constexpr std::string_view kShareWords[] = {
    "share",    "tweet",    "facebook",  "twitter", "email", "print",
    "whatsapp", "linkedin", "pinterest", "reddit",  "save",  "copy link",
    "分享",     "微信",     "微博",      "qq空间",  "朋友圈"};

constexpr std::string_view kCreditStarts[] = {
    "photo",    "image", "picture", "credit", "(photo",   "photograph", "getty",    "ap photo",
    "reuters/", "foto",  "bild",    "crédit", "图片来源", "图源",       "图：",     "图/",
    "图为",     "图说",  "摄影",    "资料图", "来源：",   "来源:",      "文章来源", "供图",
    "（图",     "△",     "▲",       "写真",   "撮影",     "사진",       "フォト"};

// Phrases sorted, with the place where those of each first byte begin: a line is compared with the
// few that begin as it does.
template <size_t kCount>
struct Phrases {
  std::array<std::string_view, kCount> sorted{};
  std::array<uint16_t, 257> begin{};

  constexpr explicit Phrases(const std::string_view (&given)[kCount]) {
    std::copy(std::begin(given), std::end(given), sorted.begin());
    std::sort(sorted.begin(), sorted.end(), [](std::string_view x, std::string_view y) {
      return static_cast<uint8_t>(x[0]) < static_cast<uint8_t>(y[0]);
    });
    size_t at = 0;
    for (size_t byte = 0; byte <= 256; ++byte) {
      while (at < kCount && static_cast<uint8_t>(sorted[at][0]) < byte) {
        ++at;
      }
      begin[byte] = static_cast<uint16_t>(at);
    }
  }

  bool StartOf(std::string_view line) const {
    if (line.empty()) {
      return false;
    }
    const auto byte = static_cast<uint8_t>(line[0]);
    for (size_t i = begin[byte]; i < begin[byte + 1]; ++i) {
      if (line.starts_with(sorted[i])) {
        return true;
      }
    }
    return false;
  }

  // Anywhere in the line, but not inside a Latin word.
  bool Inside(std::string_view line) const {
    bool in_word = false;
    for (size_t i = 0; i < line.size(); ++i) {
      const auto byte = static_cast<uint8_t>(line[i]);
      const bool letter = byte >= 'a' && byte <= 'z';
      if ((!letter || !in_word) && begin[byte] != begin[byte + 1] && StartOf(line.substr(i))) {
        return true;
      }
      in_word = letter;
    }
    return false;
  }
};

constexpr Phrases kStarts(kBoilerplateStarts);
constexpr Phrases kInside(kBoilerplateInside);
constexpr Phrases kShares(kShareWords);
constexpr Phrases kCredits(kCreditStarts);

std::string_view WithoutOpening(std::string_view line) {
  for (const std::string_view open :
       {"【", "（", "(", "[", "*", "※", "▶", "●", "■", "▼", "☞", "→"}) {
    if (line.starts_with(open)) {
      return text::TrimBlank(line.substr(open.size()));
    }
  }
  return line;
}

// A year and a colon between digits, or a year, month and day: what a date line is made of.
bool HoldsDate(std::string_view line) {
  size_t run = 0, numbers = 0;
  bool year = false, clock = false;
  for (size_t i = 0; i <= line.size(); ++i) {
    const bool digit = i < line.size() && line[i] >= '0' && line[i] <= '9';
    if (digit) {
      ++run;
      continue;
    }
    if (run > 0) {
      ++numbers;
      year = year ||
             (run == 4 && (line.compare(i - 4, 2, "19") == 0 || line.compare(i - 4, 2, "20") == 0));
      clock = clock || (run <= 2 && i + 2 < line.size() && line[i] == ':' && line[i + 1] >= '0' &&
                        line[i + 1] <= '5');
    }
    run = 0;
  }
  return (year && numbers >= 2) || clock;
}

constexpr std::string_view kSentenceEnds[] = {".",  "!", "?", "。", "！", "？", "…", "”",  "\"",
                                              "」", "।", "؟", "）", ")",  "’",  "»", "；", ";"};

}  // namespace

LineHints ReadLine(std::string_view line) {
  LineHints hints;
  hints.ends_sentence = std::any_of(std::begin(kSentenceEnds), std::end(kSentenceEnds),
                                    [&](std::string_view end) { return line.ends_with(end); });
  hints.ends_colon = line.ends_with(":") || line.ends_with("：");
  if (line.size() > kMaxLine) {
    return hints;
  }
  std::array<char, kMaxLine> lower{};
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  const std::string_view text(lower.data(), line.size());
  hints.boilerplate =
      kStarts.StartOf(WithoutOpening(text)) || (text.size() <= kMaxNotice && kInside.Inside(text));
  hints.credit = kCredits.StartOf(text);
  hints.share = text.size() < 60 && kShares.StartOf(text);
  hints.date = text.size() < 120 && HoldsDate(text);
  return hints;
}

}  // namespace newswire::steps
