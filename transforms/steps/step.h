// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "transforms/model/error.h"
#include "transforms/steps/document.h"

namespace newswire::steps {

// A transform: a pure function that enriches one document. An error (kMalformed) makes the document
// a dead letter that names the step. Bounded by nodes, characters and depth, never by time.
struct Step {
  std::string_view name;
  Status (*run)(Document& document);
};

// Part of every pipeline's id. Raise it whenever a change gives any step other values for the same
// bytes: events made before and after it are then told apart, and not compared by their digests.
inline constexpr uint32_t kStepsRevision = 2;

// Each step is one file, <name>.cc.
Status Decode(Document& document);
Status ReadFrontMatter(Document& document);
Status RenderMarkdown(Document& document);
Status CollectMetadata(Document& document);
Status ExtractArticle(Document& document);
Status Clean(Document& document);
Status Attribute(Document& document);
Status ResolveDates(Document& document);
Status Categorize(Document& document);
Status IdentifyLanguage(Document& document);
Status Fingerprint(Document& document);

// Every step there is, in the order of the default pipeline.
std::span<const Step> AllSteps();
const Step* FindStep(std::string_view name);

}  // namespace newswire::steps
