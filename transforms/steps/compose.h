// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transforms/steps/document.h"

namespace newswire::steps {

// Makes text, blocks, links and images of the post from what clean found. Attribution calls it
// after it has taken credits out; `EnsureComposed` is for steps that run without attribution.
void ComposePost(Document& document);
void EnsureComposed(Document& document);

}  // namespace newswire::steps
