// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "transforms/steps/step.h"

namespace newswire::steps {
namespace {

constexpr std::array kSteps = {
    Step{"decode", &Decode},           Step{"front_matter", &ReadFrontMatter},
    Step{"markdown", &RenderMarkdown}, Step{"metadata", &CollectMetadata},
    Step{"extract", &ExtractArticle},  Step{"clean", &Clean},
    Step{"attribution", &Attribute},   Step{"dates", &ResolveDates},
    Step{"category", &Categorize},     Step{"language", &IdentifyLanguage},
    Step{"fingerprint", &Fingerprint},
};

}  // namespace

std::span<const Step> AllSteps() { return kSteps; }

const Step* FindStep(std::string_view name) {
  const auto* found = std::ranges::find(kSteps, name, &Step::name);
  return found == kSteps.end() ? nullptr : found;
}

}  // namespace newswire::steps
