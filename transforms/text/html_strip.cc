// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/html_strip.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::text {
namespace {

constexpr size_t kLeastMarked = 24;       // bytes: a shorter run costs no more than its mark
constexpr size_t kLeastMarkedValue = 12;  // bytes of an attribute's value
constexpr size_t kMaxReference = 16;      // bytes of a character reference's name
constexpr size_t kMaxMarker = 64;
constexpr size_t kMaxOpenInline = 64;
constexpr size_t kMaxOpenOfName = 400;
constexpr size_t kMaxOpen = 1000;
constexpr size_t kMaxAttributes = 64;
constexpr size_t kMaxTitle = 4096;
constexpr size_t kMaxWithProse = 32;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNameChar(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '_' || c == '.';
}

// Elements of text level: their nesting says nothing, so it may be shallow.
bool IsInline(Tag tag) { return (tag > Tag::kA && tag <= Tag::kVar) || tag == Tag::kOther; }

// Elements that the parser closes by itself when the next of their kind starts: their starts may
// outnumber their ends on an honest page.
bool ClosesItself(Tag tag) {
  switch (tag) {
    case Tag::kP:
    case Tag::kLi:
    case Tag::kDt:
    case Tag::kDd:
    case Tag::kTd:
    case Tag::kTh:
    case Tag::kTr:
    case Tag::kA:
    case Tag::kOption:
    case Tag::kHead:
    case Tag::kH1:
    case Tag::kH2:
    case Tag::kH3:
    case Tag::kH4:
    case Tag::kH5:
    case Tag::kH6:
      return true;
    default:
      return false;
  }
}

bool IsDropped(Tag tag) {
  switch (tag) {
    case Tag::kScript:
    case Tag::kStyle:
    case Tag::kSvg:
    case Tag::kSelect:
    case Tag::kTextarea:
    case Tag::kIframe:
    case Tag::kNoscript:
    case Tag::kNoframes:
    case Tag::kMath:
      return true;
    default:
      return false;
  }
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Whether a character of the page is the one that begins marks, as it stands or as a numeric
// reference: fonts of icons have it.
bool HoldsMark(std::string_view in) {
  if (in.find(kTextMark) != std::string_view::npos) {
    return true;
  }
  for (size_t at = in.find("&#"); at != std::string_view::npos; at = in.find("&#", at + 2)) {
    size_t digits = at + 2;
    const bool hexadecimal = digits < in.size() && (in[digits] == 'x' || in[digits] == 'X');
    digits = in.find_first_not_of('0', digits + (hexadecimal ? 1 : 0));
    if (digits == std::string_view::npos) {
      break;
    }
    const std::string_view value = hexadecimal ? "E000" : "57344";
    const size_t end = digits + value.size();
    if (EqualsIgnoreAsciiCase(in.substr(digits, value.size()), value) &&
        (end >= in.size() || !(hexadecimal ? IsHexDigit(in[end]) : IsDigit(in[end])))) {
      return true;
    }
  }
  return false;
}

class Stripper {
 public:
  explicit Stripper(std::string_view in) : in_(in), marks_(!HoldsMark(in)) {
    result_.html.reserve(in.size() + 64);
  }

  StrippedHtml Run() {
    size_t at = 0;
    while (at < in_.size()) {
      const void* found = std::memchr(in_.data() + at, '<', in_.size() - at);
      if (found == nullptr) {
        break;
      }
      const size_t open = static_cast<const char*>(found) - in_.data();
      Copy(at, open);
      at = Markup(open);
    }
    if (at < in_.size()) {
      Copy(at, in_.size());
    }
    return std::move(result_);
  }

 private:
  void Copy(size_t begin, size_t end) {
    if (begin == end) {
      return;
    }
    if (!started_ && !TrimBlank(in_.substr(begin, end - begin)).empty()) {
      Start(false);
    }
    if (started_) {
      Text(in_.substr(begin, end - begin));
    }
  }

  void Text(std::string_view run) {
    const size_t blank = run.find_first_not_of(" \t\r\n");
    if (blank == std::string_view::npos && open_[Index(Tag::kPre)] == 0) {
      result_.html += '\n';
      return;
    }
    while (marks_ && !run.empty()) {
      const size_t reference = std::min(run.find('&'), run.size());
      const std::string_view plain = run.substr(0, reference);
      if (plain.size() < kLeastMarked) {
        result_.html += plain;
      } else {
        Mark(plain);
      }
      if (reference == run.size()) {
        return;
      }
      // The reference, or the `&` that begins none, is the parser's.
      size_t stop = reference + 1;
      while (stop < run.size() && stop < reference + kMaxReference &&
             (IsNameChar(run[stop]) || run[stop] == '#')) {
        ++stop;
      }
      stop += stop < run.size() && run[stop] == ';' ? 1 : 0;
      result_.html += run.substr(reference, stop - reference);
      run.remove_prefix(stop);
    }
    result_.html += run;
  }

  // Leaves a mark in the place of `text`, which the parser need not see.
  void Mark(std::string_view text) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), result_.texts.size()).ptr;
    result_.html += kTextMark;
    result_.html.append(digits.data(), end);
    result_.html += ';';
    result_.texts.push_back(text);
  }

  // Whether the parser would give the value as it stands: no reference, no control character.
  static bool IsPlain(std::string_view value) {
    unsigned special = 0;
    for (const char c : value) {
      special |=
          static_cast<unsigned>(static_cast<uint8_t>(c) < ' ') | static_cast<unsigned>(c == '&');
    }
    return special == 0;
  }

  // Copies the tag in [open, end): marks for its long values, nothing of what the parser would
  // read in another way than the strip.
  void CopyTag(size_t open, size_t end) {
    for (const Edit& edit : edits_) {
      if (edit.begin >= end) {
        break;
      }
      const std::string_view value = in_.substr(edit.begin, edit.end - edit.begin);
      if (edit.drop) {
        result_.html.append(in_, open, edit.begin - open);
        result_.html += ' ';
        open = edit.end;
      } else if (marks_ && IsPlain(value)) {
        result_.html.append(in_, open, edit.begin - open);
        Mark(value);
        open = edit.end;
      }
    }
    result_.html.append(in_, open, end - open);
  }

  // A fragment gets the elements around it that a page has, so that the parser invents none.
  void Start(bool page) {
    started_ = true;
    if (!page) {
      result_.html += "<html><body>";
      seen_html_ = seen_head_ = seen_body_ = true;
    }
  }

  // `open` is at a '<'. Returns where to go on.
  size_t Markup(size_t open) {
    const char next = open + 1 < in_.size() ? in_[open + 1] : '\0';
    if (IsLetter(next)) {
      return StartTag(open);
    }
    if (next == '/') {
      const char after = open + 2 < in_.size() ? in_[open + 2] : '\0';
      return IsLetter(after) ? EndTag(open) : SkipTo('>', open);
    }
    if (next == '!') {
      return Declaration(open);
    }
    if (next == '?') {
      return SkipTo('>', open);
    }
    if (!started_) {
      Start(false);
    }
    result_.html += "&lt;";
    return open + 1;
  }

  size_t SkipTo(char c, size_t from) const {
    const size_t found = in_.find(c, from);
    return found == std::string_view::npos ? in_.size() : found + 1;
  }

  size_t Declaration(size_t open) {
    if (in_.compare(open, 4, "<!--") != 0) {
      return SkipTo('>', open);
    }
    // `<!-->` and `<!--->` are whole comments.
    const size_t close = no_comment_end_ ? std::string_view::npos : in_.find("-->", open + 2);
    if (close == std::string_view::npos) {
      // Never closed: it ends at the next `>`, so that one lost `-->` does not eat the article.
      no_comment_end_ = true;
      return SkipTo('>', open);
    }
    const size_t after = close + 3, end = close;
    if (end <= open + 4) {
      return after;
    }
    const std::string_view text = TrimBlank(in_.substr(open + 4, end - open - 4));
    if (started_ && !text.empty() && text.size() <= kMaxMarker &&
        text.find_first_of("<>[]") == std::string_view::npos &&
        text.find("--") == std::string_view::npos) {
      result_.html += "<!--";
      result_.html += text;
      result_.html += "-->";
    }
    return after;
  }

  // The end of the tag whose name ends at `from` (behind its '>'), as the HTML standard reads
  // attributes (13.2.5.32 and on); npos when it has none. `*cut` is where the attribute that is one
  // too many begins, or 0; `*empty` whether it is written as an element without content. `edits_`
  // gets what CopyTag changes: long values in quotes, and attributes whose names the parser does
  // not take (it would look for the end of the tag inside their values).
  size_t TagEnd(size_t from, size_t* cut, bool* empty) {
    enum class Place : uint8_t { kGap, kName, kAfterName, kBeforeValue, kValue };
    *cut = 0;
    edits_.clear();
    Place place = Place::kGap;
    bool known = true;   // the attribute's name is one that the parser takes
    bool slash = false;  // just before
    size_t begin = from, attributes = 0;
    const auto end_attribute = [&](size_t end) {
      if (place != Place::kGap && !known) {
        edits_.push_back({begin, end, true});
      }
      place = Place::kGap;
    };
    for (size_t i = from; i < in_.size(); ++i) {
      const char c = in_[i];
      if (c == '>') {
        end_attribute(i);
        *empty = slash;
        return i + 1;
      }
      slash = false;
      switch (place) {
        case Place::kName:
          if (c == '=') {
            place = Place::kBeforeValue;
            continue;
          }
          if (!IsSpace(c) && c != '/') {
            known = known && IsNameChar(c);
            continue;
          }
          place = Place::kAfterName;
          [[fallthrough]];
        case Place::kAfterName:
          if (c == '=') {
            place = Place::kBeforeValue;
            continue;
          }
          if (IsSpace(c)) {
            continue;
          }
          end_attribute(i);
          break;
        case Place::kBeforeValue:
          if (c == '"' || c == '\'') {
            const size_t close = in_.find(c, i + 1);
            if (close == std::string_view::npos) {
              // The quote is never closed: the tag ends at the next '>'.
              const size_t end = in_.find('>', i);
              *cut = *cut != 0 ? *cut : known ? i : begin;
              return end == std::string_view::npos ? end : end + 1;
            }
            if (known && *cut == 0 && close - i > kLeastMarkedValue) {
              edits_.push_back({i + 1, close, false});
            }
            i = close;
            end_attribute(i + 1);
          } else if (!IsSpace(c)) {
            place = Place::kValue;
          }
          continue;
        case Place::kValue:
          if (IsSpace(c)) {
            end_attribute(i);
          }
          continue;
        case Place::kGap:
          break;
      }
      if (IsSpace(c)) {
        continue;
      }
      if (c == '/') {
        slash = true;
        if (i + 1 < in_.size() && in_[i + 1] != '>') {
          edits_.push_back({i, i + 1, true});
        }
        continue;
      }
      place = Place::kName;
      begin = i;
      known = IsLetter(c) || c == '_' || c == ':';
      if (++attributes > kMaxAttributes && *cut == 0) {
        *cut = i;
      }
    }
    return std::string_view::npos;
  }

  size_t NameEnd(size_t from) const {
    size_t i = from;
    while (i < in_.size() && IsNameChar(in_[i])) {
      ++i;
    }
    return i;
  }

  // Where the end tag of `name` begins in [from, limit); npos when there is none.
  size_t FindEndTag(std::string_view name, size_t from, size_t limit) const {
    for (size_t i = from; i < limit;) {
      const void* found = std::memchr(in_.data() + i, '<', limit - i);
      if (found == nullptr) {
        break;
      }
      i = static_cast<const char*>(found) - in_.data();
      if (i + 2 + name.size() <= in_.size() && in_[i + 1] == '/' &&
          EqualsIgnoreAsciiCase(in_.substr(i + 2, name.size()), name) &&
          (i + 2 + name.size() == in_.size() || !IsNameChar(in_[i + 2 + name.size()]))) {
        return i;
      }
      ++i;
    }
    return std::string_view::npos;
  }

  // Whether the markup holds what an article is made of: then it is no icon and no list of options.
  static bool HoldsProse(std::string_view inside) {
    size_t paragraphs = 0;
    for (size_t i = inside.find("<p"); i != std::string_view::npos; i = inside.find("<p", i + 1)) {
      if (i + 2 < inside.size() && (inside[i + 2] == '>' || IsSpace(inside[i + 2])) &&
          ++paragraphs > 1) {
        return true;
      }
    }
    return false;
  }

  static bool IsJsonLd(std::string_view tag) {
    return tag.find("ld+json") != std::string_view::npos ||
           tag.find("ld&#x2B;json") != std::string_view::npos;
  }

  // The element that starts at `open`, whose content is not wanted. Returns where to go on.
  size_t Dropped(Tag tag, std::string_view name, size_t open, size_t end, bool empty) {
    if (no_end_tag_[Index(tag)]) {
      return end;
    }
    if (empty && (tag == Tag::kSvg || tag == Tag::kMath)) {
      return end;
    }
    const size_t close = FindEndTag(name, end, in_.size());
    if (close == std::string_view::npos) {
      no_end_tag_[Index(tag)] = true;  // so that looking for it stays linear
      return tag == Tag::kScript || tag == Tag::kStyle ? in_.size() : end;
    }
    const std::string_view inside = in_.substr(end, close - end);
    if ((tag == Tag::kSvg || tag == Tag::kSelect || tag == Tag::kMath || tag == Tag::kTextarea) &&
        HoldsProse(inside)) {
      no_end_tag_[Index(tag)] = ++with_prose_ > kMaxWithProse;
      return end;
    }
    if (tag == Tag::kScript && IsJsonLd(in_.substr(open, end - open))) {
      result_.json_ld.push_back(inside);
    }
    return SkipTo('>', close);
  }

  static size_t Index(Tag tag) { return static_cast<size_t>(tag); }

  // Whether the bounds allow one more open element of this name.
  bool MayOpen(Tag tag) const {
    if (ClosesItself(tag)) {
      return true;
    }
    const size_t open = open_[Index(tag)];
    return open < (IsInline(tag) ? kMaxOpenInline : kMaxOpenOfName) && open_in_all_ < kMaxOpen;
  }

  size_t StartTag(size_t open) {
    const size_t name_end = NameEnd(open + 1);
    const std::string_view name = in_.substr(open + 1, name_end - open - 1);
    size_t cut = 0;
    bool empty = false;
    const size_t end = TagEnd(name_end, &cut, &empty);
    if (end == std::string_view::npos) {
      result_.truncated = true;
      return in_.size();
    }
    const Tag tag = FindTag(name);
    if (IsDropped(tag)) {
      return Dropped(tag, name, open, end, empty);
    }
    if (!started_) {
      Start(tag >= Tag::kHtml && tag <= Tag::kBase);
    }
    if (tag == Tag::kHtml || tag == Tag::kHead || tag == Tag::kBody) {
      bool& seen = tag == Tag::kHtml ? seen_html_ : tag == Tag::kHead ? seen_head_ : seen_body_;
      if (seen || (tag != Tag::kBody && seen_body_)) {
        return end;
      }
      seen = true;
    }
    if (!IsVoidTag(tag) && tag != Tag::kHtml && tag != Tag::kBody && tag != Tag::kHead) {
      if (!MayOpen(tag)) {
        ++over_[Index(tag)];
        result_.truncated = true;
        return end;
      }
      if (!empty) {
        ++open_[Index(tag)];
        if (!ClosesItself(tag)) {
          ++open_in_all_;
        }
      }
    }
    if (cut != 0) {
      CopyTag(open, cut);
      result_.html += empty ? "/>" : ">";
      result_.truncated = true;
    } else {
      CopyTag(open, end);
    }
    return tag == Tag::kTitle ? Title(name, end) : end;
  }

  // The text of a title, in which there are no tags.
  size_t Title(std::string_view name, size_t from) {
    const size_t close = FindEndTag(name, from, std::min(in_.size(), from + kMaxTitle));
    if (close == std::string_view::npos) {
      return from;
    }
    for (size_t i = from; i < close; ++i) {
      if (in_[i] == '<') {
        result_.html += "&lt;";
      } else {
        result_.html += in_[i];
      }
    }
    return close;
  }

  size_t EndTag(size_t open) {
    const size_t name_end = NameEnd(open + 2);
    const Tag tag = FindTag(in_.substr(open + 2, name_end - open - 2));
    const size_t end = SkipTo('>', name_end);
    if (tag == Tag::kBr) {
      result_.html += "<br>";
      return end;
    }
    if (tag == Tag::kHtml || tag == Tag::kBody || IsVoidTag(tag)) {
      return end;
    }
    if (tag == Tag::kHead) {
      if (seen_head_ && !seen_body_ && !head_closed_) {
        head_closed_ = true;
        result_.html += "</head>";
      }
      return end;
    }
    size_t& over = over_[Index(tag)];
    size_t& opened = open_[Index(tag)];
    if (over > 0) {
      --over;
      return end;
    }
    if (opened == 0) {
      return end;
    }
    --opened;
    if (!ClosesItself(tag)) {
      --open_in_all_;
    }
    result_.html.append(in_, open, name_end - open);
    result_.html += '>';
    return end;
  }

  std::string_view in_;
  StrippedHtml result_;
  bool started_ = false, seen_html_ = false, seen_head_ = false, seen_body_ = false;
  const bool marks_;
  struct Edit {
    size_t begin, end;
    bool drop;  // or: a long value
  };
  std::vector<Edit> edits_;  // of the tag that is being read, in its order
  bool head_closed_ = false, no_comment_end_ = false;
  std::array<size_t, 256> open_{}, over_{};
  std::array<bool, 256> no_end_tag_{};
  size_t open_in_all_ = 0, with_prose_ = 0;
};

}  // namespace

StrippedHtml StripHtml(std::string_view html) { return Stripper(html).Run(); }

}  // namespace newswire::text
