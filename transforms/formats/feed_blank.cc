// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_blank.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "transforms/formats/feed.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

// What of an entry stays: which one it is, and when. Local names in lower case.
constexpr std::array<std::string_view, 14> kKeptElements = {
    "available", "created", "date",     "guid",     "id",      "identifier", "issued",
    "language",  "link",    "modified", "origlink", "pubdate", "published",  "updated"};
constexpr std::array<std::string_view, 5> kKeptLinkAttributes = {"href", "rel", "type", "hreflang",
                                                                 "xml:base"};
constexpr std::array<std::string_view, 6> kKeptMembers = {
    "id", "url", "external_url", "date_published", "date_modified", "language"};
constexpr std::array<std::string_view, 6> kEntryPrefixes = {"",       "atom", "atom03",
                                                            "atom10", "a10",  "rss"};
constexpr std::string_view kBlank = " \t\r\n";

struct Range {
  size_t begin = 0, end = 0;
};

template <size_t N>
bool OneOf(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

struct Tag {
  Range range;         // with its angle brackets
  std::string prefix;  // both in lower case
  std::string local;
  bool closing = false, empty = false;

  bool Is(const Tag& other) const { return local == other.local && prefix == other.prefix; }
};

// Walks over the tags of XML as it is published, not well-formed in all: comments, CDATA sections,
// instructions and the document type are stepped over.
class TagScanner {
 public:
  explicit TagScanner(std::string_view text, size_t at = 0) : text_(text), at_(at) {}

  std::optional<Tag> Next() {
    while (true) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) {
        return std::nullopt;
      }
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("<!--")) {
        SkipPast("-->", 4);
      } else if (rest.starts_with("<![CDATA[")) {
        SkipPast("]]>", 9);
      } else if (rest.starts_with("<?")) {
        SkipPast("?>", 2);
      } else if (rest.starts_with("<!")) {
        SkipDeclaration();
      } else if (IsNameByte(rest.substr(1, 1)) ||
                 (rest.substr(1, 1) == "/" && IsNameByte(rest.substr(2, 1)))) {
        return TakeTag();
      } else {
        ++at_;  // a bare `<`
      }
    }
  }
  // The next tag after the element that `open` begins, with that element's end; without an end tag
  // nullopt.
  std::optional<Tag> Close(const Tag& open) {
    for (size_t depth = 1; depth > 0;) {
      std::optional<Tag> tag = Next();
      if (!tag) {
        return std::nullopt;
      }
      if (tag->Is(open) && !tag->empty) {
        depth += tag->closing ? -1 : 1;
      }
      if (depth == 0) {
        return tag;
      }
    }
    return std::nullopt;
  }

 private:
  static bool IsNameByte(std::string_view byte) {
    return !byte.empty() &&
           (byte[0] == '_' || (byte[0] & 0x80) != 0 || (byte[0] >= 'a' && byte[0] <= 'z') ||
            (byte[0] >= 'A' && byte[0] <= 'Z'));
  }
  void SkipPast(std::string_view mark, size_t from) {
    const size_t end = text_.find(mark, at_ + from);
    at_ = end == std::string_view::npos ? text_.size() : end + mark.size();
  }
  // `<!DOCTYPE …>`, with what stands in its brackets.
  void SkipDeclaration() {
    size_t brackets = 0;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[') {
        ++brackets;
      } else if (c == ']' && brackets > 0) {
        --brackets;
      } else if (c == '>' && brackets == 0) {
        ++at_;
        return;
      }
    }
  }
  Tag TakeTag() {
    Tag tag;
    tag.range.begin = at_;
    ++at_;
    if (text_[at_] == '/') {
      tag.closing = true;
      ++at_;
    }
    const size_t name_end = std::min(text_.find_first_of(" \t\r\n/>", at_), text_.size());
    const std::string name = text::ToLowerAscii(text_.substr(at_, name_end - at_));
    const size_t colon = name.find(':');
    tag.prefix = colon == std::string::npos ? "" : name.substr(0, colon);
    tag.local = colon == std::string::npos ? name : name.substr(colon + 1);
    char quote = 0;
    for (at_ = name_end; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote != 0) {
        quote = c == quote ? '\0' : quote;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        break;
      }
    }
    tag.empty = at_ > 0 && at_ < text_.size() && text_[at_ - 1] == '/';
    at_ = std::min(at_ + 1, text_.size());
    tag.range.end = at_;
    return tag;
  }

  std::string_view text_;
  size_t at_;
};

// A link's start tag without the attributes that repeat the title.
std::string LinkTag(std::string_view tag) {
  size_t at = std::min(tag.find_first_of(" \t\r\n/>", 1), tag.size());
  std::string out(tag.substr(0, at));
  while (true) {
    at = tag.find_first_not_of(kBlank, at);
    if (at == std::string_view::npos || tag[at] == '>' || tag[at] == '/') {
      break;
    }
    const size_t name_end = std::min(tag.find_first_of(" \t\r\n=/>", at), tag.size());
    const std::string_view name = tag.substr(at, name_end - at);
    size_t end = name_end;
    const size_t equals = tag.find_first_not_of(kBlank, name_end);
    if (equals != std::string_view::npos && tag[equals] == '=') {
      const size_t value = tag.find_first_not_of(kBlank, equals + 1);
      if (value == std::string_view::npos) {
        break;
      }
      const bool quoted = tag[value] == '"' || tag[value] == '\'';
      end = quoted ? tag.find(tag[value], value + 1) : tag.find_first_of(" \t\r\n>", value);
      end = end == std::string_view::npos ? tag.size() : end + (quoted ? 1 : 0);
    }
    if (OneOf(kKeptLinkAttributes, text::ToLowerAscii(name))) {
      out.append(" ").append(tag.substr(at, end - at));
    }
    at = std::max(end, at + 1);
  }
  out += tag.ends_with("/>") ? "/>" : ">";
  return out;
}

// What stays of what an entry holds.
std::string KeptElements(std::string_view inside) {
  std::string kept;
  TagScanner tags(inside);
  while (const std::optional<Tag> open = tags.Next()) {
    if (open->closing) {
      continue;  // a stray one
    }
    Range element = open->range;
    if (!open->empty) {
      const std::optional<Tag> close = tags.Close(*open);
      if (!close) {
        break;  // unfinished: all the rest is its content
      }
      element.end = close->range.end;
    }
    if (!OneOf(kKeptElements, open->local)) {
      continue;
    }
    const std::string_view start =
        inside.substr(open->range.begin, open->range.end - open->range.begin);
    kept += open->local == "link" ? LinkTag(start) : std::string(start);
    kept += inside.substr(open->range.end, element.end - open->range.end);
  }
  return kept;
}

// Where the content of each entry lies.
std::vector<Range> XmlEntries(std::string_view text) {
  std::vector<Range> entries;
  TagScanner tags(text);
  while (const std::optional<Tag> open = tags.Next()) {
    const bool entry = !open->closing && (open->local == "item" || open->local == "entry") &&
                       OneOf(kEntryPrefixes, open->prefix);
    if (!entry) {
      continue;
    }
    if (open->empty) {
      entries.push_back({open->range.end, open->range.end});
      continue;
    }
    const std::optional<Tag> close = tags.Close(*open);
    entries.push_back({open->range.end, close ? close->range.begin : text.size()});
    if (!close) {
      break;
    }
  }
  return entries;
}

// Steps over JSON that a parser has accepted.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, size_t at) : text_(text), at_(at) {}

  char Peek() {
    at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Take(char c) {
    const bool there = Peek() == c;
    at_ += there ? 1 : 0;
    return there;
  }
  Range Value() {
    Peek();
    const size_t begin = at_;
    size_t depth = 0;
    do {
      const char c = Peek();
      if (c == '"') {
        String();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else if (c == ',' || c == ':') {
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(",:]} \t\r\n", at_), text_.size());
      }
    } while (depth > 0 && at_ < text_.size());
    return {begin, at_};
  }

 private:
  void String() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      at_ += text_[at_] == '\\' ? 1 : 0;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  size_t at_;
};

std::vector<Range> JsonEntries(std::string_view text, size_t begin) {
  std::vector<Range> entries;
  JsonScanner json(text, begin);
  if (!json.Take('{')) {
    return entries;
  }
  while (json.Peek() == '"') {
    const Range key = json.Value();
    if (!json.Take(':')) {
      return entries;
    }
    if (text.substr(key.begin, key.end - key.begin) != "\"items\"") {
      json.Value();
    } else if (json.Take('[')) {
      while (json.Peek() != ']' && json.Peek() != '\0') {
        const bool object = json.Peek() == '{';
        const Range item = json.Value();
        if (object) {
          entries.push_back(item);
        }
        json.Take(',');
      }
      return entries;
    }
    json.Take(',');
  }
  return entries;
}

std::string KeptMembers(std::string_view item) {
  std::string kept;
  text::JsonWriter json(kept);
  json.BeginObject();
  if (const auto document = text::JsonDocument::Parse(item)) {
    for (const std::string_view name : kKeptMembers) {
      if (const text::JsonValue value = document->root()[name]; value.exists()) {
        json.Key(name).Raw(value.Dump());
      }
    }
  }
  json.EndObject();
  return kept;
}

bool SameEntry(const FeedEntry& a, const FeedEntry& b) {
  return a.id == b.id && a.url == b.url && a.title == b.title && a.summary == b.summary &&
         a.content == b.content && a.authors == b.authors && a.categories == b.categories &&
         a.language == b.language && a.rights == b.rights && a.published_at == b.published_at &&
         a.updated_at == b.updated_at && a.published_raw == b.published_raw &&
         a.updated_raw == b.updated_raw && a.enclosures == b.enclosures;
}

bool IsBlanked(const FeedEntry& before, const FeedEntry& after) {
  return before.id == after.id && before.url == after.url && after.title.empty() &&
         after.summary.empty() && after.content.empty() && after.authors.empty() &&
         after.categories.empty() && after.rights.empty();
}

}  // namespace

Result<std::string> BlankFeedEntries(std::string_view bytes, std::string_view content_type,
                                     const std::set<uint32_t>& entries) {
  const auto before = ParseFeed(bytes, content_type, {});
  if (!before) {
    return std::unexpected(before.error());
  }
  const size_t begin = bytes.find_first_of("{<");
  const bool json = begin != std::string_view::npos && bytes[begin] == '{';
  const std::vector<Range> found = json ? JsonEntries(bytes, begin) : XmlEntries(bytes);
  if (found.size() != before->entries.size()) {
    return Fail(ErrorKind::kMalformed,
                fmt::format("the feed has {} entries, but {} places that hold one",
                            before->entries.size(), found.size()));
  }
  std::string blanked;
  size_t copied = 0;
  for (const uint32_t entry : entries) {
    if (entry >= found.size()) {
      return Fail(ErrorKind::kMalformed, fmt::format("the feed has no entry {}", entry));
    }
    const Range place = found[entry];
    const std::string_view inside = bytes.substr(place.begin, place.end - place.begin);
    blanked += bytes.substr(copied, place.begin - copied);
    blanked += json ? KeptMembers(inside) : KeptElements(inside);
    copied = place.end;
  }
  blanked += bytes.substr(copied);
  const auto after = ParseFeed(blanked, content_type, {});
  bool same = after && after->entries.size() == before->entries.size();
  for (uint32_t i = 0; same && i < before->entries.size(); ++i) {
    same = entries.contains(i) ? IsBlanked(before->entries[i], after->entries[i])
                               : SameEntry(before->entries[i], after->entries[i]);
  }
  if (!same) {
    return Fail(ErrorKind::kMalformed, "the feed cannot be read the same without these entries");
  }
  return blanked;
}

}  // namespace newswire::formats
