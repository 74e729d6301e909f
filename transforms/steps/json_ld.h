// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "transforms/steps/document.h"

namespace newswire::steps {

// Adds what one application/ld+json script says of an article (schema.org: Article and its kinds,
// WebPage for what no article says), in `@graph`, in arrays or alone, with origin "json_ld". The
// longest articleBody goes to `article_body`. A body that is no JSON adds nothing. Bounded: 1 MiB,
// 500 objects.
void ReadJsonLd(std::string_view body, Candidates& out, std::string& article_body);

}  // namespace newswire::steps
