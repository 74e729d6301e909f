// SPDX-License-Identifier: Apache-2.0
// What the page and its feed say of the post: candidates for each field, the most trusted first.
#include <algorithm>
#include <functional>

#include "transforms/steps/byline.h"
#include "transforms/steps/candidate_lists.h"
#include "transforms/steps/headline.h"
#include "transforms/steps/json_ld.h"
#include "transforms/steps/page_blocks.h"
#include "transforms/steps/page_metadata.h"
#include "transforms/steps/step.h"
#include "transforms/steps/visible_dates.h"
#include "transforms/text/html_tags.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::HtmlTree;

void ReadEntry(const LinkEntry& entry, Candidates& out) {
  constexpr std::string_view kOrigin = "feed_entry";
  AddCandidate(out.titles, entry.title, kOrigin);
  AddCandidate(out.summaries, entry.summary, kOrigin);
  AddCandidate(out.published, entry.published, kOrigin);
  AddCandidate(out.updated, entry.updated, kOrigin);
  AddCandidate(out.languages, entry.language, kOrigin);
  for (const std::string& author : entry.authors) {
    AddNameCandidate(out.authors, author, kOrigin);
  }
  for (const std::string& category : entry.categories) {
    AddCandidate(out.categories, category, kOrigin);
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
  AddCandidate(out.titles, matter.title, kOrigin);
  AddCandidate(out.published, matter.date, kOrigin);
  for (const std::string& author : matter.authors) {
    AddNameCandidate(out.authors, author, kOrigin);
  }
  for (const std::string& category : matter.categories) {
    AddCandidate(out.categories, category, kOrigin);
  }
  for (const std::string& tag : matter.tags) {
    AddCandidate(out.tags, tag, kOrigin);
  }
  for (const auto& [key, value] : matter.other) {
    if (key == "lang" || key == "language") {
      AddCandidate(out.languages, value, kOrigin);
    } else if (key == "description" || key == "excerpt" || key == "summary") {
      AddCandidate(out.summaries, value, kOrigin);
    } else if (key == "last_modified_at" || key == "updated" || key == "modified") {
      AddCandidate(out.updated, value, kOrigin);
    } else if (key == "source_url" || key == "original_url" || key == "link") {
      AddCandidate(out.original_urls, value, kOrigin);
    } else if (key == "canonical_url") {
      AddCandidate(out.canonical_urls, value, kOrigin);
    } else if (key == "publisher" || key == "source") {
      AddNameCandidate(out.publishers, value, kOrigin);
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

// Who signs, as the first of the sources says that names anyone: another one's names are mostly the
// same in other words, or those of other articles. The site's own name is nobody's.
void TakeAuthors(Candidates& into, std::initializer_list<const Candidates*> from,
                 const std::function<bool(const std::string&)>& names_site) {
  for (const Candidates* part : from) {
    bool any = false;
    for (const Candidate& it : part->authors) {
      if (!names_site(it.value) && into.authors.size() < kMaxCandidates) {
        into.authors.push_back(it);
        any = true;
      }
    }
    if (any) {
      return;
    }
  }
}

bool HasPublished(std::initializer_list<const Candidates*> from) {
  return std::any_of(from.begin(), from.end(),
                     [](const Candidates* part) { return !part->published.empty(); });
}

// `mdr.de`: the address of a site in the place of a name.
bool IsHostName(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0 && name.size() - dot > 2 &&
         name.size() - dot < 6 && name.find(' ') == std::string_view::npos &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-';
             });
}

}  // namespace

Status CollectMetadata(Document& document) {
  if (!document.tree.has_value()) {
    document.tree = HtmlTree::Parse(document.html);
  }
  PageCandidates page;
  Candidates front_matter, json_ld, visible, by_class, entry;
  std::vector<std::string> sites;
  if (document.front_matter.has_value()) {
    ReadFrontMatterValues(*document.front_matter, front_matter);
  }
  if (document.feed_entry.has_value()) {
    ReadEntry(*document.feed_entry, entry);
  }
  if (document.capture != nullptr) {
    ReadEntry(document.capture->metadata.entry, entry);
  }
  bool dense = false;
  if (!document.is_fragment) {
    const HtmlTree& tree = *document.tree;
    for (const std::string_view body : tree.json_ld()) {
      ReadJsonLd(body, json_ld, document.article_body);
    }
    ReadPageMetadata(tree, page);
    document.page = std::make_shared<PageBlocks>(tree);
    std::vector<std::string_view> names = {page.title};
    for (const Candidates* part : {&json_ld, &page.meta, &entry}) {
      for (const Candidate& it : part->titles) {
        names.push_back(it.value);
      }
    }
    sites = SiteNames(page.meta, json_ld);
    const Headline headline = FindHeadline(*document.page, names, sites);
    AddCandidate(visible.titles, WithoutKicker(headline.text, json_ld.titles), "heading");
    dense = IsMostlyDense(*document.page);
    visible.publishers = std::move(page.credits.publishers);
    ReadByline(*document.page, headline, dense, visible, by_class);
    for (Candidate& it : visible.publishers) {
      // A site that calls itself the source says nothing of where the text is from.
      if (NamesSite(page.title, it.value)) {
        it.origin = "site";
      }
    }
    AddCandidate(page.elements.titles, WithoutSiteName(page.title, sites), "title");
    AddNameCandidate(page.elements.publishers, SiteInTitle(page.title, headline.text), "title");
    if (!HasPublished({&front_matter, &json_ld, &page.meta, &page.microdata, &page.elements,
                       &visible, &entry})) {
      AddCandidate(page.elements.published, FindScriptDate(document.html), "script");
    }
  }
  Candidates& out = document.candidates;
  const Candidates &matter = front_matter, &json = json_ld, &meta = page.meta,
                   &micro = page.microdata, &elements = page.elements;
  Take(out, {&matter, &visible, &entry, &json, &micro, &meta, &elements}, &Candidates::titles);
  Take(out, {&matter, &json, &meta, &entry}, &Candidates::summaries);
  Take(out, {&matter}, &Candidates::authors);
  TakeAuthors(out, {&json, &visible, &micro, &elements, &meta, &by_class, &entry},
              [&](const std::string& name) {
                return NamesSite(page.title, name) || IsHostName(name) ||
                       std::find(sites.begin(), sites.end(), name) != sites.end();
              });
  Take(out, {&matter, &visible, &json, &micro, &meta, &entry, &elements}, &Candidates::publishers);
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
