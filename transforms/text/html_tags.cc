// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/html_tags.h"

#include <array>
#include <cstddef>

namespace newswire::text {
namespace {

struct TagInfo {
  std::string_view name;
  bool block = false, empty = false, invisible = false;
};

// In the order of the enumeration.
constexpr TagInfo kTags[] = {
    {""},
    {""},
    {.name = "html", .block = true},
    {.name = "head", .block = true, .invisible = true},
    {.name = "body", .block = true},
    {.name = "title", .block = true, .invisible = true},
    {.name = "meta", .empty = true, .invisible = true},
    {.name = "link", .empty = true, .invisible = true},
    {.name = "base", .empty = true, .invisible = true},
    {.name = "script", .invisible = true},
    {.name = "style", .invisible = true},
    {.name = "noscript", .block = true, .invisible = true},
    {.name = "template", .block = true, .invisible = true},
    {.name = "article", .block = true},
    {.name = "section", .block = true},
    {.name = "main", .block = true},
    {.name = "nav", .block = true},
    {.name = "aside", .block = true},
    {.name = "header", .block = true},
    {.name = "footer", .block = true},
    {.name = "address", .block = true},
    {.name = "hgroup", .block = true},
    {.name = "h1", .block = true},
    {.name = "h2", .block = true},
    {.name = "h3", .block = true},
    {.name = "h4", .block = true},
    {.name = "h5", .block = true},
    {.name = "h6", .block = true},
    {.name = "p", .block = true},
    {.name = "div", .block = true},
    {.name = "center", .block = true},
    {.name = "blockquote", .block = true},
    {.name = "pre", .block = true},
    {.name = "ul", .block = true},
    {.name = "ol", .block = true},
    {.name = "li", .block = true},
    {.name = "dl", .block = true},
    {.name = "dt", .block = true},
    {.name = "dd", .block = true},
    {.name = "menu", .block = true},
    {.name = "dir", .block = true},
    {.name = "figure", .block = true},
    {.name = "figcaption", .block = true},
    {.name = "hr", .block = true, .empty = true},
    {.name = "br", .empty = true},
    {.name = "wbr", .empty = true},
    {.name = "table", .block = true},
    {.name = "caption", .block = true},
    {.name = "colgroup", .block = true},
    {.name = "col", .empty = true},
    {.name = "thead", .block = true},
    {.name = "tbody", .block = true},
    {.name = "tfoot", .block = true},
    {.name = "tr", .block = true},
    {.name = "th", .block = true},
    {.name = "td", .block = true},
    {.name = "a"},
    {.name = "abbr"},
    {.name = "acronym"},
    {.name = "b"},
    {.name = "bdi"},
    {.name = "bdo"},
    {.name = "big"},
    {.name = "cite"},
    {.name = "code"},
    {.name = "data"},
    {.name = "del"},
    {.name = "dfn"},
    {.name = "em"},
    {.name = "font"},
    {.name = "i"},
    {.name = "ins"},
    {.name = "kbd"},
    {.name = "mark"},
    {.name = "nobr"},
    {.name = "q"},
    {.name = "rp"},
    {.name = "rt"},
    {.name = "ruby"},
    {.name = "s"},
    {.name = "samp"},
    {.name = "small"},
    {.name = "span"},
    {.name = "strike"},
    {.name = "strong"},
    {.name = "sub"},
    {.name = "sup"},
    {.name = "time"},
    {.name = "tt"},
    {.name = "u"},
    {.name = "var"},
    {.name = "img", .empty = true},
    {.name = "picture"},
    {.name = "source", .empty = true},
    {.name = "video", .block = true, .invisible = true},
    {.name = "audio", .block = true, .invisible = true},
    {.name = "track", .empty = true},
    {.name = "embed", .empty = true},
    {.name = "object", .block = true, .invisible = true},
    {.name = "param", .empty = true},
    {.name = "map"},
    {.name = "area", .empty = true},
    {.name = "iframe", .block = true, .invisible = true},
    {.name = "svg", .invisible = true},
    {.name = "math", .invisible = true},
    {.name = "canvas", .block = true, .invisible = true},
    {.name = "form", .block = true},
    {.name = "fieldset", .block = true},
    {.name = "legend", .block = true},
    {.name = "label"},
    {.name = "input", .empty = true},
    {.name = "button", .block = true},
    {.name = "select", .block = true, .invisible = true},
    {.name = "optgroup", .invisible = true},
    {.name = "option", .block = true, .invisible = true},
    {.name = "textarea", .block = true, .invisible = true},
    {.name = "datalist", .invisible = true},
    {.name = "output"},
    {.name = "progress"},
    {.name = "meter"},
    {.name = "details", .block = true},
    {.name = "summary", .block = true},
    {.name = "dialog", .block = true},
    {.name = "marquee"},
    {.name = "frameset", .block = true},
    {.name = "frame", .empty = true},
    {.name = "noframes", .block = true, .invisible = true},
    {.name = "applet", .invisible = true},
};
constexpr size_t kTagCount = sizeof(kTags) / sizeof(kTags[0]);
static_assert(kTagCount == size_t{static_cast<uint8_t>(Tag::kApplet)} + 1);

constexpr size_t kLongestName = 10;
constexpr size_t kSlots = 512;

constexpr char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr size_t Slot(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(Lower(c))) * 16777619U;
  }
  return (hash ^ (hash >> 15)) % kSlots;
}

// Open addressing: each slot holds a tag, 0 when empty.
constexpr std::array<uint8_t, kSlots> MakeSlots() {
  std::array<uint8_t, kSlots> slots{};
  for (size_t i = 2; i < kTagCount; ++i) {
    size_t slot = Slot(kTags[i].name);
    while (slots[slot] != 0) {
      slot = (slot + 1) % kSlots;
    }
    slots[slot] = static_cast<uint8_t>(i);
  }
  return slots;
}
constexpr auto kSlotTable = MakeSlots();

bool SameName(std::string_view given, std::string_view lower) {
  if (given.size() != lower.size()) {
    return false;
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (Lower(given[i]) != lower[i]) {
      return false;
    }
  }
  return true;
}

const TagInfo& Info(Tag tag) { return kTags[static_cast<uint8_t>(tag)]; }

}  // namespace

Tag FindTag(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) {
    return Tag::kOther;
  }
  for (size_t slot = Slot(name); kSlotTable[slot] != 0; slot = (slot + 1) % kSlots) {
    if (SameName(name, kTags[kSlotTable[slot]].name)) {
      return static_cast<Tag>(kSlotTable[slot]);
    }
  }
  return Tag::kOther;
}

std::string_view TagName(Tag tag) { return Info(tag).name; }
bool IsBlockTag(Tag tag) { return Info(tag).block; }
bool IsVoidTag(Tag tag) { return Info(tag).empty; }
bool IsInvisibleTag(Tag tag) { return Info(tag).invisible; }

int HeadingLevel(Tag tag) {
  return tag >= Tag::kH1 && tag <= Tag::kH6 ? static_cast<int>(tag) - static_cast<int>(Tag::kH1) + 1
                                            : 0;
}

}  // namespace newswire::text
