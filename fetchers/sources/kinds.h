// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "fetchers/sources/source_kind.h"

namespace newswire::sources {

// One maker a kind; `MakeRules` chooses.
std::unique_ptr<SourceKindRules> MakeFeedRules(const Source& source);
std::unique_ptr<SourceKindRules> MakeJekyllRules(const Source& source);

}  // namespace newswire::sources
