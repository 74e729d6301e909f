// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/markup.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "transforms/formats/entities.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

enum class Shape : uint8_t { kUnknown, kInline, kBlock, kHidden };

struct Element {
  std::string_view name;
  Shape shape;
  bool is_void = false;
};

// Sorted by name. What is not listed is no HTML element; it separates words all the same.
constexpr auto kElements = std::to_array<Element>({
    {"a", Shape::kInline},
    {"abbr", Shape::kInline},
    {"acronym", Shape::kInline},
    {"address", Shape::kBlock},
    {"applet", Shape::kBlock},
    {"area", Shape::kBlock, true},
    {"article", Shape::kBlock},
    {"aside", Shape::kBlock},
    {"audio", Shape::kInline},
    {"b", Shape::kInline},
    {"base", Shape::kBlock, true},
    {"bdi", Shape::kInline},
    {"bdo", Shape::kInline},
    {"big", Shape::kInline},
    {"blockquote", Shape::kBlock},
    {"body", Shape::kBlock},
    {"br", Shape::kBlock, true},
    {"button", Shape::kInline},
    {"canvas", Shape::kInline},
    {"caption", Shape::kBlock},
    {"center", Shape::kBlock},
    {"cite", Shape::kInline},
    {"code", Shape::kInline},
    {"col", Shape::kBlock, true},
    {"colgroup", Shape::kBlock},
    {"dd", Shape::kBlock},
    {"del", Shape::kInline},
    {"details", Shape::kBlock},
    {"dfn", Shape::kInline},
    {"dir", Shape::kBlock},
    {"div", Shape::kBlock},
    {"dl", Shape::kBlock},
    {"dt", Shape::kBlock},
    {"em", Shape::kInline},
    {"embed", Shape::kInline, true},
    {"fieldset", Shape::kBlock},
    {"figcaption", Shape::kBlock},
    {"figure", Shape::kBlock},
    {"font", Shape::kInline},
    {"footer", Shape::kBlock},
    {"form", Shape::kBlock},
    {"h1", Shape::kBlock},
    {"h2", Shape::kBlock},
    {"h3", Shape::kBlock},
    {"h4", Shape::kBlock},
    {"h5", Shape::kBlock},
    {"h6", Shape::kBlock},
    {"head", Shape::kBlock},
    {"header", Shape::kBlock},
    {"hr", Shape::kBlock, true},
    {"html", Shape::kBlock},
    {"i", Shape::kInline},
    {"iframe", Shape::kHidden},
    {"img", Shape::kInline, true},
    {"input", Shape::kInline, true},
    {"ins", Shape::kInline},
    {"kbd", Shape::kInline},
    {"label", Shape::kInline},
    {"legend", Shape::kBlock},
    {"li", Shape::kBlock},
    {"link", Shape::kBlock, true},
    {"main", Shape::kBlock},
    {"map", Shape::kInline},
    {"mark", Shape::kInline},
    {"math", Shape::kInline},
    {"menu", Shape::kBlock},
    {"meta", Shape::kBlock, true},
    {"nav", Shape::kBlock},
    {"nobr", Shape::kInline},
    {"noscript", Shape::kBlock},
    {"object", Shape::kInline},
    {"ol", Shape::kBlock},
    {"option", Shape::kBlock},
    {"p", Shape::kBlock},
    {"param", Shape::kInline, true},
    {"picture", Shape::kInline},
    {"pre", Shape::kBlock},
    {"q", Shape::kInline},
    {"rb", Shape::kInline},
    {"rp", Shape::kInline},
    {"rt", Shape::kInline},
    {"ruby", Shape::kInline},
    {"s", Shape::kInline},
    {"samp", Shape::kInline},
    {"script", Shape::kHidden},
    {"section", Shape::kBlock},
    {"select", Shape::kHidden},
    {"small", Shape::kInline},
    {"source", Shape::kInline, true},
    {"span", Shape::kInline},
    {"strike", Shape::kInline},
    {"strong", Shape::kInline},
    {"style", Shape::kHidden},
    {"sub", Shape::kInline},
    {"summary", Shape::kBlock},
    {"sup", Shape::kInline},
    {"svg", Shape::kHidden},
    {"table", Shape::kBlock},
    {"tbody", Shape::kBlock},
    {"td", Shape::kBlock},
    {"textarea", Shape::kHidden},
    {"tfoot", Shape::kBlock},
    {"th", Shape::kBlock},
    {"thead", Shape::kBlock},
    {"time", Shape::kInline},
    {"title", Shape::kBlock},
    {"tr", Shape::kBlock},
    {"track", Shape::kInline, true},
    {"tt", Shape::kInline},
    {"u", Shape::kInline},
    {"ul", Shape::kBlock},
    {"var", Shape::kInline},
    {"video", Shape::kInline},
    {"wbr", Shape::kInline, true},
});
static_assert(std::ranges::is_sorted(kElements, {}, &Element::name));

constexpr size_t kLongestElement = 10;

constexpr auto kLinkAttributes = std::to_array<std::string_view>(
    {"action", "background", "cite", "data-original", "data-src", "data-srcset", "formaction",
     "href", "longdesc", "poster", "src", "srcset", "usemap"});
static_assert(std::ranges::is_sorted(kLinkAttributes));
constexpr std::string_view kLinkInitials = "abcdfhlpsu";
constexpr size_t kLongestLinkAttribute = 13;  // data-original

constexpr size_t kKeyBytes = 8;
constexpr uint64_t WithLength(uint64_t key, size_t length) {
  return key ^ (static_cast<uint64_t>(length) << 59);
}

// A name's first eight bytes and its length as one number: names are told apart by it alone.
constexpr uint64_t NameKey(std::string_view name) {
  uint64_t key = 0;
  for (size_t i = 0; i < name.size() && i < kKeyBytes; ++i) {
    key = key << 8 | static_cast<unsigned char>(name[i]);
  }
  return WithLength(key, name.size());
}

constexpr size_t kSlots = 512;
constexpr size_t SlotOf(uint64_t key) { return (key * 0x9E3779B97F4A7C15U) >> 55; }

struct ElementTable {
  std::array<uint64_t, kSlots> keys{};
  std::array<uint8_t, kSlots> elements{};
};

// Open addressing, built at compile time.
constexpr ElementTable kTable = [] {
  ElementTable table;
  for (size_t i = 0; i < kElements.size(); ++i) {
    const uint64_t key = NameKey(kElements[i].name);
    size_t slot = SlotOf(key);
    while (table.keys[slot] != 0) {
      slot = (slot + 1) % kSlots;
    }
    table.keys[slot] = key;
    table.elements[slot] = static_cast<uint8_t>(i);
  }
  return table;
}();

const Element* FindElement(uint64_t key, std::string_view lower_name) {
  for (size_t slot = SlotOf(key); kTable.keys[slot] != 0; slot = (slot + 1) % kSlots) {
    if (kTable.keys[slot] == key) {
      const Element& element = kElements[kTable.elements[slot]];
      const bool same = element.name.size() == lower_name.size() &&
                        (lower_name.size() <= kKeyBytes || element.name == lower_name);
      return same ? &element : nullptr;
    }
  }
  return nullptr;
}

bool IsAlpha(char byte) {
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'z';
}

bool IsSpace(char byte) {
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r' || byte == '\f';
}

// A tag, comment or declaration at `text[0] == '<'`.
struct Token {
  enum class Kind : uint8_t { kText, kOpen, kClose, kOther, kCdata };
  Kind kind = Kind::kText;
  size_t length = 0;       // in the text, `<` and `>` included
  size_t name_length = 0;  // the name follows `<` or `</`
  const Element* element = nullptr;
};

size_t EndOf(std::string_view text, std::string_view terminator, size_t from) {
  const size_t at = text.find(terminator, from);
  return at == std::string_view::npos ? text.size() : at + terminator.size();
}

// The offset after the `>` that ends a tag; quotes in attribute values are honoured where they
// close. npos when the tag never ends.
size_t EndOfTag(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size()) {
    const char byte = text[at];
    if (byte == '>') {
      return at + 1;
    }
    if ((byte == '"' || byte == '\'') && at > 0 && (text[at - 1] == '=' || IsSpace(text[at - 1]))) {
      const size_t close = text.find(byte, at + 1);
      if (close != std::string_view::npos) {
        at = close;
      }
    }
    ++at;
  }
  return std::string_view::npos;
}

Token ReadToken(std::string_view text) {
  if (text.size() < 2) {
    return {};
  }
  if (text[1] == '!') {
    if (text.starts_with("<!--")) {
      return {.kind = Token::Kind::kOther, .length = EndOf(text, "-->", 4)};
    }
    if (text.starts_with("<![CDATA[")) {
      return {.kind = Token::Kind::kCdata, .length = EndOf(text, "]]>", 9)};
    }
  }
  if (text[1] == '!' || text[1] == '?') {
    return {.kind = Token::Kind::kOther, .length = EndOf(text, ">", 2)};
  }
  const bool closing = text[1] == '/';
  const size_t name_begin = closing ? 2 : 1;
  if (name_begin >= text.size() || !IsAlpha(text[name_begin])) {
    return {};
  }
  std::array<char, kLongestElement> lower;
  uint64_t key = 0;
  size_t end = name_begin;
  for (; end < text.size(); ++end) {
    const char byte = text[end];
    if (IsSpace(byte) || byte == '>' || byte == '/') {
      break;
    }
    const size_t index = end - name_begin;
    const char small = static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
    if (index < lower.size()) {
      lower[index] = small;
      key = index < kKeyBytes ? key << 8 | static_cast<unsigned char>(small) : key;
    }
  }
  Token token{.kind = closing ? Token::Kind::kClose : Token::Kind::kOpen,
              .name_length = end - name_begin};
  if (token.name_length <= lower.size()) {
    token.element =
        FindElement(WithLength(key, token.name_length), {lower.data(), token.name_length});
  }
  if (end < text.size() && text[end] == '>') {
    token.length = end + 1;
    return token;
  }
  const size_t tag_end = EndOfTag(text, end);
  token.length = tag_end == std::string_view::npos ? text.size() : tag_end;
  return token;
}

// The length of a hidden element's content and end tag after its start tag.
size_t HiddenLength(std::string_view after_tag, std::string_view name) {
  for (size_t at = after_tag.find("</"); at != std::string_view::npos;
       at = after_tag.find("</", at + 2)) {
    const std::string_view found = after_tag.substr(at + 2, name.size());
    if (text::EqualsIgnoreAsciiCase(found, name)) {
      return EndOf(after_tag, ">", at + 2 + name.size());
    }
  }
  return after_tag.size();
}

// Writes text with runs of ASCII white space made one space; what is not ASCII is left to the
// caller's last pass. What is written is never longer than the markup it is taken from: a separator
// stands for a tag, and a reference is longer than its character.
class TextSink {
 public:
  explicit TextSink(char* out) : begin_(out), out_(out) {}

  void Separate() { pending_ = out_ != begin_; }
  void Append(std::string_view run) {
    const char* at = run.data();
    const char* const end = at + run.size();
    while (at < end) {
      if (end - at >= kBlock && IsPlain(at)) {
        if (*at == ' ' && (pending_ || out_ == begin_)) {
          ++at;
          continue;
        }
        at = CopyBlock(at);
      } else if (static_cast<unsigned char>(*at) <= ' ') {
        Separate();
        ++at;
      } else {
        Flush();
        non_ascii_ |= static_cast<unsigned char>(*at);
        *out_++ = *at++;
      }
    }
  }
  size_t size() const { return static_cast<size_t>(out_ - begin_); }
  bool ascii() const { return (non_ascii_ & kHighBits) == 0; }

 private:
  static constexpr uint64_t kOnes = 0x0101010101010101U;
  static constexpr uint64_t kHighBits = kOnes * 0x80;

  static constexpr std::ptrdiff_t kBlock = 8;

  void Flush() {
    if (pending_) {
      *out_++ = ' ';
      pending_ = false;
    }
  }

  // Eight bytes without a control character and without two spaces in a row.
  static bool IsPlain(const char* at) {
    uint64_t block = 0;
    std::memcpy(&block, at, sizeof block);
    const uint64_t upper = block & (kOnes * 0xE0);
    const uint64_t control = (upper - kOnes) & ~upper & kHighBits;
    const uint64_t other = block ^ (kOnes * ' ');
    const uint64_t space = ~(((other & ~kHighBits) + ~kHighBits) | other) & kHighBits;
    return (control | (space & (space >> 8))) == 0;
  }

  const char* CopyBlock(const char* at) {
    uint64_t block = 0;
    std::memcpy(&block, at, sizeof block);
    Flush();
    std::memcpy(out_, &block, sizeof block);
    non_ascii_ |= block;
    out_ += kBlock;
    if (at[kBlock - 1] == ' ') {  // more white space may follow, or nothing
      --out_;
      pending_ = true;
    }
    return at + kBlock;
  }

  char* begin_;
  char* out_;
  uint64_t non_ascii_ = 0;
  bool pending_ = false;
};

void AppendWithReferences(std::string_view run, TextSink& sink) {
  std::string decoded;
  while (!run.empty()) {
    const size_t ampersand = std::min(run.find('&'), run.size());
    sink.Append(run.substr(0, ampersand));
    run.remove_prefix(ampersand);
    if (run.empty()) {
      break;
    }
    decoded.clear();
    const ReferenceMatch match = AppendReference(run, decoded);
    sink.Append(match.length == 0 ? run.substr(0, 1) : std::string_view(decoded));
    run.remove_prefix(std::max<size_t>(match.length, 1));
  }
}

// Whether `<word ...>` is to be shown as it stands.
bool IsLiteral(const Token& token, std::string_view text, MarkupKind kind) {
  if (token.kind == Token::Kind::kText) {
    return true;
  }
  if (kind != MarkupKind::kGuess) {
    return false;
  }
  const bool tag = token.kind == Token::Kind::kOpen || token.kind == Token::Kind::kClose;
  return tag && (token.element == nullptr || text[token.length - 1] != '>');
}

std::string DecodeReferences(std::string_view value) {
  std::string decoded;
  decoded.reserve(value.size());
  while (!value.empty()) {
    const size_t ampersand = std::min(value.find('&'), value.size());
    decoded += value.substr(0, ampersand);
    value.remove_prefix(ampersand);
    if (value.empty()) {
      break;
    }
    // A bare `&copy=1` in a URL is no reference: only what ends in `;` counts here.
    std::string character;
    const ReferenceMatch match = AppendReference(value, character);
    if (match.length == 0 || value[match.length - 1] != ';') {
      decoded += '&';
      value.remove_prefix(1);
    } else {
      decoded += character;
      value.remove_prefix(match.length);
    }
  }
  return decoded;
}

std::string ResolveSrcset(std::string_view srcset, const LinkBase& base) {
  std::string out;
  while (!srcset.empty()) {
    const size_t begin = srcset.find_first_not_of(" \t\r\n\f,");
    if (begin == std::string_view::npos) {
      break;
    }
    srcset.remove_prefix(begin);
    size_t url_end = std::min(srcset.find_first_of(" \t\r\n\f"), srcset.size());
    const bool comma = srcset[url_end - 1] == ',';
    const std::string_view url = srcset.substr(0, comma ? url_end - 1 : url_end);
    std::string_view descriptor;
    if (!comma) {
      const size_t end = std::min(srcset.find(',', url_end), srcset.size());
      descriptor = text::TrimBlank(srcset.substr(url_end, end - url_end));
      url_end = end;
    }
    if (!out.empty()) {
      out += ", ";
    }
    out += base.Resolve(url);
    if (!descriptor.empty()) {
      out += ' ';
      out += descriptor;
    }
    srcset.remove_prefix(url_end);
  }
  return out;
}

bool NeedsBase(std::string_view attribute, std::string_view value) {
  if (attribute.ends_with("srcset")) {
    return !value.empty();
  }
  const size_t begin = value.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && !HasScheme(value.substr(begin));
}

void AppendAttribute(std::string_view value, std::string& out) {
  for (const char byte : value) {
    if (byte == '&') {
      out += "&amp;";
    } else if (byte == '"') {
      out += "&quot;";
    } else if (byte == '\'') {
      out += "&#39;";
    } else {
      out += byte;
    }
  }
}

// Copies markup and leaves out or replaces parts of it; nothing is copied while nothing changes.
class Rewriter {
 public:
  explicit Rewriter(std::string_view markup) : markup_(markup) {}

  void Skip(size_t begin, size_t end) {
    out_ += markup_.substr(copied_, begin - copied_);
    copied_ = end;
  }
  // The attribute value [begin, end) becomes `url`.
  void Replace(size_t begin, size_t end, bool quoted, std::string_view url) {
    Skip(begin, end);
    out_ += quoted ? "" : "\"";
    AppendAttribute(url, out_);
    out_ += quoted ? "" : "\"";
  }
  bool changed() const { return copied_ != 0; }
  std::string Take() && {
    out_ += markup_.substr(copied_);
    return std::move(out_);
  }

 private:
  std::string_view markup_;
  std::string out_;
  size_t copied_ = 0;
};

size_t SkipSpaces(std::string_view text, size_t at) {
  while (at < text.size() && IsSpace(text[at])) {
    ++at;
  }
  return at;
}

// Makes the link attributes of the start tag [begin, end) absolute; `at` is behind its name.
void RewriteTag(std::string_view all, size_t at, size_t end, const LinkBase& base,
                Rewriter& rewriter) {
  const std::string_view tag = all.substr(0, end);
  while (at < end) {
    size_t name_begin = at;
    while (name_begin < end && (IsSpace(tag[name_begin]) || tag[name_begin] == '/')) {
      ++name_begin;
    }
    if (name_begin >= end || tag[name_begin] == '>') {
      return;
    }
    size_t name_end = name_begin + 1;
    while (name_end < end && !IsSpace(tag[name_end]) && tag[name_end] != '=' &&
           tag[name_end] != '>' && tag[name_end] != '/') {
      ++name_end;
    }
    const size_t equals = SkipSpaces(tag, name_end);
    if (equals >= end || tag[equals] != '=') {
      at = name_end;
      continue;
    }
    size_t value_begin = SkipSpaces(tag, equals + 1);
    size_t value_end = value_begin;
    const bool quoted = value_begin < end && (tag[value_begin] == '"' || tag[value_begin] == '\'');
    if (quoted) {
      const char quote = tag[value_begin++];
      value_end = std::min(tag.find(quote, value_begin), end);
    } else {
      value_end = std::min(tag.find_first_of(" \t\r\n\f>", value_begin), end);
    }
    at = std::min(value_end + (quoted ? 1 : 0), end);
    const std::string_view value = tag.substr(value_begin, value_end - value_begin);
    const std::string_view written = tag.substr(name_begin, name_end - name_begin);
    if (written.size() > kLongestLinkAttribute || HasScheme(value)) {
      continue;
    }
    const std::string name = text::ToLowerAscii(written);
    if (!IsLinkAttribute(name) || !NeedsBase(name, value)) {
      continue;
    }
    const std::string decoded = DecodeReferences(value);
    rewriter.Replace(
        value_begin, value_end, quoted,
        name.ends_with("srcset") ? ResolveSrcset(decoded, base) : base.Resolve(decoded));
  }
}

// One scan for both answers: the text into `sink` and, where there is a rewriter, the markup with
// absolute links and without scripts.
void Scan(std::string_view all, MarkupKind kind, TextSink& sink, const LinkBase* base,
          Rewriter* rewriter) {
  size_t at = 0;
  while (at < all.size()) {
    const size_t open = std::min(all.find('<', at), all.size());
    AppendWithReferences(all.substr(at, open - at), sink);
    at = open;
    if (at == all.size()) {
      break;
    }
    const std::string_view markup = all.substr(at);
    const Token token = ReadToken(markup);
    if (IsLiteral(token, markup, kind)) {
      if (token.kind != Token::Kind::kText && token.length == markup.size() &&
          markup.back() != '>') {
        AppendWithReferences(markup, sink);  // no tag ends any more
        return;
      }
      sink.Append(markup.substr(0, 1));
      ++at;
      continue;
    }
    if (token.kind == Token::Kind::kCdata) {
      const bool closed = markup.substr(0, token.length).ends_with("]]>");
      sink.Append(markup.substr(9, token.length - 9 - (closed ? 3 : 0)));
      at += token.length;
      continue;
    }
    const Shape shape = token.element != nullptr ? token.element->shape : Shape::kUnknown;
    if (token.kind != Token::Kind::kOther && shape != Shape::kInline) {
      sink.Separate();
    }
    size_t length = token.length;
    if (token.kind == Token::Kind::kOpen) {
      if (shape == Shape::kHidden && all[at + length - 2] != '/') {
        length += HiddenLength(markup.substr(length), token.element->name);
      }
      if (rewriter != nullptr) {
        if (shape == Shape::kHidden && token.element->name == "script") {
          rewriter->Skip(at, at + length);
        } else if (base->known() && token.length > token.name_length + 2) {
          RewriteTag(all, at + 1 + token.name_length, at + token.length, *base, *rewriter);
        }
      }
    }
    at += length;
  }
}

std::string ScanToText(std::string_view markup, MarkupKind kind, const LinkBase* base,
                       Rewriter* rewriter) {
  std::string text;
  bool ascii = true;
  text.resize_and_overwrite(markup.size(), [&](char* out, size_t) {
    TextSink sink(out);
    Scan(markup, kind, sink, base, rewriter);
    ascii = sink.ascii();
    return sink.size();
  });
  return ascii ? text : text::CollapseBlank(text);
}

// Whether one of the next eight bytes is `&`, `<`, `>` or `"`.
bool HasSpecial(const char* at) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  uint64_t block = 0;
  std::memcpy(&block, at, sizeof block);
  const auto has = [block](char byte) {
    const uint64_t other = block ^ (kOnes * static_cast<unsigned char>(byte));
    return (other - kOnes) & ~other & (kOnes * 0x80);
  };
  return (has('&') | has('<') | has('>') | has('"')) != 0;
}

}  // namespace

bool IsLinkAttribute(std::string_view name) {
  return !name.empty() && kLinkInitials.find(name[0]) != std::string_view::npos &&
         std::ranges::binary_search(kLinkAttributes, name);
}

bool IsVoidElement(std::string_view name) {
  const Element* element = FindElement(NameKey(name), name);
  return element != nullptr && element->is_void;
}

std::string MarkupToText(std::string_view markup, MarkupKind kind) {
  return ScanToText(markup, kind, nullptr, nullptr);
}

TextAndMarkup ReadMarkup(std::string markup, const LinkBase& base) {
  Rewriter rewriter(markup);
  TextAndMarkup both;
  both.text = ScanToText(markup, MarkupKind::kHtml, &base, &rewriter);
  both.markup = rewriter.changed() ? std::move(rewriter).Take() : std::move(markup);
  return both;
}

std::string PlainToText(std::string_view plain) {
  std::string text;
  bool ascii = true;
  text.resize_and_overwrite(plain.size(), [&](char* out, size_t) {
    TextSink sink(out);
    sink.Append(plain);
    ascii = sink.ascii();
    return sink.size();
  });
  return ascii ? text : text::CollapseBlank(plain);
}

std::string AbsolutizeMarkup(std::string markup, const LinkBase& base) {
  const std::string_view all = markup;
  Rewriter rewriter(all);
  for (size_t at = all.find('<'); at != std::string_view::npos;) {
    const std::string_view rest = all.substr(at);
    if (rest.size() > 1 && rest[1] == '/') {
      at = all.find('<', at + 2);
      continue;
    }
    const Token token = ReadToken(rest);
    size_t end = at + std::max<size_t>(token.length, 1);
    if (token.kind == Token::Kind::kOpen && token.element != nullptr &&
        token.element->name == "script") {
      if (!rest.substr(0, token.length).ends_with("/>")) {
        end += HiddenLength(all.substr(end), "script");
      }
      rewriter.Skip(at, end);
    } else if (token.kind == Token::Kind::kOpen && base.known() &&
               token.length > token.name_length + 2) {
      RewriteTag(all, at + 1 + token.name_length, end, base, rewriter);
    }
    at = all.find('<', end);
  }
  return rewriter.changed() ? std::move(rewriter).Take() : markup;
}

void AppendEscaped(std::string_view plain, bool attribute, std::string& out) {
  size_t copied = 0;
  for (size_t at = 0; at < plain.size(); ++at) {
    while (plain.size() - at >= sizeof(uint64_t) && !HasSpecial(plain.data() + at)) {
      at += sizeof(uint64_t);
    }
    if (at == plain.size()) {
      break;
    }
    std::string_view escape;
    switch (plain[at]) {
      case '&':
        escape = "&amp;";
        break;
      case '<':
        escape = "&lt;";
        break;
      case '>':
        escape = "&gt;";
        break;
      case '"':
        if (!attribute) {
          continue;
        }
        escape = "&quot;";
        break;
      default:
        continue;
    }
    out.append(plain, copied, at - copied);
    out += escape;
    copied = at + 1;
  }
  out.append(plain, copied);
}

bool LooksLikeMarkup(std::string_view text) {
  std::string character;
  bool tags = true;
  for (size_t at = text.find_first_of("<&"); at != std::string_view::npos;
       at = text.find_first_of("<&", at + 1)) {
    const std::string_view rest = text.substr(at);
    if (rest[0] == '&') {
      if (AppendReference(rest, character).length != 0) {
        return true;
      }
      continue;
    }
    if (!tags) {
      continue;
    }
    const Token token = ReadToken(rest);
    tags = token.length != rest.size();
    if (token.element != nullptr && rest[token.length - 1] == '>') {
      return true;
    }
  }
  return false;
}

}  // namespace newswire::formats
