// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/page_metadata.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "transforms/steps/candidate_lists.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;
using text::Tag;
using NodeId = HtmlTree::NodeId;

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
  PageReader(const HtmlTree& tree, PageCandidates& found) : tree_(tree), found_(found) {}

  void Run() {
    for (NodeId node = 0; node < tree_.size(); ++node) {
      const Tag tag = tree_.tag(node);
      switch (tag) {
        case Tag::kHtml:
          AddCandidate(found_.elements.languages, tree_.attribute(node, "lang"), "html_lang");
          break;
        case Tag::kTitle:
          if (found_.title.empty()) {
            found_.title = text::CollapseBlank(TextOf(node));
          }
          break;
        case Tag::kMeta:
          Meta(node);
          break;
        case Tag::kLink:
          if (text::EqualsIgnoreAsciiCase(tree_.attribute(node, "rel"), "canonical")) {
            AddCandidate(found_.meta.canonical_urls, tree_.attribute(node, "href"), "canonical");
          }
          break;
        case Tag::kTime:
          Time(node);
          break;
        case Tag::kA:
          if (text::EqualsIgnoreAsciiCase(tree_.attribute(node, "rel"), "author")) {
            AddNameCandidate(found_.elements.authors, TextOf(node), "rel_author");
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
      AddCandidate(found_.meta.published, it.value, "meta");
    }
  }

 private:
  std::string TextOf(NodeId node) const {
    std::string out;
    for (NodeId inside = node + 1;
         inside < tree_.subtree_end(node) && out.size() < kMaxCandidateBytes; ++inside) {
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
      AddCandidate(meta.titles, content, "og");
    } else if (name == "twitter:title") {
      AddCandidate(meta.titles, content, "twitter");
    } else if (name == "og:description") {
      AddCandidate(meta.summaries, content, "og");
    } else if (name == "description" || name == "twitter:description") {
      AddCandidate(meta.summaries, content, "meta");
    } else if (name == "og:url") {
      AddCandidate(meta.canonical_urls, content, "og");
    } else if (name == "og:site_name") {
      AddNameCandidate(meta.publishers, content, "og");
    } else if (name == "og:locale" || name == "content-language" || name == "language") {
      AddCandidate(meta.languages, content, name == "og:locale" ? "og" : "meta");
    } else if (name == "og:image") {
      AddCandidate(meta.images, content, "og");
    } else if (name == "article:section") {
      AddCandidate(meta.categories, content, "meta");
    } else if (name == "article:tag" || name == "keywords" || name == "news_keywords") {
      Words(content);
    } else if (name == "syndication-source" || name == "original-source") {
      AddCandidate(meta.original_urls, content, "meta");
    } else if (OneOf(name, kAuthorNames)) {
      AddNameCandidate(meta.authors, content, "meta");
    } else if (OneOf(name, kSourceNames)) {
      AddNameCandidate(found_.credits.publishers, content, "visible");
    } else if (OneOf(name, kUpdatedNames)) {
      AddCandidate(meta.updated, content, "meta");
    } else if (const auto* at =
                   std::find(std::begin(kPublishedNames), std::end(kPublishedNames), name);
               at != std::end(kPublishedNames)) {
      published_.push_back({static_cast<size_t>(at - std::begin(kPublishedNames)),
                            std::string(text::TruncateToBytes(content, kMaxNameBytes))});
    }
  }

  // "a, b，c": each word is a tag.
  void Words(std::string_view content) {
    size_t begin = 0;
    for (size_t i = 0; i <= content.size(); ++i) {
      const bool wide = content.compare(i, 3, "，") == 0 || content.compare(i, 3, "、") == 0;
      if (i == content.size() || content[i] == ',' || content[i] == ';' || wide) {
        AddNameCandidate(found_.meta.tags, content.substr(begin, i - begin), "meta");
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
      AddCandidate(found_.elements.updated, value, "time_element");
    } else {
      AddCandidate(found_.elements.published, value, "time_element");
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
        AddCandidate(out.titles, Value(node), "microdata");
      } else if (name == "datePublished" || name == "dateCreated" || name == "dateUpdate") {
        AddCandidate(out.published, Value(node), "microdata");
      } else if (name == "dateModified") {
        AddCandidate(out.updated, Value(node), "microdata");
      } else if (name == "author" || name == "creator") {
        AddNameCandidate(out.authors, NameInside(node), "microdata");
      } else if (name == "publisher") {
        AddNameCandidate(out.publishers, NameInside(node), "microdata");
      } else if (name == "articleSection") {
        AddCandidate(out.categories, Value(node), "microdata");
      } else if (name == "inLanguage") {
        AddCandidate(out.languages, Value(node), "microdata");
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
  PageCandidates& found_;
  std::vector<RankedMeta> published_;
};

}  // namespace

void ReadPageMetadata(const HtmlTree& tree, PageCandidates& out) { PageReader(tree, out).Run(); }

}  // namespace newswire::steps
