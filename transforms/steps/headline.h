// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transforms/steps/document.h"
#include "transforms/steps/page_blocks.h"

namespace newswire::steps {

// The heading of a page that is its title, and the block where it stands.
struct Headline {
  std::string text;  // empty: none found
  size_t block = 0;  // meaningless when `text` is empty
};

// The longest heading (h1 to h5) that is contained in one of `names` (the page's <title>, what its
// metadata call it) and is not a site's name; when none is, the only h1.
Headline FindHeadline(const PageBlocks& page, const std::vector<std::string_view>& names,
                      const std::vector<std::string>& sites);

// A heading less the line above the title, when one of `titles` is all of the rest.
std::string WithoutKicker(std::string_view heading, const std::vector<Candidate>& titles);

// What the metadata call the site.
std::vector<std::string> SiteNames(const Candidates& meta, const Candidates& json_ld);

// A <title> less the site's name: behind or before a separator (`-`, `|`, `_`, `–` ...).
std::string WithoutSiteName(std::string_view title, const std::vector<std::string>& sites);

// Whether a <title> ends or begins with `name`, set apart as a site's name is.
bool NamesSite(std::string_view title, std::string_view name);

// The site's name in a <title> that begins with the headline: what follows its last separator. ""
// when there is none.
std::string SiteInTitle(std::string_view title, std::string_view headline);

// Whether the page's paragraphs are mostly Han, Kana, Hangul or Thai.
bool IsMostlyDense(const PageBlocks& page);

}  // namespace newswire::steps
