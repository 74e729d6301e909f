// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/language.h"

#include <string>
#include <string_view>

#include "transforms/steps/compose.h"
#include "transforms/steps/step.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

constexpr size_t kSampleBytes = size_t{4} << 10;

// What the document says of itself, first that is a tag.
std::string Declared(const Document& document) {
  if (document.feed_entry) {
    if (std::string tag = text::CanonicalLanguage(document.feed_entry->language); !tag.empty()) {
      return tag;
    }
  }
  for (const Candidate& candidate : document.candidates.languages) {
    if (std::string tag = text::CanonicalLanguage(candidate.value); !tag.empty()) {
      return tag;
    }
  }
  return text::CanonicalLanguage(document.capture->metadata.entry.language);
}

}  // namespace

Status IdentifyLanguage(Document& document) {
  EnsureComposed(document);
  std::string& language = document.post.language;
  language = text::CanonicalLanguage(document.source->language);
  if (!language.empty()) {
    return {};
  }
  std::string sample = document.post.title;
  sample.push_back('\n');
  sample += text::TruncateToBytes(document.post.text, kSampleBytes);
  language = text::DetectLanguage(sample, Declared(document));
  return {};
}

}  // namespace newswire::steps
