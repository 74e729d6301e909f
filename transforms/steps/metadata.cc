// SPDX-License-Identifier: Apache-2.0
// What the page and its feed say of the post: candidates for each field, the most trusted first.
#include <algorithm>

#include "transforms/steps/json_ld.h"
#include "transforms/steps/page_blocks.h"
#include "transforms/steps/step.h"
#include "transforms/steps/visible_lines.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

constexpr size_t kMaxValue = 2000;     // bytes of a candidate
constexpr size_t kMaxCandidates = 64;  // of one field
constexpr size_t kMaxName = 200;       // bytes of an author's or publisher's name

void Add(std::vector<Candidate>& list, std::string_view value, std::string_view origin) {
  value = text::TruncateToBytes(text::TrimBlank(value), kMaxValue);
  if (value.empty() || list.size() >= kMaxCandidates) {
    return;
  }
  std::string text = value.find_first_of("<&") == std::string_view::npos
                         ? text::CollapseBlank(value)
                         : text::HtmlToText(value);
  if (text.empty() || std::any_of(list.begin(), list.end(), [&](const Candidate& it) {
        return it.value == text && it.origin == origin;
      })) {
    return;
  }
  list.push_back({std::move(text), std::string(origin)});
}

bool IsUrl(std::string_view value) {
  return value.starts_with("http://") || value.starts_with("https://") || value.starts_with("//");
}

void AddName(std::vector<Candidate>& list, std::string_view value, std::string_view origin) {
  if (value.size() <= kMaxName && !IsUrl(value)) {
    Add(list, value, origin);
  }
}

// Adds the lists of the sources of metadata one behind the other, so that trust orders them.
struct Found {
  Candidates front_matter, json_ld, meta, microdata, elements, visible, entry;
};

// The meta tags whose names say when.
constexpr std::string_view kPublishedNames[] = {"article:published_time",
                                                "article:published",
                                                "og:published_time",
                                                "og:article:published_time",
                                                "weibo:article:create_at",
                                                "pubdate",
                                                "publishdate",
                                                "publish_date",
                                                "publish-date",
                                                "publishtime",
                                                "publish_time",
                                                "publicationdate",
                                                "publication_date",
                                                "parsely-pub-date",
                                                "sailthru.date",
                                                "dc.date.issued",
                                                "dcterms.created",
                                                "dcterms.issued",
                                                "dc.date.created",
                                                "date.issued",
                                                "datepublished",
                                                "date_published",
                                                "article.published",
                                                "cxenseparse:recs:publishtime",
                                                "originalpublicationdate",
                                                "bt:pubdate",
                                                "timestamp",
                                                "dc.date",
                                                "dcterms.date",
                                                "date",
                                                "shareaholic:article_published_time",
                                                "rnews:datepublished",
                                                "iso-8601-publish-date",
                                                "pub_date",
                                                "article_date_original",
                                                "article:post_date"};
constexpr std::string_view kUpdatedNames[] = {
    "article:modified_time", "og:updated_time",  "weibo:article:update_at", "lastmod",
    "last-modified",         "dcterms.modified", "dc.date.modified",        "datemodified"};
constexpr std::string_view kSourceNames[] = {"source",         "mediaid",       "contentsource",
                                             "article:source", "from",          "copyrightsource",
                                             "newssource",     "og:news_source"};
constexpr std::string_view kAuthorNames[] = {"author",
                                             "article:author",
                                             "byl",
                                             "byline",
                                             "dc.creator",
                                             "dcterms.creator",
                                             "parsely-author",
                                             "sailthru.author",
                                             "citation_author",
                                             "og:article:author",
                                             "cxenseparse:author",
                                             "article:author_name",
                                             "rnews:author"};

bool OneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Dates from several meta tags are ordered as the table orders them, not as the page does.
struct RankedMeta {
  size_t rank;
  std::string value;
};

class PageReader {
 public:
  PageReader(const HtmlTree& tree, Found& found) : tree_(tree), found_(found) {}

  void Run() {
    for (NodeId node = 0; node < tree_.size(); ++node) {
      const Tag tag = tree_.tag(node);
      switch (tag) {
        case Tag::kHtml:
          Add(found_.elements.languages, tree_.attribute(node, "lang"), "html_lang");
          break;
        case Tag::kTitle:
          if (title_.empty()) {
            title_ = text::CollapseBlank(TextOf(node));
          }
          break;
        case Tag::kMeta:
          Meta(node);
          break;
        case Tag::kLink:
          if (text::EqualsIgnoreAsciiCase(tree_.attribute(node, "rel"), "canonical")) {
            Add(found_.meta.canonical_urls, tree_.attribute(node, "href"), "canonical");
          }
          break;
        case Tag::kTime:
          Time(node);
          break;
        case Tag::kA:
          if (text::EqualsIgnoreAsciiCase(tree_.attribute(node, "rel"), "author")) {
            AddName(found_.elements.authors, TextOf(node), "rel_author");
          }
          break;
        default:
          break;
      }
      if (tag != Tag::kNoTag && tree_.attribute_count(node) > 0 &&
          tree_.has_attribute(node, "itemprop")) {
        Microdata(node);
      }
    }
    std::stable_sort(published_.begin(), published_.end(),
                     [](const RankedMeta& a, const RankedMeta& b) { return a.rank < b.rank; });
    for (const RankedMeta& it : published_) {
      Add(found_.meta.published, it.value, "meta");
    }
  }

  const std::string& title() const { return title_; }

 private:
  std::string TextOf(NodeId node) const {
    std::string out;
    for (NodeId inside = node + 1; inside < tree_.subtree_end(node) && out.size() < kMaxValue;
         ++inside) {
      if (tree_.is_text(inside)) {
        out += tree_.text(inside);
      }
    }
    return out;
  }

  void Meta(NodeId node) {
    const std::string_view content = tree_.attribute(node, "content");
    if (content.empty()) {
      return;
    }
    for (const std::string_view key : {"property", "name", "http-equiv"}) {
      const std::string_view given = tree_.attribute(node, key);
      if (!given.empty() && given.size() < 64) {
        MetaValue(text::ToLowerAscii(given), content);
      }
    }
  }

  void MetaValue(const std::string& name, std::string_view content) {
    Candidates& meta = found_.meta;
    if (name == "og:title") {
      Add(meta.titles, content, "og");
    } else if (name == "twitter:title") {
      Add(meta.titles, content, "twitter");
    } else if (name == "og:description") {
      Add(meta.summaries, content, "og");
    } else if (name == "description" || name == "twitter:description") {
      Add(meta.summaries, content, "meta");
    } else if (name == "og:url") {
      Add(meta.canonical_urls, content, "og");
    } else if (name == "og:site_name") {
      AddName(meta.publishers, content, "og");
    } else if (name == "og:locale" || name == "content-language" || name == "language") {
      Add(meta.languages, content, name == "og:locale" ? "og" : "meta");
    } else if (name == "og:image") {
      Add(meta.images, content, "og");
    } else if (name == "article:section") {
      Add(meta.categories, content, "meta");
    } else if (name == "article:tag" || name == "keywords" || name == "news_keywords") {
      Words(content);
    } else if (name == "syndication-source" || name == "original-source") {
      Add(meta.original_urls, content, "meta");
    } else if (OneOf(name, kAuthorNames)) {
      AddName(meta.authors, content, "meta");
    } else if (OneOf(name, kSourceNames)) {
      AddName(found_.visible.publishers, content, "visible");
    } else if (OneOf(name, kUpdatedNames)) {
      Add(meta.updated, content, "meta");
    } else if (const auto* at =
                   std::find(std::begin(kPublishedNames), std::end(kPublishedNames), name);
               at != std::end(kPublishedNames)) {
      published_.push_back({static_cast<size_t>(at - std::begin(kPublishedNames)),
                            std::string(text::TruncateToBytes(content, kMaxName))});
    }
  }

  // "a, b，c": each word is a tag.
  void Words(std::string_view content) {
    size_t begin = 0;
    for (size_t i = 0; i <= content.size(); ++i) {
      const bool wide = content.compare(i, 3, "，") == 0 || content.compare(i, 3, "、") == 0;
      if (i == content.size() || content[i] == ',' || content[i] == ';' || wide) {
        AddName(found_.meta.tags, content.substr(begin, i - begin), "meta");
        begin = i + (wide ? 3 : 1);
      }
    }
  }

  void Time(NodeId node) {
    const std::string_view when = tree_.attribute(node, "datetime");
    const std::string_view value = when.empty() ? std::string_view() : when;
    const bool updated =
        tree_.attribute(node, "itemprop") == "dateModified" ||
        text::ToLowerAscii(tree_.attribute(node, "class")).find("updat") != std::string::npos;
    if (updated) {
      Add(found_.elements.updated, value, "time_element");
    } else {
      Add(found_.elements.published, value, "time_element");
    }
  }

  std::string Value(NodeId node) const {
    for (const std::string_view name : {"content", "datetime"}) {
      if (!tree_.attribute(node, name).empty()) {
        return std::string(tree_.attribute(node, name));
      }
    }
    return TextOf(node);
  }

  void Microdata(NodeId node) {
    std::string_view names = tree_.attribute(node, "itemprop");
    Candidates& out = found_.microdata;
    while (!names.empty()) {
      const size_t blank = names.find(' ');
      const std::string_view name = names.substr(0, blank);
      names = blank == std::string_view::npos ? std::string_view() : names.substr(blank + 1);
      if (name == "headline") {
        Add(out.titles, Value(node), "microdata");
      } else if (name == "datePublished" || name == "dateCreated") {
        Add(out.published, Value(node), "microdata");
      } else if (name == "dateModified") {
        Add(out.updated, Value(node), "microdata");
      } else if (name == "author" || name == "creator") {
        AddName(out.authors, NameInside(node), "microdata");
      } else if (name == "publisher") {
        AddName(out.publishers, NameInside(node), "microdata");
      } else if (name == "articleSection") {
        Add(out.categories, Value(node), "microdata");
      } else if (name == "inLanguage") {
        Add(out.languages, Value(node), "microdata");
      }
    }
  }

  // An item's `name` property when it has one, else its text.
  std::string NameInside(NodeId node) const {
    for (NodeId inside = node + 1; inside < std::min(tree_.subtree_end(node), node + 60);
         ++inside) {
      if (tree_.attribute(inside, "itemprop") == "name") {
        return Value(inside);
      }
    }
    return Value(node);
  }

  const HtmlTree& tree_;
  Found& found_;
  std::vector<RankedMeta> published_;
  std::string title_;
};

void ReadEntry(const LinkEntry& entry, Candidates& out) {
  constexpr std::string_view kOrigin = "feed_entry";
  Add(out.titles, entry.title, kOrigin);
  Add(out.summaries, entry.summary, kOrigin);
  Add(out.published, entry.published, kOrigin);
  Add(out.updated, entry.updated, kOrigin);
  Add(out.languages, entry.language, kOrigin);
  for (const std::string& author : entry.authors) {
    AddName(out.authors, author, kOrigin);
  }
  for (const std::string& category : entry.categories) {
    Add(out.categories, category, kOrigin);
  }
}

void ReadEntry(const formats::FeedEntry& entry, Candidates& out) {
  LinkEntry same;
  same.title = entry.title;
  same.summary = entry.summary;
  same.published = entry.published_raw;
  same.updated = entry.updated_raw;
  same.language = entry.language;
  same.authors = entry.authors;
  same.categories = entry.categories;
  ReadEntry(same, out);
}

void ReadFrontMatterValues(const formats::FrontMatter& matter, Candidates& out) {
  constexpr std::string_view kOrigin = "front_matter";
  Add(out.titles, matter.title, kOrigin);
  Add(out.published, matter.date, kOrigin);
  for (const std::string& author : matter.authors) {
    AddName(out.authors, author, kOrigin);
  }
  for (const std::string& category : matter.categories) {
    Add(out.categories, category, kOrigin);
  }
  for (const std::string& tag : matter.tags) {
    Add(out.tags, tag, kOrigin);
  }
  for (const auto& [key, value] : matter.other) {
    if (key == "lang" || key == "language") {
      Add(out.languages, value, kOrigin);
    } else if (key == "description" || key == "excerpt" || key == "summary") {
      Add(out.summaries, value, kOrigin);
    } else if (key == "last_modified_at" || key == "updated" || key == "modified") {
      Add(out.updated, value, kOrigin);
    } else if (key == "source_url" || key == "original_url" || key == "link") {
      Add(out.original_urls, value, kOrigin);
    } else if (key == "canonical_url") {
      Add(out.canonical_urls, value, kOrigin);
    } else if (key == "publisher" || key == "source") {
      AddName(out.publishers, value, kOrigin);
    }
  }
}

using Field = std::vector<Candidate> Candidates::*;

void Take(Candidates& into, std::initializer_list<const Candidates*> from, Field field) {
  for (const Candidates* part : from) {
    for (const Candidate& it : part->*field) {
      if ((into.*field).size() < kMaxCandidates) {
        (into.*field).push_back(it);
      }
    }
  }
}

}  // namespace

Status CollectMetadata(Document& document) {
  if (!document.tree.has_value()) {
    document.tree = HtmlTree::Parse(document.html);
  }
  Found found;
  if (document.front_matter.has_value()) {
    ReadFrontMatterValues(*document.front_matter, found.front_matter);
  }
  if (document.feed_entry.has_value()) {
    ReadEntry(*document.feed_entry, found.entry);
  }
  if (document.capture != nullptr) {
    ReadEntry(document.capture->metadata.entry, found.entry);
  }
  bool dense = false;
  if (!document.is_fragment) {
    const HtmlTree& tree = *document.tree;
    for (const std::string_view body : tree.json_ld()) {
      ReadJsonLd(body, found.json_ld, document.article_body);
    }
    PageReader reader(tree, found);
    reader.Run();
    document.page = std::make_shared<PageBlocks>(tree);
    std::vector<std::string_view> names = {reader.title()};
    for (const Candidates* part : {&found.json_ld, &found.meta, &found.entry}) {
      for (const Candidate& it : part->titles) {
        names.push_back(it.value);
      }
    }
    const std::vector<std::string> sites = SiteNames(found.meta, found.json_ld);
    const Headline headline = FindHeadline(*document.page, names, sites);
    Add(found.visible.titles, WithoutKicker(headline.text, found.json_ld.titles), "heading");
    ReadLinesAround(*document.page, headline, found.visible);
    // Sites sign with their own name where an author is asked for.
    std::erase_if(found.meta.authors, [&](const Candidate& author) {
      return NamesSite(reader.title(), author.value) ||
             std::any_of(sites.begin(), sites.end(),
                         [&](const std::string& site) { return site == author.value; });
    });
    for (Candidate& it : found.visible.publishers) {
      // A site that calls itself the source says nothing of where the text is from.
      if (NamesSite(reader.title(), it.value)) {
        it.origin = "site";
      }
    }
    Add(found.elements.titles, WithoutSiteName(reader.title(), sites), "title");
    dense = IsMostlyDense(*document.page);
  }
  Candidates& out = document.candidates;
  const Candidates &matter = found.front_matter, &json = found.json_ld, &meta = found.meta,
                   &micro = found.microdata, &elements = found.elements, &visible = found.visible,
                   &entry = found.entry;
  Take(out, {&matter, &visible, &entry, &json, &micro, &meta, &elements}, &Candidates::titles);
  Take(out, {&matter, &json, &meta, &entry}, &Candidates::summaries);
  Take(out, {&matter, &json, &visible, &micro, &elements, &meta, &entry}, &Candidates::authors);
  Take(out, {&matter, &visible, &json, &micro, &meta, &entry}, &Candidates::publishers);
  if (dense) {
    // Chinese and Japanese pages show the time; their JSON-LD is often made for search engines.
    Take(out, {&matter, &meta, &visible, &json, &micro, &entry, &elements}, &Candidates::published);
  } else {
    Take(out, {&matter, &json, &meta, &micro, &entry, &elements, &visible}, &Candidates::published);
  }
  Take(out, {&matter, &json, &meta, &micro, &elements, &entry}, &Candidates::updated);
  Take(out, {&matter, &json, &elements, &meta, &micro, &entry}, &Candidates::languages);
  Take(out, {&matter, &meta, &json, &micro, &entry}, &Candidates::categories);
  Take(out, {&matter, &meta, &json}, &Candidates::tags);
  Take(out, {&matter, &meta, &json}, &Candidates::canonical_urls);
  Take(out, {&matter, &meta}, &Candidates::original_urls);
  Take(out, {&meta, &json}, &Candidates::images);
  if (document.post.title.empty() && !out.titles.empty()) {
    document.post.title = out.titles.front().value;
  }
  if (document.post.summary.empty() && !out.summaries.empty()) {
    document.post.summary = out.summaries.front().value;
  }
  return {};
}

}  // namespace newswire::steps
