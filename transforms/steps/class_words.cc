// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/class_words.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace newswire::steps {
namespace {

struct Word {
  std::string_view word;
  uint16_t hints;
};

// Sorted.
constexpr Word kWords[] = {
    {"a11y", kHintHidden},
    {"abstract", kHintSummary},
    {"ad", kHintAdvert},
    {"adbox", kHintAdvert},
    {"addthis", kHintShare},
    {"addtoany", kHintShare},
    {"ads", kHintAdvert},
    {"adsense", kHintAdvert},
    {"adslot", kHintAdvert},
    {"adv", kHintAdvert},
    {"advert", kHintAdvert},
    {"advertisement", kHintAdvert},
    {"advertising", kHintAdvert},
    {"adverts", kHintAdvert},
    {"adwrap", kHintAdvert},
    {"affiliate", kHintAdvert},
    {"alert", kHintSignup},
    {"also", kHintRelated},
    {"app", kHintSignup},
    {"appdownload", kHintSignup},
    {"artibody", kHintContent},
    {"article", kHintContent},
    {"articlebody", kHintContent},
    {"articlecontent", kHintContent},
    {"articlemeta", kHintByline},
    {"articletext", kHintContent},
    {"aside", kHintSidebar},
    {"assistive", kHintHidden},
    {"author", kHintByline},
    {"authorbio", kHintByline},
    {"authorinfo", kHintByline},
    {"authors", kHintByline},
    {"banner", kHintAdvert},
    {"bdshare", kHintShare},
    {"bianji", kHintByline},
    {"biaoti", kHintTitle},
    {"bio", kHintByline},
    {"body", kHintContent},
    {"bodytext", kHintContent},
    {"bottom", kHintFooter},
    {"bottominfo", kHintFooter},
    {"box", kHintSidebar},
    {"bread", kHintNavigation},
    {"breadcrumb", kHintNavigation},
    {"breadcrumbs", kHintNavigation},
    {"byline", kHintByline},
    {"bylines", kHintByline},
    {"caption", kHintCaption},
    {"captions", kHintCaption},
    {"card", kHintRelated},
    {"cards", kHintRelated},
    {"carousel", kHintRelated},
    {"chapo", kHintSummary},
    {"colophon", kHintFooter},
    {"comment", kHintComment},
    {"commentarea", kHintComment},
    {"commentlist", kHintComment},
    {"comments", kHintComment},
    {"commercial", kHintAdvert},
    {"complementary", kHintSidebar},
    {"consent", kHintSignup},
    {"cont", kHintContent},
    {"content", kHintContent},
    {"contenttext", kHintContent},
    {"contributor", kHintByline},
    {"contributors", kHintByline},
    {"cookie", kHintSignup},
    {"cookies", kHintSignup},
    {"copyright", kHintFooter},
    {"coral", kHintComment},
    {"correction", kHintFooter},
    {"corrections", kHintFooter},
    {"credit", kHintCaption},
    {"credits", kHintCaption},
    {"crumb", kHintNavigation},
    {"crumbs", kHintNavigation},
    {"cta", kHintSignup},
    {"daodu", kHintSummary},
    {"date", kHintByline},
    {"dateline", kHintByline},
    {"datetime", kHintByline},
    {"deck", kHintSummary},
    {"declare", kHintFooter},
    {"dek", kHintSummary},
    {"description", kHintSummary},
    {"detail", kHintContent},
    {"dfp", kHintAdvert},
    {"dialog", kHintSignup},
    {"disclaim", kHintFooter},
    {"disclaimer", kHintFooter},
    {"disqus", kHintComment},
    {"donate", kHintSignup},
    {"donation", kHintSignup},
    {"download", kHintSignup},
    {"editor", kHintByline},
    {"endmark", kHintFooter},
    {"entry", kHintContent},
    {"entrycontent", kHintContent},
    {"entrymeta", kHintByline},
    {"erweima", kHintShare},
    {"excerpt", kHintSummary},
    {"facebook", kHintShare},
    {"factbox", kHintSidebar},
    {"fbcomments", kHintComment},
    {"fenxiang", kHintShare},
    {"figcaption", kHintCaption},
    {"follow", kHintShare},
    {"foot", kHintFooter},
    {"footer", kHintFooter},
    {"form", kHintSignup},
    {"gallery", kHintCaption},
    {"gdpr", kHintSignup},
    {"gg", kHintAdvert},
    {"guanggao", kHintAdvert},
    {"hd", kHintTitle},
    {"header", kHintTitle},
    {"heading", kHintTitle},
    {"headline", kHintTitle},
    {"hed", kHintTitle},
    {"hentry", kHintContent},
    {"hidden", kHintHidden},
    {"hide", kHintHidden},
    {"hot", kHintRelated},
    {"hotnews", kHintRelated},
    {"image", kHintCaption},
    {"imagecaption", kHintCaption},
    {"imgcaption", kHintCaption},
    {"imprint", kHintFooter},
    {"info", kHintByline},
    {"infobar", kHintByline},
    {"infobox", kHintSidebar},
    {"intro", kHintSummary},
    {"invisible", kHintHidden},
    {"jiathis", kHintShare},
    {"journalist", kHintByline},
    {"jp", kHintRelated},
    {"jump", kHintNavigation},
    {"kicker", kHintNavigation},
    {"laiyuan", kHintByline},
    {"latest", kHintRelated},
    {"lead", kHintSummary},
    {"lede", kHintSummary},
    {"leftbar", kHintSidebar},
    {"legal", kHintFooter},
    {"lightbox", kHintSignup},
    {"listing", kHintRelated},
    {"livefyre", kHintComment},
    {"location", kHintNavigation},
    {"login", kHintSignup},
    {"main", kHintContent},
    {"maincontent", kHintContent},
    {"mainnav", kHintNavigation},
    {"masthead", kHintTitle},
    {"menu", kHintNavigation},
    {"menus", kHintNavigation},
    {"meta", kHintByline},
    {"mianbao", kHintNavigation},
    {"modal", kHintSignup},
    {"module", kHintSidebar},
    {"more", kHintRelated},
    {"morenews", kHintRelated},
    {"moreon", kHintRelated},
    {"most", kHintRelated},
    {"mostread", kHintRelated},
    {"mostviewed", kHintRelated},
    {"nav", kHintNavigation},
    {"navbar", kHintNavigation},
    {"navigation", kHintNavigation},
    {"newsletter", kHintSignup},
    {"newsletters", kHintSignup},
    {"newslist", kHintRelated},
    {"next", kHintNavigation},
    {"nextup", kHintRelated},
    {"notice", kHintSignup},
    {"optin", kHintSignup},
    {"outbrain", kHintRelated},
    {"overlay", kHintSignup},
    {"pager", kHintNavigation},
    {"pages", kHintNavigation},
    {"pagination", kHintNavigation},
    {"paging", kHintNavigation},
    {"photo", kHintCaption},
    {"photocredit", kHintCaption},
    {"picture", kHintCaption},
    {"pinglun", kHintComment},
    {"policy", kHintFooter},
    {"popular", kHintRelated},
    {"popup", kHintSignup},
    {"post", kHintContent},
    {"postbody", kHintContent},
    {"postcontent", kHintContent},
    {"postmeta", kHintByline},
    {"prev", kHintNavigation},
    {"prevnext", kHintNavigation},
    {"promo", kHintRelated},
    {"promos", kHintRelated},
    {"promotion", kHintRelated},
    {"prose", kHintContent},
    {"pubdate", kHintByline},
    {"published", kHintByline},
    {"pubtime", kHintByline},
    {"qrcode", kHintShare},
    {"rail", kHintSidebar},
    {"rank", kHintRelated},
    {"ranking", kHintRelated},
    {"readalso", kHintRelated},
    {"readmore", kHintRelated},
    {"recirc", kHintRelated},
    {"recirculation", kHintRelated},
    {"recommend", kHintRelated},
    {"recommendation", kHintRelated},
    {"recommendations", kHintRelated},
    {"recommended", kHintRelated},
    {"register", kHintSignup},
    {"registration", kHintSignup},
    {"relate", kHintRelated},
    {"related", kHintRelated},
    {"relatednews", kHintRelated},
    {"relatedposts", kHintRelated},
    {"replies", kHintComment},
    {"reply", kHintComment},
    {"reporter", kHintByline},
    {"respond", kHintComment},
    {"richtext", kHintContent},
    {"right", kHintSidebar},
    {"rightbar", kHintSidebar},
    {"rightcol", kHintSidebar},
    {"rightrail", kHintSidebar},
    {"screenreader", kHintHidden},
    {"share", kHintShare},
    {"sharebar", kHintShare},
    {"sharebox", kHintShare},
    {"sharedaddy", kHintShare},
    {"shares", kHintShare},
    {"sharethis", kHintShare},
    {"sharetool", kHintShare},
    {"sharetools", kHintShare},
    {"sharing", kHintShare},
    {"shengming", kHintFooter},
    {"side", kHintSidebar},
    {"sidebar", kHintSidebar},
    {"sidebars", kHintSidebar},
    {"sidecol", kHintSidebar},
    {"signin", kHintSignup},
    {"signup", kHintSignup},
    {"single", kHintContent},
    {"siteinfo", kHintFooter},
    {"sitemap", kHintNavigation},
    {"skip", kHintNavigation},
    {"slider", kHintCaption},
    {"slideshow", kHintCaption},
    {"social", kHintShare},
    {"socials", kHintShare},
    {"source", kHintByline},
    {"sponsor", kHintAdvert},
    {"sponsored", kHintAdvert},
    {"sponsors", kHintAdvert},
    {"sr", kHintHidden},
    {"sronly", kHintHidden},
    {"standfirst", kHintSummary},
    {"statement", kHintFooter},
    {"story", kHintContent},
    {"storybody", kHintContent},
    {"storycontent", kHintContent},
    {"subhead", kHintTitle},
    {"submenu", kHintNavigation},
    {"subnav", kHintNavigation},
    {"subscribe", kHintSignup},
    {"subtitle", kHintTitle},
    {"subtitle2", kHintSummary},
    {"suggest", kHintRelated},
    {"suggested", kHintRelated},
    {"suggestions", kHintRelated},
    {"summary", kHintSummary},
    {"tab", kHintNavigation},
    {"taboola", kHintRelated},
    {"tabs", kHintNavigation},
    {"tag", kHintNavigation},
    {"taglist", kHintNavigation},
    {"tags", kHintNavigation},
    {"teaser", kHintRelated},
    {"teasers", kHintRelated},
    {"teasertext", kHintSummary},
    {"terms", kHintFooter},
    {"text", kHintContent},
    {"thumb", kHintCaption},
    {"thumbnail", kHintCaption},
    {"time", kHintByline},
    {"timestamp", kHintByline},
    {"title", kHintTitle},
    {"toc", kHintNavigation},
    {"toolbar", kHintNavigation},
    {"tools", kHintNavigation},
    {"topics", kHintNavigation},
    {"topnav", kHintNavigation},
    {"trending", kHintRelated},
    {"tuijian", kHintRelated},
    {"twitter", kHintShare},
    {"txt", kHintContent},
    {"updated", kHintByline},
    {"upnext", kHintRelated},
    {"viafoura", kHintComment},
    {"visuallyhidden", kHintHidden},
    {"wechat", kHintShare},
    {"weibo", kHintShare},
    {"weixin", kHintShare},
    {"wenzhang", kHintContent},
    {"whatsapp", kHintShare},
    {"widget", kHintSidebar},
    {"widgets", kHintSidebar},
    {"writer", kHintByline},
    {"xiangguan", kHintRelated},
    {"yarpp", kHintRelated},
    {"zebian", kHintByline},
    {"zergnet", kHintRelated},
    {"zhaiyao", kHintSummary},
    {"zhengwen", kHintContent},
};
constexpr size_t kLongestWord = 15;

// A word's bytes as two numbers, which tell it apart from every other one; no byte of it is zero.
struct WordKey {
  uint64_t head = 0, tail = 0;
  size_t size = 0;

  constexpr void Add(char c) {
    uint64_t& part = size < sizeof(head) ? head : tail;
    part = part << 8 | static_cast<uint8_t>(c);
    ++size;
  }
  constexpr size_t Slot() const {
    return (head * 0x9E3779B97F4A7C15U ^ tail * 0xC2B2AE3D27D4EB4FU) >> (64 - kSlotBits);
  }
  constexpr bool operator==(const WordKey&) const = default;

  static constexpr int kSlotBits = 10;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
};
static_assert(2 * std::size(kWords) < WordKey::kSlots);

struct WordTable {
  std::array<WordKey, WordKey::kSlots> keys{};  // empty ones have no size
  std::array<uint16_t, WordKey::kSlots> hints{};
};

// Open addressing, built at compile time.
constexpr WordTable kTable = [] {
  WordTable table;
  for (const Word& it : kWords) {
    WordKey key;
    for (const char c : it.word) {
      key.Add(c);
    }
    size_t slot = key.Slot();
    while (table.keys[slot].size != 0) {
      slot = (slot + 1) % WordKey::kSlots;
    }
    table.keys[slot] = key;
    table.hints[slot] = it.hints;
  }
  return table;
}();

uint16_t Find(const WordKey& word) {
  for (size_t slot = word.Slot(); kTable.keys[slot].size != 0;
       slot = (slot + 1) % WordKey::kSlots) {
    if (kTable.keys[slot] == word) {
      return kTable.hints[slot];
    }
  }
  return 0;
}

uint16_t HintsOf(std::string_view names) {
  uint16_t hints = 0;
  WordKey word;
  bool too_long = false, after_lower = false;
  const auto finish = [&] {
    if (word.size > 1 && !too_long) {
      hints |= Find(word);
    }
    word = {};
    too_long = false;
  };
  for (const char c : names) {
    const bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    if ((!lower && !upper) || (upper && after_lower)) {
      finish();
    }
    after_lower = lower;
    if (!lower && !upper) {
      continue;
    }
    if (word.size == kLongestWord) {
      too_long = true;
      continue;
    }
    word.Add(upper ? static_cast<char>(c + ('a' - 'A')) : c);
  }
  finish();
  return hints;
}

}  // namespace

uint16_t ClassHints(std::string_view class_names, std::string_view id) {
  constexpr size_t kMaxNames = 512;
  return static_cast<uint16_t>(HintsOf(class_names.substr(0, kMaxNames)) |
                               HintsOf(id.substr(0, kMaxNames)));
}

}  // namespace newswire::steps
