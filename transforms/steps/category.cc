// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/url.h"
#include "transforms/steps/step.h"
#include "transforms/text/pinyin.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr std::string_view kNewsSuffix = "新闻";
constexpr std::string_view kRollingList = "emnews";  // its tag is its name, 新闻 and all
constexpr std::string_view kBack = "返回";
constexpr std::string_view kBackHome = "返回首页";
constexpr size_t kMaxTags = 100;
constexpr size_t kMaxNameBytes = 300;
constexpr size_t kMinSection = 3;  // shorter path segments are languages: /en/2022/04/19/

using Names = std::vector<std::string>;

void AddName(Names& names, std::string_view value) {
  std::string name = text::CollapseBlank(text::TruncateToBytes(value, kMaxNameBytes));
  if (!name.empty() && names.size() < kMaxTags && std::ranges::find(names, name) == names.end()) {
    names.push_back(std::move(name));
  }
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
}

bool IsNumber(std::string_view text, size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;  // canonical URLs write upper case
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  size_t replaced = 0;
  return text::MakeValidUtf8(out, &replaced);
}

// The segments before /YYYY/MM/DD/; empty when the path has no such part or nothing before it.
Names SectionsOf(std::string_view url_text) {
  const auto url = Url::Parse(url_text);
  if (!url) {
    return {};
  }
  Names segments;
  std::string_view path = url->path();
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    segments.push_back(PercentDecode(segment));
  }
  for (size_t i = 1; i + 3 < segments.size(); ++i) {
    if (IsNumber(segments[i], 4) && IsNumber(segments[i + 1], 2) && IsNumber(segments[i + 2], 2)) {
      segments.resize(i);
      return segments;
    }
  }
  return {};
}

std::string Join(const Names& names) {
  std::string joined;
  for (const std::string& name : names) {
    joined += joined.empty() ? "" : " ";
    joined += name;
  }
  return joined;
}

// The name of a slug: its tag, less one final 新闻.
std::string NameOfTag(std::string_view tag, std::string_view slug) {
  if (slug != kRollingList && tag.size() > kNewsSuffix.size() && tag.ends_with(kNewsSuffix)) {
    tag.remove_suffix(kNewsSuffix.size());
  }
  return std::string(tag);
}

const std::string* Mapped(const Document& document, std::string_view name) {
  for (const auto& [from, slug] : document.source->categories) {
    if (from == name) {
      return &slug;
    }
  }
  return nullptr;
}

std::string MappedBack(const Document& document, std::string_view slug) {
  for (const auto& [name, to] : document.source->categories) {
    if (to == slug) {
      return name;
    }
  }
  return {};
}

// A rendered post of the first site leads back to its list: 返回中国证券报新闻.
std::string TagOfBackLink(const Document& document) {
  if (!document.tree) {
    return {};
  }
  const text::HtmlTree& tree = *document.tree;
  for (auto node = static_cast<text::HtmlTree::NodeId>(tree.size()); node-- > 0;) {
    if (!tree.is_text(node)) {
      continue;
    }
    const std::string_view text = text::TrimBlank(tree.text(node));
    if (text.starts_with(kBack) && text != kBackHome && text.size() < kMaxNameBytes) {
      return text::CollapseBlank(text.substr(kBack.size()));
    }
  }
  return {};
}

Names OfferedCategories(const Document& document) {
  Names names;
  const Names& entry = document.feed_entry ? document.feed_entry->categories
                                           : document.capture->metadata.entry.categories;
  for (const std::string& name : entry) {
    AddName(names, name);
  }
  for (const Candidate& candidate : document.candidates.categories) {
    AddName(names, candidate.value);
  }
  return names;
}

void FromFrontMatter(Document& document) {
  Post& post = document.post;
  for (const std::string& tag : document.front_matter->tags) {
    AddName(post.tags, tag);
  }
  post.category.slug = Join(document.front_matter->categories);  // as written, spaces and all
}

// Of a Jekyll site, or with a dated address whose section is one of the entry's categories: that is
// how Jekyll's posts look in any feed.
bool IsJekyllPost(const Document& document) {
  if (document.source->kind == SourceKind::kJekyll) {
    return true;
  }
  const Names sections = SectionsOf(document.post.url);
  const Names offered = OfferedCategories(document);
  return std::ranges::any_of(offered, [&](const std::string& name) {
    return std::ranges::any_of(sections, [&](const std::string& section) {
      return text::EqualsIgnoreAsciiCase(name, section);
    });
  });
}

// A feed of Jekyll's gives an entry's categories, then its tags; the address tells which are which.
void FromJekyll(Document& document) {
  Post& post = document.post;
  const Names sections = SectionsOf(post.url);
  Names offered = OfferedCategories(document);
  Names matched;
  const std::string whole = Join(sections);
  std::erase_if(offered, [&](const std::string& name) {
    const bool is_section = text::EqualsIgnoreAsciiCase(name, text::CollapseBlank(whole)) ||
                            std::ranges::any_of(sections, [&](const std::string& section) {
                              return text::EqualsIgnoreAsciiCase(name, section);
                            });
    if (is_section) {
      matched.push_back(name);
    }
    return is_section;
  });
  if (!matched.empty() && matched.size() == sections.size() &&
      text::EqualsIgnoreAsciiCase(Join(matched), whole)) {
    post.category.slug = Join(matched);  // in the case that was written
  } else if (!sections.empty()) {
    post.category.slug = whole;
  } else if (!offered.empty() && IsAscii(offered.front())) {
    post.category.slug = offered.front();
    offered.erase(offered.begin());
  }
  for (const std::string& tag : offered) {
    AddName(post.tags, tag);
  }
  for (const Candidate& candidate : document.candidates.tags) {
    AddName(post.tags, candidate.value);
  }
  if (post.tags.empty()) {
    AddName(post.tags, TagOfBackLink(document));
  }
}

void FromOthers(Document& document) {
  Post& post = document.post;
  const Names offered = OfferedCategories(document);
  for (const std::string& name : offered) {
    AddName(post.tags, name);
  }
  for (const Candidate& candidate : document.candidates.tags) {
    AddName(post.tags, candidate.value);
  }
  // The operator's table knows best which of the names is the category.
  Names known = post.tags;
  AddName(known, post.publisher);
  for (const std::string& name : known) {
    if (const std::string* slug = Mapped(document, name)) {
      post.category = {.slug = *slug, .name = name};
      return;
    }
  }
  if (!offered.empty()) {
    const std::string& name = offered.front();
    post.category = {.slug = IsAscii(name) ? name : text::Pinyin(name), .name = name};
    return;
  }
  if (const Names sections = SectionsOf(post.url);
      !sections.empty() && sections.back().size() >= kMinSection) {
    post.category.slug = sections.back();
    post.category.name = MappedBack(document, post.category.slug);
  }
}

void NameTheSlug(Document& document) {
  Post& post = document.post;
  if (!post.category.name.empty() || post.category.slug.empty()) {
    return;
  }
  post.category.name = post.tags.empty() ? MappedBack(document, post.category.slug)
                                         : NameOfTag(post.tags.front(), post.category.slug);
}

}  // namespace

Status Categorize(Document& document) {
  Post& post = document.post;
  post.tags.clear();
  post.category = {};
  if (document.front_matter) {
    FromFrontMatter(document);
  } else if (IsJekyllPost(document)) {
    FromJekyll(document);
  } else {
    FromOthers(document);
  }
  NameTheSlug(document);
  if (post.category.slug.empty() && !post.publisher.empty()) {
    const std::string* slug = Mapped(document, post.publisher);
    post.category = {.slug = slug != nullptr ? *slug : text::Pinyin(post.publisher),
                     .name = post.publisher};
  }
  return {};
}

}  // namespace newswire::steps
