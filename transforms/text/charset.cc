// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/charset.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ustring.h>

#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kSampleBytes = size_t{64} << 10;  // for the guess from content
constexpr size_t kHeadBytes = size_t{512} << 10;   // how far a <head> is looked through
constexpr size_t kXmlDeclarationBytes = 1024;
// So many well-formed multi-byte characters to one ill-formed sequence are UTF-8 with damage.
constexpr size_t kDamagedUtf8Ratio = 50;

struct Label {
  std::string_view label;  // lower case
  const char* icu;         // the converter
  std::string_view name;   // what is reported
};

// WHATWG Encoding, section 4.2: labels to encodings, those the web uses.
constexpr std::array kLabels = {
    Label{"utf-8", "UTF-8", "UTF-8"},
    Label{"utf8", "UTF-8", "UTF-8"},
    Label{"unicode-1-1-utf-8", "UTF-8", "UTF-8"},
    Label{"gb2312", "gb18030", "GB18030"},
    Label{"gbk", "gb18030", "GB18030"},
    Label{"gb18030", "gb18030", "GB18030"},
    Label{"gb_2312-80", "gb18030", "GB18030"},
    Label{"gb_2312", "gb18030", "GB18030"},
    Label{"x-gbk", "gb18030", "GB18030"},
    Label{"chinese", "gb18030", "GB18030"},
    Label{"cp936", "gb18030", "GB18030"},
    Label{"euc-cn", "gb18030", "GB18030"},
    Label{"big5", "Big5-HKSCS", "Big5"},
    Label{"big5-hkscs", "Big5-HKSCS", "Big5"},
    Label{"cn-big5", "Big5-HKSCS", "Big5"},
    Label{"x-x-big5", "Big5-HKSCS", "Big5"},
    Label{"shift_jis", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"shift-jis", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"sjis", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"x-sjis", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"ms_kanji", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"windows-31j", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"cp932", "ibm-943_P15A-2003", "Shift_JIS"},
    Label{"euc-jp", "EUC-JP", "EUC-JP"},
    Label{"x-euc-jp", "EUC-JP", "EUC-JP"},
    Label{"iso-2022-jp", "ISO-2022-JP", "ISO-2022-JP"},
    Label{"euc-kr", "windows-949", "EUC-KR"},
    Label{"ks_c_5601-1987", "windows-949", "EUC-KR"},
    Label{"cp949", "windows-949", "EUC-KR"},
    Label{"korean", "windows-949", "EUC-KR"},
    Label{"windows-949", "windows-949", "EUC-KR"},
    Label{"iso-8859-1", "windows-1252", "windows-1252"},
    Label{"iso8859-1", "windows-1252", "windows-1252"},
    Label{"iso_8859-1", "windows-1252", "windows-1252"},
    Label{"latin1", "windows-1252", "windows-1252"},
    Label{"latin-1", "windows-1252", "windows-1252"},
    Label{"l1", "windows-1252", "windows-1252"},
    Label{"us-ascii", "windows-1252", "windows-1252"},
    Label{"ascii", "windows-1252", "windows-1252"},
    Label{"ansi_x3.4-1968", "windows-1252", "windows-1252"},
    Label{"windows-1252", "windows-1252", "windows-1252"},
    Label{"cp1252", "windows-1252", "windows-1252"},
    Label{"x-cp1252", "windows-1252", "windows-1252"},
    Label{"windows-1250", "windows-1250", "windows-1250"},
    Label{"cp1250", "windows-1250", "windows-1250"},
    Label{"windows-1251", "windows-1251", "windows-1251"},
    Label{"cp1251", "windows-1251", "windows-1251"},
    Label{"windows-1253", "windows-1253", "windows-1253"},
    Label{"windows-1254", "windows-1254", "windows-1254"},
    Label{"iso-8859-9", "windows-1254", "windows-1254"},
    Label{"latin5", "windows-1254", "windows-1254"},
    Label{"windows-1255", "windows-1255", "windows-1255"},
    Label{"windows-1256", "windows-1256", "windows-1256"},
    Label{"windows-1257", "windows-1257", "windows-1257"},
    Label{"windows-1258", "windows-1258", "windows-1258"},
    Label{"windows-874", "windows-874-2000", "windows-874"},
    Label{"tis-620", "windows-874-2000", "windows-874"},
    Label{"iso-8859-11", "windows-874-2000", "windows-874"},
    Label{"iso-8859-2", "iso-8859-2", "ISO-8859-2"},
    Label{"latin2", "iso-8859-2", "ISO-8859-2"},
    Label{"iso-8859-3", "iso-8859-3", "ISO-8859-3"},
    Label{"iso-8859-4", "iso-8859-4", "ISO-8859-4"},
    Label{"iso-8859-5", "iso-8859-5", "ISO-8859-5"},
    Label{"iso-8859-6", "iso-8859-6", "ISO-8859-6"},
    Label{"iso-8859-7", "iso-8859-7", "ISO-8859-7"},
    Label{"iso-8859-8", "iso-8859-8", "ISO-8859-8"},
    Label{"iso-8859-8-i", "iso-8859-8", "ISO-8859-8"},
    Label{"iso-8859-10", "iso-8859-10", "ISO-8859-10"},
    Label{"iso-8859-13", "iso-8859-13", "ISO-8859-13"},
    Label{"iso-8859-14", "iso-8859-14", "ISO-8859-14"},
    Label{"iso-8859-15", "iso-8859-15", "ISO-8859-15"},
    Label{"latin-9", "iso-8859-15", "ISO-8859-15"},
    Label{"iso-8859-16", "iso-8859-16", "ISO-8859-16"},
    Label{"koi8-r", "KOI8-R", "KOI8-R"},
    Label{"koi8-u", "KOI8-U", "KOI8-U"},
    Label{"ibm866", "ibm-866", "IBM866"},
    Label{"cp866", "ibm-866", "IBM866"},
    Label{"macintosh", "macintosh", "macintosh"},
    Label{"utf-16", "UTF-16LE", "UTF-16LE"},
    Label{"utf-16le", "UTF-16LE", "UTF-16LE"},
    Label{"utf-16be", "UTF-16BE", "UTF-16BE"},
};
constexpr Label kUtf8 = {"utf-8", "UTF-8", "UTF-8"};
constexpr Label kUtf16Le = {"utf-16le", "UTF-16LE", "UTF-16LE"};
constexpr Label kUtf16Be = {"utf-16be", "UTF-16BE", "UTF-16BE"};
constexpr Label kUtf32Le = {"utf-32le", "UTF-32LE", "UTF-32LE"};
constexpr Label kWindows1252 = {"windows-1252", "windows-1252", "windows-1252"};

std::optional<Label> FindLabel(std::string_view text) {
  const std::string wanted = ToLowerAscii(TrimBlank(text));
  const auto* found = std::ranges::find(kLabels, wanted, &Label::label);
  return found == kLabels.end() ? std::nullopt : std::optional(*found);
}

// The value after `key` and an equals sign, quoted or not: charset=gb2312, encoding="UTF-8".
std::string_view ValueAfter(std::string_view text, std::string_view lower_text,
                            std::string_view key) {
  for (size_t at = lower_text.find(key); at != std::string_view::npos;
       at = lower_text.find(key, at + 1)) {
    size_t begin = at + key.size();
    while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\t')) {
      ++begin;
    }
    if (begin >= text.size() || text[begin] != '=') {
      continue;
    }
    ++begin;
    while (begin < text.size() &&
           (text[begin] == ' ' || text[begin] == '"' || text[begin] == '\'')) {
      ++begin;
    }
    const size_t end = text.find_first_of(" \t\r\n\"';>/?,", begin);
    return text.substr(begin, std::min(end, text.size()) - begin);
  }
  return {};
}

std::optional<Label> FromContentType(std::string_view content_type) {
  if (content_type.empty()) {
    return std::nullopt;
  }
  return FindLabel(ValueAfter(content_type, ToLowerAscii(content_type), "charset"));
}

std::optional<Label> FromXmlDeclaration(std::string_view bytes) {
  const size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || !bytes.substr(start).starts_with("<?xml")) {
    return std::nullopt;
  }
  std::string_view declaration = bytes.substr(start, kXmlDeclarationBytes);
  declaration = declaration.substr(0, declaration.find("?>"));
  return FindLabel(ValueAfter(declaration, ToLowerAscii(declaration), "encoding"));
}

// The first <meta … charset=…> before the body.
std::optional<Label> FromMeta(std::string_view bytes) {
  const std::string head = ToLowerAscii(bytes.substr(0, kHeadBytes));
  const size_t body = std::min(head.find("<body"), head.size());
  for (size_t at = head.find("<meta"); at != std::string::npos && at < body;
       at = head.find("<meta", at + 1)) {
    const size_t end = std::min(head.find('>', at), head.size());
    const std::string_view tag = std::string_view(head).substr(at, end - at);
    if (const auto label = FindLabel(ValueAfter(tag, tag, "charset"))) {
      // A page that could be read up to its meta tag is not UTF-16 (WHATWG HTML, 13.2.3.2).
      return label->name.starts_with("UTF-16") ? kUtf8 : *label;
    }
  }
  return std::nullopt;
}

struct Converted {
  std::u16string text;
  size_t replaced = 0;
};

void CountReplacement(const void* context, UConverterToUnicodeArgs* args, const char*, int32_t,
                      UConverterCallbackReason reason, UErrorCode* error) {
  if (reason > UCNV_IRREGULAR) {
    return;
  }
  ++*static_cast<size_t*>(const_cast<void*>(context));  // NOLINT: how ICU hands back our own
  *error = U_ZERO_ERROR;
  const UChar replacement = 0xFFFD;
  ucnv_cbToUWriteUChars(args, &replacement, 1, 0, error);
}

std::optional<Converted> Convert(std::string_view bytes, const char* converter) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, decltype(&ucnv_close)> handle(ucnv_open(converter, &status),
                                                                  &ucnv_close);
  if (U_FAILURE(status)) {
    return std::nullopt;
  }
  Converted converted;
  ucnv_setToUCallBack(handle.get(), &CountReplacement, &converted.replaced, nullptr, nullptr,
                      &status);
  converted.text.resize(bytes.size() + 16);
  const char* source = bytes.data();
  size_t used = 0;
  while (true) {
    UChar* target = converted.text.data() + used;
    const UChar* limit = converted.text.data() + converted.text.size();
    status = U_ZERO_ERROR;
    ucnv_toUnicode(handle.get(), &target, limit, &source, bytes.data() + bytes.size(), nullptr,
                   /*flush=*/1, &status);
    used = static_cast<size_t>(target - converted.text.data());
    if (status != U_BUFFER_OVERFLOW_ERROR) {
      break;
    }
    converted.text.resize(converted.text.size() * 2);
  }
  if (U_FAILURE(status)) {
    return std::nullopt;
  }
  converted.text.resize(used);
  return converted;
}

std::string ToUtf8(std::u16string_view text) {
  std::string out;
  out.resize(text.size() * 3);
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<int32_t>(out.size()), &length, text.data(),
                     static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &status);
  out.resize(U_SUCCESS(status) ? static_cast<size_t>(length) : 0);
  return out;
}

// The most frequent characters of running Chinese, simplified and traditional; half of any text.
constexpr std::u16string_view kFrequentSimplified =
    u"的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    u"发"
    u"后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前"
    u"开但"
    u"因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并"
    u"物手"
    u"应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海"
    u"通教"
    u"儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反"
    u"受目"
    u"市场资投股证券金融价格银行企司";
constexpr std::u16string_view kFrequentTraditional =
    u"的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
    u"發"
    u"後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前"
    u"開但"
    u"因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並"
    u"物手"
    u"應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海"
    u"通教"
    u"市場資投股證券金融價格銀行企司";

bool IsFrequent(std::u16string_view set, char16_t c) {
  return set.find(c) != std::u16string_view::npos;
}

// How much the text reads like the language that its encoding was made for: the share of its
// non-ASCII characters that running text has most of; damage counts against it.
double Plausibility(std::u16string_view text, size_t replaced, std::string_view charset) {
  size_t foreign = 0;
  size_t good = 0;
  size_t bad = 0;
  for (const char16_t c : text) {
    if (c < 0x80) {
      continue;
    }
    ++foreign;
    if ((c >= 0xE000 && c <= 0xF8FF) || c == 0xFFFD || (c >= 0x80 && c < 0xA0) ||
        (c >= 0xFF61 && c <= 0xFF9F)) {
      ++bad;
    } else if (charset == "GB18030") {
      good += IsFrequent(kFrequentSimplified, c) ? 1 : 0;
    } else if (charset == "Big5") {
      good += IsFrequent(kFrequentTraditional, c) ? 1 : 0;
    } else if (charset == "EUC-KR") {
      good += c >= 0xAC00 && c <= 0xD7A3 ? 1 : 0;
    } else {
      good += c >= 0x3041 && c <= 0x30FA ? 1 : 0;
    }
  }
  if (foreign == 0) {
    return 0;
  }
  // Hangul and kana make up nearly all, and half, of their texts; the frequent Han a third of
  // theirs.
  const double expected = charset == "EUC-KR" ? 0.8 : 0.4;
  return (static_cast<double>(good) / expected - 10.0 * static_cast<double>(bad + replaced)) /
         static_cast<double>(foreign);
}

std::optional<Label> FromContent(std::string_view bytes) {
  constexpr std::array kCandidates = {"gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"};
  constexpr double kEnough = 0.35;
  std::string sample;  // what is not ASCII tells; the markup around it does not
  for (const char c : bytes) {
    if (sample.size() >= kSampleBytes) {
      break;
    }
    const auto byte = static_cast<uint8_t>(c);
    // Trail bytes of Big5 and Shift_JIS lie in ASCII: keep what follows a high byte.
    if (byte >= 0x80 || (!sample.empty() && static_cast<uint8_t>(sample.back()) >= 0x80)) {
      sample.push_back(c);
    }
  }
  std::optional<Label> best;
  double best_score = kEnough;
  for (const std::string_view name : kCandidates) {
    const Label label = *FindLabel(name);
    // The sample may end inside a character: that is not held against anyone.
    const auto converted = Convert(sample, label.icu);
    if (!converted) {
      continue;
    }
    const double score = Plausibility(converted->text, converted->replaced, label.name);
    if (score > best_score) {
      best = label;
      best_score = score;
    }
  }
  return best;
}

struct Utf8Census {
  size_t multibyte = 0;  // well-formed characters of more than one byte
  size_t ill_formed = 0;
};

Utf8Census TakeUtf8Census(std::string_view bytes) {
  Utf8Census census;
  for (size_t at = 0; at < bytes.size();) {
    if (static_cast<uint8_t>(bytes[at]) < 0x80) {
      ++at;
      continue;
    }
    const size_t before = at;
    const char32_t c = NextCodePoint(bytes, &at);
    const bool is_written_out = at - before == 3 && bytes[before] == '\xEF';  // U+FFFD itself
    if (c == 0xFFFD && !is_written_out) {
      ++census.ill_formed;
    } else {
      ++census.multibyte;
    }
  }
  return census;
}

void RemoveNul(std::string& text) {
  if (text.find('\0') != std::string::npos) {
    std::erase(text, '\0');
  }
}

DecodedText DecodeAs(std::string_view bytes, const Label& label, CharsetEvidence evidence) {
  DecodedText decoded;
  decoded.charset = label.name;
  decoded.evidence = evidence;
  if (label.name == "UTF-8") {
    decoded.text = MakeValidUtf8(bytes, &decoded.replaced);
  } else if (auto converted = Convert(bytes, label.icu)) {
    decoded.replaced = converted->replaced;
    decoded.text = ToUtf8(converted->text);
  } else {
    decoded.charset = "UTF-8";
    decoded.text = MakeValidUtf8(bytes, &decoded.replaced);
  }
  if (decoded.text.starts_with("\xEF\xBB\xBF")) {
    decoded.text.erase(0, 3);
  }
  RemoveNul(decoded.text);
  return decoded;
}

}  // namespace

std::string_view Name(CharsetEvidence evidence) {
  switch (evidence) {
    case CharsetEvidence::kBom:
      return "bom";
    case CharsetEvidence::kValidUtf8:
      return "valid_utf8";
    case CharsetEvidence::kHeader:
      return "header";
    case CharsetEvidence::kMeta:
      return "meta";
    case CharsetEvidence::kXmlDeclaration:
      return "xml_declaration";
    case CharsetEvidence::kContent:
      return "content";
    case CharsetEvidence::kFallback:
      return "fallback";
  }
  return "fallback";
}

DecodedText DecodeText(std::string_view bytes, std::string_view content_type) {
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    return DecodeAs(bytes.substr(3), kUtf8, CharsetEvidence::kBom);
  }
  if (bytes.starts_with(std::string_view("\xFF\xFE\0\0", 4))) {
    return DecodeAs(bytes.substr(4), kUtf32Le, CharsetEvidence::kBom);
  }
  if (bytes.starts_with("\xFF\xFE")) {
    return DecodeAs(bytes.substr(2), kUtf16Le, CharsetEvidence::kBom);
  }
  if (bytes.starts_with("\xFE\xFF")) {
    return DecodeAs(bytes.substr(2), kUtf16Be, CharsetEvidence::kBom);
  }
  // UTF-16 without a mark: every second byte of its markup is NUL.
  if (bytes.size() >= 4 && bytes[0] == '<' && bytes[1] == '\0' && bytes[3] == '\0') {
    return DecodeAs(bytes, kUtf16Le, CharsetEvidence::kContent);
  }
  if (bytes.size() >= 4 && bytes[0] == '\0' && bytes[1] == '<' && bytes[2] == '\0') {
    return DecodeAs(bytes, kUtf16Be, CharsetEvidence::kContent);
  }
  if (IsValidUtf8(bytes)) {
    // Pure ASCII with escapes may be ISO-2022-JP; nothing else is valid UTF-8 by chance.
    if (bytes.find("\x1B$") != std::string_view::npos) {
      return DecodeAs(bytes, *FindLabel("iso-2022-jp"), CharsetEvidence::kContent);
    }
    DecodedText decoded{
        .text = std::string(bytes), .charset = "UTF-8", .evidence = CharsetEvidence::kValidUtf8};
    RemoveNul(decoded.text);
    return decoded;
  }
  const Utf8Census census = TakeUtf8Census(bytes);
  if (census.multibyte > census.ill_formed * kDamagedUtf8Ratio) {
    return DecodeAs(bytes, kUtf8, CharsetEvidence::kValidUtf8);
  }
  // A declared UTF-8 is believed only when at least some of the text is: the label is often wrong.
  const auto believable = [&](const std::optional<Label>& label) {
    return label && (label->name != "UTF-8" || census.multibyte > census.ill_formed);
  };
  if (const auto label = FromContentType(content_type); believable(label)) {
    return DecodeAs(bytes, *label, CharsetEvidence::kHeader);
  }
  if (const auto label = FromXmlDeclaration(bytes); believable(label)) {
    return DecodeAs(bytes, *label, CharsetEvidence::kXmlDeclaration);
  }
  if (const auto label = FromMeta(bytes); believable(label)) {
    return DecodeAs(bytes, *label, CharsetEvidence::kMeta);
  }
  if (const auto label = FromContent(bytes)) {
    return DecodeAs(bytes, *label, CharsetEvidence::kContent);
  }
  return DecodeAs(bytes, kWindows1252, CharsetEvidence::kFallback);
}

}  // namespace newswire::text
