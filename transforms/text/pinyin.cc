// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/pinyin.h"

#include <array>
#include <cstdint>
#include <memory>

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kMaxBytes = 300;  // of a name; the rest is cut

struct Reading {
  std::string_view han, pinyin;
};

// Characters that are read differently in the words of names than ICU reads them alone. Longer
// words stand before the shorter ones they contain.
constexpr std::array kReadings = {
    Reading{"董事长", "dongshizhang"},
    Reading{"长三角", "changsanjiao"},
    Reading{"银行", "yinhang"},
    Reading{"央行", "yanghang"},
    Reading{"投行", "touhang"},
    Reading{"商行", "shanghang"},
    Reading{"农行", "nonghang"},
    Reading{"工行", "gonghang"},
    Reading{"建行", "jianhang"},
    Reading{"中行", "zhonghang"},
    Reading{"交行", "jiaohang"},
    Reading{"招行", "zhaohang"},
    Reading{"总行", "zonghang"},
    Reading{"分行", "fenhang"},
    Reading{"支行", "zhihang"},
    Reading{"行业", "hangye"},
    Reading{"行情", "hangqing"},
    Reading{"行长", "hangzhang"},
    Reading{"同行", "tonghang"},
    Reading{"校长", "xiaozhang"},
    Reading{"成长", "chengzhang"},
    Reading{"增长", "zengzhang"},
    Reading{"家长", "jiazhang"},
    Reading{"市长", "shizhang"},
    Reading{"部长", "buzhang"},
    Reading{"局长", "juzhang"},
    Reading{"站长", "zhanzhang"},
    Reading{"船长", "chuanzhang"},
    Reading{"厦门", "xiamen"},
    Reading{"重庆", "chongqing"},
    Reading{"重组", "chongzu"},
    Reading{"重构", "chonggou"},
    Reading{"重启", "chongqi"},
    Reading{"重塑", "chongsu"},
    Reading{"重阳", "chongyang"},
    Reading{"会计", "kuaiji"},
    Reading{"音乐", "yinyue"},
    Reading{"乐器", "yueqi"},
    Reading{"调查", "diaocha"},
    Reading{"调研", "diaoyan"},
    Reading{"调频", "tiaopin"},
    Reading{"朝阳", "chaoyang"},
    Reading{"朝闻", "zhaowen"},
    Reading{"今朝", "jinzhao"},
    Reading{"西藏", "xizang"},
    Reading{"藏族", "zangzu"},
    Reading{"青藏", "qingzang"},
    Reading{"率先", "shuaixian"},
    Reading{"效率", "xiaolv"},
    Reading{"单县", "shanxian"},
    Reading{"番禺", "panyu"},
    Reading{"蚌埠", "bengbu"},
    Reading{"六安", "luan"},
    Reading{"台州", "taizhou"},
    Reading{"丽水", "lishui"},
    Reading{"亳州", "bozhou"},
    Reading{"百色", "baise"},
    Reading{"的士", "dishi"},
    Reading{"朴素", "pusu"},
    Reading{"还看", "huankan"},
    Reading{"长", "chang"},
    Reading{"地", "di"},
    Reading{"都", "du"},
    Reading{"得", "de"},
    Reading{"曾", "zeng"},
};

// ICU's rules are compiled once; applying them is thread-safe.
const icu::Transliterator* HanToLatin() {
  static const std::unique_ptr<const icu::Transliterator> rules = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<const icu::Transliterator>(
        icu::Transliterator::createInstance("Han-Latin", UTRANS_FORWARD, status));
  }();
  return rules.get();
}

// zhōng guó -> zhongguo; ü is written v, as Chinese input methods do.
void AppendWithoutTones(const icu::UnicodeString& latin, std::string& out) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  const icu::UnicodeString parts = U_SUCCESS(status) ? nfd->normalize(latin, status) : latin;
  for (int32_t i = 0; i < parts.length(); i = parts.moveIndex32(i, 1)) {
    const UChar32 c = parts.char32At(i);
    if (c == 0x0308 && !out.empty() && out.back() == 'u') {
      out.back() = 'v';
    } else if (c < 0x80 && u_isalnum(c) != 0) {
      out.push_back(static_cast<char>(c));
    }
  }
}

}  // namespace

std::string Pinyin(std::string_view name) {
  name = TruncateToBytes(name, kMaxBytes);
  std::string out;
  icu::UnicodeString pending;  // what no table entry covers
  const auto flush = [&] {
    if (!pending.isEmpty() && HanToLatin() != nullptr) {
      HanToLatin()->transliterate(pending);
      AppendWithoutTones(pending, out);
      pending.remove();
    }
  };
  for (size_t at = 0; at < name.size();) {
    const Reading* known = nullptr;
    if (static_cast<uint8_t>(name[at]) >= 0x80) {
      for (const Reading& reading : kReadings) {
        if (name.substr(at).starts_with(reading.han)) {
          known = &reading;
          break;
        }
      }
    }
    if (known != nullptr) {
      flush();
      out += known->pinyin;
      at += known->han.size();
      continue;
    }
    const char32_t c = NextCodePoint(name, &at);
    if (c < 0x80) {
      flush();
      if (u_isalnum(static_cast<UChar32>(c)) != 0) {
        out.push_back(static_cast<char>(c));
      }
    } else {
      pending.append(static_cast<UChar32>(c));
    }
  }
  flush();
  return out;
}

}  // namespace newswire::text
