// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/xml_repair.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "transforms/formats/entities.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxDepth = 128;
constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxAttributes = 64;
constexpr size_t kLongestEntityName = 200;

// Leaves of a feed item: one of them inside another means that an end tag is missing.
constexpr auto kLeaves = std::to_array<std::string_view>(
    {"author", "category", "comments", "description", "guid", "id", "lastbuilddate", "lastmod",
     "link", "loc", "pubdate", "title", "updated"});
static_assert(std::ranges::is_sorted(kLeaves));
constexpr auto kItems = std::to_array<std::string_view>({"entry", "item", "sitemap", "url"});
// Never with content in HTML; `link` is a feed's element too and therefore missing here.
constexpr auto kVoid = std::to_array<std::string_view>({"br", "hr", "img", "input", "wbr"});

bool IsSpace(char byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

bool IsNameStart(char byte) {
  const char lower = static_cast<char>(byte | 0x20);
  return (lower >= 'a' && lower <= 'z') || byte == '_' || static_cast<unsigned char>(byte) >= 0xC3;
}

bool IsNameByte(char byte) {
  return IsNameStart(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
         byte == ':' || static_cast<unsigned char>(byte) >= 0x80;
}

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

struct Open {
  std::string_view name;  // as written
  std::string lower;
};

class Repairer {
 public:
  explicit Repairer(std::string_view text) : text_(text) { out_.reserve(text.size() + 64); }

  RepairedXml Run() && {
    while (at_ < text_.size() && !root_ended_) {
      const size_t open = std::min(text_.find('<', at_), text_.size());
      if (!open_.empty()) {
        AppendText(text_.substr(at_, open - at_), false);
      }
      at_ = open;
      if (at_ < text_.size()) {
        ReadMarkup();
      }
    }
    if (!root_ended_ && !open_.empty()) {
      if (damage_.empty()) {
        damage_ = fmt::format("the document ends inside <{}>", open_.back().name);
      }
      out_ += "<?";
      out_ += kCutMark;
      out_ += "?>";
      while (!open_.empty()) {
        CloseTop();
      }
    }
    return {.text = std::move(out_), .damage = std::move(damage_)};
  }

 private:
  void ReadMarkup() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("<!--")) {
      SkipTo("-->", 4, "a comment");
    } else if (rest.starts_with("<![CDATA[")) {
      ReadCdata(rest);
    } else if (rest.starts_with("<!DOCTYPE") || rest.starts_with("<!doctype")) {
      SkipDoctype(rest);
    } else if (rest.starts_with("<?")) {
      SkipTo("?>", 2, "a processing instruction");
    } else if (rest.size() > 2 && rest[1] == '/' && IsNameStart(rest[2])) {
      ReadEndTag(rest);
    } else if (rest.size() > 1 && IsNameStart(rest[1])) {
      ReadStartTag(rest);
    } else {
      if (!open_.empty()) {
        out_ += "&#60;";
      }
      ++at_;
    }
  }

  void SkipTo(std::string_view terminator, size_t from, std::string_view what) {
    const size_t end = text_.find(terminator, at_ + from);
    if (end != std::string_view::npos) {
      at_ = end + terminator.size();
      return;
    }
    damage_ = fmt::format("the document ends inside {}", what);
    at_ = text_.size();
  }

  void ReadCdata(std::string_view rest) {
    constexpr size_t kOpening = 9;
    const size_t end = rest.find("]]>", kOpening);
    const bool closed = end != std::string_view::npos;
    if (!closed) {
      damage_ = "the document ends inside a CDATA section";
    }
    const std::string_view content =
        rest.substr(kOpening, closed ? end - kOpening : std::string_view::npos);
    if (!open_.empty()) {
      out_ += "<![CDATA[";
      AppendCharacters(content);
      out_ += "]]>";
    }
    at_ += closed ? end + 3 : rest.size();
  }

  void SkipDoctype(std::string_view rest) {
    const size_t bracket = rest.find_first_of("[>");
    size_t end = bracket;
    if (bracket != std::string_view::npos && rest[bracket] == '[') {
      end = rest.find("]>", bracket);
      if (end == std::string_view::npos) {
        end = rest.find(']', bracket);
      }
      if (end != std::string_view::npos) {
        entities_.DeclareAll(rest.substr(bracket + 1, end - bracket - 1));
        end = rest.find('>', end);
      }
    }
    at_ = end == std::string_view::npos ? text_.size() : at_ + end + 1;
  }

  void ReadEndTag(std::string_view rest) {
    const size_t name_end = NameEnd(rest, 2);
    const std::string_view name = rest.substr(2, name_end - 2);
    const size_t close = rest.find_first_of("<>", name_end);
    if (close == std::string_view::npos) {
      at_ = text_.size();
      return;
    }
    at_ += rest[close] == '>' ? close + 1 : close;
    const std::string lower = text::ToLowerAscii(name);
    if (Contains(kVoid, lower)) {
      return;
    }
    const auto found = std::find_if(open_.rbegin(), open_.rend(),
                                    [&](const Open& open) { return open.lower == lower; });
    if (found == open_.rend()) {
      return;  // stray
    }
    const auto keep = static_cast<size_t>(open_.rend() - found) - 1;
    while (open_.size() > keep) {
      CloseTop();
    }
  }

  void ReadStartTag(std::string_view rest) {
    const size_t name_end = NameEnd(rest, 1);
    const std::string_view name = rest.substr(1, name_end - 1);
    if (name_end < rest.size() && !IsSpace(rest[name_end]) && rest[name_end] != '>' &&
        rest[name_end] != '/') {
      out_ += open_.empty() ? "" : "&#60;";  // `<3`, `a<b=c`
      ++at_;
      return;
    }
    tag_.clear();
    size_t at = name_end;
    bool self_closed = false, unended = false;
    if (!ReadAttributes(rest, &at, &self_closed, &unended)) {
      damage_ = "the document ends inside a tag";
      at_ = text_.size();
      return;
    }
    const std::string lower = text::ToLowerAscii(name);
    if (unended && !Contains(kItems, lower) && !Contains(kLeaves, lower)) {
      out_ += open_.empty() ? "" : "&#60;";  // `a <b then c`
      ++at_;
      return;
    }
    at_ += at;
    CloseForgotten(lower);
    if (open_.size() >= kMaxDepth || name.size() > kMaxNameBytes) {
      return;
    }
    out_ += '<';
    out_ += name;
    out_ += tag_;
    if (self_closed || (Contains(kVoid, lower) && !open_.empty())) {
      out_ += "/>";
      root_ended_ = open_.empty();
      return;
    }
    out_ += '>';
    open_.push_back({.name = name, .lower = lower});
  }

  // End tags that the start of `lower` shows to be missing.
  void CloseForgotten(std::string_view lower) {
    if (Contains(kItems, lower)) {
      const auto found = std::find_if(open_.rbegin(), open_.rend(),
                                      [&](const Open& open) { return open.lower == lower; });
      if (found != open_.rend() && lower != "url") {
        const auto keep = static_cast<size_t>(open_.rend() - found) - 1;
        while (open_.size() > keep) {
          CloseTop();
        }
      } else if (!open_.empty() && Contains(kLeaves, open_.back().lower)) {
        CloseTop();
      }
    } else if (Contains(kLeaves, lower) && !open_.empty() &&
               Contains(kLeaves, open_.back().lower) && open_.back().lower != "author") {
      CloseTop();
    }
  }

  // Reads up to and including the tag's `>` (or up to a `<`) into `tag_`. False at the end of text.
  bool ReadAttributes(std::string_view rest, size_t* at, bool* self_closed, bool* unended) {
    std::vector<std::string_view> seen;
    while (true) {
      while (*at < rest.size() && (IsSpace(rest[*at]) || rest[*at] == '/')) {
        *self_closed = rest[*at] == '/';
        ++*at;
      }
      if (*at >= rest.size()) {
        return false;
      }
      if (rest[*at] == '>') {
        ++*at;
        return true;
      }
      *self_closed = false;
      if (rest[*at] == '<') {
        *unended = true;
        return true;
      }
      if (!IsNameStart(rest[*at])) {
        ++*at;
        continue;
      }
      const size_t name_end = NameEnd(rest, *at);
      const std::string_view name = rest.substr(*at, name_end - *at);
      std::string_view value;
      *at = name_end;
      if (!ReadValue(rest, at, &value)) {
        return false;
      }
      if (seen.size() < kMaxAttributes && name.size() <= kMaxNameBytes &&
          std::ranges::find(seen, name) == seen.end() && name != "xmlns:") {
        seen.push_back(name);
        tag_ += ' ';
        tag_ += name;
        tag_ += "=\"";
        std::swap(tag_, out_);
        AppendText(value, true);
        std::swap(tag_, out_);
        tag_ += '"';
      }
    }
  }

  static bool ReadValue(std::string_view rest, size_t* at, std::string_view* value) {
    size_t equals = *at;
    while (equals < rest.size() && IsSpace(rest[equals])) {
      ++equals;
    }
    if (equals >= rest.size()) {
      return false;
    }
    if (rest[equals] != '=') {
      return true;
    }
    size_t begin = equals + 1;
    while (begin < rest.size() && IsSpace(rest[begin])) {
      ++begin;
    }
    if (begin >= rest.size()) {
      return false;
    }
    if (rest[begin] == '"' || rest[begin] == '\'') {
      const size_t end = rest.find(rest[begin], begin + 1);
      if (end == std::string_view::npos) {
        return false;
      }
      *value = rest.substr(begin + 1, end - begin - 1);
      *at = end + 1;
      return true;
    }
    size_t end = begin;
    while (end < rest.size() && !IsSpace(rest[end]) && rest[end] != '>' && rest[end] != '<') {
      ++end;
    }
    if (end > begin && end < rest.size() && rest[end] == '>' && rest[end - 1] == '/') {
      --end;
    }
    *value = rest.substr(begin, end - begin);
    *at = end;
    return true;
  }

  static size_t NameEnd(std::string_view text, size_t begin) {
    size_t end = begin;
    while (end < text.size() && IsNameByte(text[end])) {
      ++end;
    }
    return end;
  }

  void CloseTop() {
    out_ += "</";
    out_ += open_.back().name;
    out_ += '>';
    open_.pop_back();
    root_ended_ = open_.empty();
  }

  // Character data with every reference made numeric or plain.
  void AppendText(std::string_view text, bool attribute) {
    while (!text.empty()) {
      const size_t special = std::min(text.find_first_of("&<>\""), text.size());
      AppendCharacters(text.substr(0, special));
      text.remove_prefix(special);
      if (text.empty()) {
        return;
      }
      if (text[0] == '&') {
        text.remove_prefix(AppendReferenceOf(text));
        continue;
      }
      AppendPlain(attribute || text[0] != '"' ? text.substr(0, 1) : std::string_view("\""));
      text.remove_prefix(1);
    }
  }

  size_t AppendReferenceOf(std::string_view text) {
    const size_t close = text.substr(0, kLongestEntityName + 2).find(';');
    if (close != std::string_view::npos && close > 1 && text[1] != '#') {
      if (const auto expansion = entities_.Expand(text.substr(1, close - 1))) {
        AppendPlain(*expansion);
        return close + 1;
      }
    }
    std::string character;
    const ReferenceMatch match =
        text.size() > 1 && text[1] == '#' ? AppendReference(text, character) : ReferenceMatch{};
    AppendPlain(match.length == 0 ? std::string_view("&") : std::string_view(character));
    return std::max<size_t>(match.length, 1);
  }

  // Text that means itself.
  void AppendPlain(std::string_view text) {
    size_t begin = 0;
    for (size_t at = 0; at < text.size(); ++at) {
      const char byte = text[at];
      if (byte == '&' || byte == '<' || byte == '>' || byte == '"') {
        AppendCharacters(text.substr(begin, at - begin));
        out_ += byte == '&' ? "&#38;" : byte == '<' ? "&#60;" : byte == '>' ? "&#62;" : "&#34;";
        begin = at + 1;
      }
    }
    AppendCharacters(text.substr(begin));
  }

  // Leaves out what XML 1.0 (section 2.2) has no place for.
  void AppendCharacters(std::string_view text) {
    size_t begin = 0;
    for (size_t at = 0; at < text.size(); ++at) {
      const auto byte = static_cast<unsigned char>(text[at]);
      size_t drop = 0;
      if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') {
        drop = 1;
      } else if (byte == 0xEF &&
                 (text.substr(at, 3) == "\xEF\xBF\xBE" || text.substr(at, 3) == "\xEF\xBF\xBF")) {
        drop = 3;
      }
      if (drop != 0) {
        out_ += text.substr(begin, at - begin);
        begin = at + drop;
        at = begin - 1;
      }
    }
    out_ += text.substr(begin);
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_, tag_, damage_;
  std::vector<Open> open_;
  EntityTable entities_;
  bool root_ended_ = false;
};

}  // namespace

RepairedXml RepairXml(std::string_view text) { return Repairer(text).Run(); }

}  // namespace newswire::formats
