// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "transforms/formats/xml_reader.h"

namespace newswire::formats {

// The vocabularies that feeds are written in.
enum class Vocabulary : uint8_t {
  kCore,  // RSS of any version, CDF, or no namespace at all
  kAtom03,
  kAtom10,
  kDublinCore,
  kDublinTerms,
  kContent,
  kMedia,
  kPodcast,  // iTunes, Google Play
  kSyndication,
  kFeedburner,
  kPrism,
  kEnclosure,
  kXhtml,
  kRdf,
  kOther,
};

// What an element means, whatever vocabulary says it.
enum class FeedElement : uint8_t {
  kUnknown,
  kRss,
  kRdf,
  kFeed,
  kChannel,
  kHtml,  // roots and channels
  kEntry,
  kSource,
  kTransparent,  // kTransparent: its children belong to its parent
  kTitle,
  kSummary,
  kContent,
  kLink,
  kId,
  kRights,
  kLanguage,
  kCategory,
  kKeywords,
  kEnclosure,
  kMediaContent,
  kPerson,
  kPersonText,
  kContributor,
  kPersonName,
  kPersonMail,
  kPersonUri,
  kPublished,
  kUpdated,
  kEitherDate,
  kOriginalLink,
  kTtl,
  kUpdatePeriod,
  kUpdateFrequency,
};

struct FeedName {
  FeedElement element = FeedElement::kUnknown;
  Vocabulary vocabulary = Vocabulary::kOther;
  uint8_t rank = 0;  // among elements of the same meaning: lower is better
};

// Finds out what names mean; remembers each, as a document has few. Without case, as CDF's and bad
// feeds' need. A prefix that was never declared counts as what it is by custom.
class FeedNames {
 public:
  const FeedName& Find(const XmlName& name);
  // The first element's namespace, when unknown, is taken for the feed's own.
  void SetRoot(const XmlName& root) { root_uri_ = root.uri; }
  void Clear();

 private:
  struct Known {
    XmlName name;
    FeedName meaning;
  };
  std::vector<Known> known_;
  const char* root_uri_ = nullptr;
};

}  // namespace newswire::formats
