// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

constexpr size_t kMaxRemembered = 256;

struct Namespace {
  std::string_view uri;  // lower case, without "http://" and slashes at the end
  Vocabulary vocabulary;
};

constexpr auto kNamespaces = std::to_array<Namespace>({
    {"www.w3.org/2005/atom", Vocabulary::kAtom10},
    {"purl.org/atom/ns#", Vocabulary::kAtom03},
    {"purl.org/atom/ns", Vocabulary::kAtom03},
    {"purl.org/echo", Vocabulary::kAtom03},
    {"purl.org/pie", Vocabulary::kAtom03},
    {"example.com/newformat#", Vocabulary::kAtom03},
    {"example.com/necho", Vocabulary::kAtom03},
    {"uri/of/echo/namespace#", Vocabulary::kAtom03},
    {"purl.org/rss/1.0", Vocabulary::kCore},
    {"purl.org/net/rss1.1#", Vocabulary::kCore},
    {"purl.org/rss/2.0", Vocabulary::kCore},
    {"my.netscape.com/rdf/simple/0.9", Vocabulary::kCore},
    {"channel.netscape.com/rdf/simple/0.9", Vocabulary::kCore},
    {"backend.userland.com/rss", Vocabulary::kCore},
    {"backend.userland.com/rss2", Vocabulary::kCore},
    {"backend.userland.com/rss091", Vocabulary::kCore},
    {"blogs.law.harvard.edu/tech/rss", Vocabulary::kCore},
    {"cyber.law.harvard.edu/rss", Vocabulary::kCore},
    {"cyber.law.harvard.edu/rss/rss.html", Vocabulary::kCore},
    {"purl.org/rss/1.0/modules/rss091#", Vocabulary::kCore},
    {"purl.org/dc/elements/1.1", Vocabulary::kDublinCore},
    {"purl.org/dc/elements/1.0", Vocabulary::kDublinCore},
    {"purl.org/dc/terms", Vocabulary::kDublinTerms},
    {"purl.org/rss/1.0/modules/dcterms", Vocabulary::kDublinTerms},
    {"purl.org/rss/1.0/modules/content", Vocabulary::kContent},
    {"search.yahoo.com/mrss", Vocabulary::kMedia},
    {"video.search.yahoo.com/mrss", Vocabulary::kMedia},
    {"www.itunes.com/dtds/podcast-1.0.dtd", Vocabulary::kPodcast},
    {"example.com/dtds/podcast-1.0.dtd", Vocabulary::kPodcast},
    {"www.google.com/schemas/play-podcasts/1.0", Vocabulary::kPodcast},
    {"purl.org/rss/1.0/modules/syndication", Vocabulary::kSyndication},
    {"rssnamespace.org/feedburner/ext/1.0", Vocabulary::kFeedburner},
    {"www.pheedo.com/namespace/pheedo", Vocabulary::kFeedburner},
    {"prismstandard.org/namespaces/1.2/basic", Vocabulary::kPrism},
    {"prismstandard.org/namespaces/basic/2.0", Vocabulary::kPrism},
    {"purl.oclc.org/net/rss_2.0/enc#", Vocabulary::kEnclosure},
    {"www.w3.org/1999/xhtml", Vocabulary::kXhtml},
    {"www.w3.org/1999/02/22-rdf-syntax-ns#", Vocabulary::kRdf},
});

constexpr auto kCustomaryPrefixes = std::to_array<Namespace>({
    {"a10", Vocabulary::kAtom10},
    {"atom", Vocabulary::kAtom10},
    {"atom03", Vocabulary::kAtom03},
    {"atom10", Vocabulary::kAtom10},
    {"content", Vocabulary::kContent},
    {"dc", Vocabulary::kDublinCore},
    {"dcterms", Vocabulary::kDublinTerms},
    {"enc", Vocabulary::kEnclosure},
    {"feedburner", Vocabulary::kFeedburner},
    {"googleplay", Vocabulary::kPodcast},
    {"itunes", Vocabulary::kPodcast},
    {"media", Vocabulary::kMedia},
    {"pheedo", Vocabulary::kFeedburner},
    {"prism", Vocabulary::kPrism},
    {"rdf", Vocabulary::kRdf},
    {"rss", Vocabulary::kCore},
    {"sy", Vocabulary::kSyndication},
    {"xhtml", Vocabulary::kXhtml},
});

using enum FeedElement;
struct Entry {
  std::string_view name;
  FeedElement element;
  uint8_t rank = 0;
};

// RSS, Atom and CDF share one list: no name means two things in them.
constexpr auto kCoreNames = std::to_array<Entry>({
    {"abstract", kSummary, 1},
    {"author", kPerson},
    {"body", kContent, 1},
    {"category", kCategory},
    {"channel", kChannel},
    {"content", kContent, 1},
    {"contributor", kContributor},
    {"copyright", kRights},
    {"created", kPublished, 3},
    {"description", kSummary},
    {"email", kPersonMail},
    {"enclosure", kEnclosure},
    {"entry", kEntry},
    {"feed", kFeed},
    {"fullitem", kContent, 3},
    {"guid", kId},
    {"html", kHtml},
    {"id", kId},
    {"issued", kPublished},
    {"item", kEntry},
    {"items", kTransparent},
    {"keywords", kKeywords},
    {"language", kLanguage},
    {"lastbuilddate", kUpdated},
    {"link", kLink},
    {"managingeditor", kPersonText},
    {"modified", kUpdated},
    {"name", kPersonName},
    {"pubdate", kPublished},
    {"published", kPublished},
    {"rdf", kRdf},
    {"rights", kRights},
    {"rss", kRss},
    {"source", kSource},
    {"subtitle", kSummary},
    {"summary", kSummary},
    {"tagline", kSummary},
    {"title", kTitle},
    {"ttl", kTtl},
    {"updated", kUpdated},
    {"uri", kPersonUri},
    {"url", kPersonUri},
    {"webmaster", kContributor},
});
constexpr auto kDublinNames = std::to_array<Entry>({
    {"abstract", kSummary, 3},
    {"author", kPersonText},
    {"available", kPublished, 2},
    {"contributor", kContributor},
    {"created", kPublished, 3},
    {"creator", kPersonText},
    {"date", kEitherDate},
    {"description", kSummary, 2},
    {"identifier", kId, 3},
    {"issued", kPublished, 1},
    {"language", kLanguage, 1},
    {"modified", kUpdated, 1},
    {"rights", kRights, 1},
    {"subject", kCategory},
    {"title", kTitle, 2},
});
constexpr auto kContentNames = std::to_array<Entry>({{"encoded", kContent}});
constexpr auto kMediaNames = std::to_array<Entry>({
    {"category", kCategory},
    {"content", kMediaContent},
    {"description", kSummary, 5},
    {"group", kTransparent},
    {"title", kTitle, 4},
});
constexpr auto kPodcastNames = std::to_array<Entry>({
    {"author", kPersonText, 1},
    {"category", kCategory},
    {"description", kSummary, 6},
    {"keywords", kKeywords},
    {"subtitle", kSummary, 8},
    {"summary", kSummary, 7},
    {"title", kTitle, 3},
});
constexpr auto kSyndicationNames =
    std::to_array<Entry>({{"updatefrequency", kUpdateFrequency}, {"updateperiod", kUpdatePeriod}});
constexpr auto kFeedburnerNames = std::to_array<Entry>({{"origlink", kOriginalLink}});
constexpr auto kPrismNames = std::to_array<Entry>({{"publicationdate", kPublished, 2}});
constexpr auto kEnclosureNames = std::to_array<Entry>({{"enclosure", kEnclosure}});
constexpr auto kXhtmlNames =
    std::to_array<Entry>({{"body", kContent}, {"div", kContent, 2}, {"html", kHtml}});
constexpr auto kRdfNames = std::to_array<Entry>({{"rdf", kRdf}});

std::span<const Entry> NamesOf(Vocabulary vocabulary) {
  switch (vocabulary) {
    case Vocabulary::kCore:
    case Vocabulary::kAtom03:
    case Vocabulary::kAtom10:
      return kCoreNames;
    case Vocabulary::kDublinCore:
    case Vocabulary::kDublinTerms:
      return kDublinNames;
    case Vocabulary::kContent:
      return kContentNames;
    case Vocabulary::kMedia:
      return kMediaNames;
    case Vocabulary::kPodcast:
      return kPodcastNames;
    case Vocabulary::kSyndication:
      return kSyndicationNames;
    case Vocabulary::kFeedburner:
      return kFeedburnerNames;
    case Vocabulary::kPrism:
      return kPrismNames;
    case Vocabulary::kEnclosure:
      return kEnclosureNames;
    case Vocabulary::kXhtml:
      return kXhtmlNames;
    case Vocabulary::kRdf:
      return kRdfNames;
    case Vocabulary::kOther:
      break;
  }
  return {};
}

Vocabulary FindIn(std::span<const Namespace> table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Namespace::uri);
  return found == table.end() ? Vocabulary::kOther : found->vocabulary;
}

Vocabulary VocabularyOf(const XmlName& name, const char* root_uri) {
  if (name.uri == nullptr) {
    return name.prefix == nullptr ? Vocabulary::kCore
                                  : FindIn(kCustomaryPrefixes, text::ToLowerAscii(name.prefix));
  }
  const std::string lower = text::ToLowerAscii(text::TrimBlank(name.uri));
  std::string_view uri = lower;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (uri.starts_with(scheme)) {
      uri.remove_prefix(scheme.size());
    }
  }
  while (uri.ends_with('/')) {
    uri.remove_suffix(1);
  }
  if (uri.empty()) {
    return Vocabulary::kCore;
  }
  const Vocabulary vocabulary = FindIn(kNamespaces, uri);
  return vocabulary == Vocabulary::kOther && name.uri == root_uri ? Vocabulary::kCore : vocabulary;
}

FeedName Classify(const XmlName& name, const char* root_uri) {
  FeedName meaning{.vocabulary = VocabularyOf(name, root_uri)};
  const std::string local = text::ToLowerAscii(name.local);
  for (const Entry& entry : NamesOf(meaning.vocabulary)) {
    if (entry.name == local) {
      meaning.element = entry.element;
      meaning.rank = entry.rank;
    }
  }
  return meaning;
}

}  // namespace

const FeedName& FeedNames::Find(const XmlName& name) {
  for (const Known& known : known_) {
    if (known.name.local == name.local && known.name.uri == name.uri &&
        known.name.prefix == name.prefix) {
      return known.meaning;
    }
  }
  if (known_.size() >= kMaxRemembered) {
    known_.pop_back();
  }
  known_.push_back({.name = name, .meaning = Classify(name, root_uri_)});
  return known_.back().meaning;
}

void FeedNames::Clear() {
  known_.clear();
  root_uri_ = nullptr;
}

}  // namespace newswire::formats
