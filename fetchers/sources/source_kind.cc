// SPDX-License-Identifier: Apache-2.0
#include "fetchers/sources/source_kind.h"

#include "fetchers/sources/kinds.h"

namespace newswire::sources {

std::unique_ptr<SourceKindRules> MakeRules(const Source& source) {
  return source.kind == SourceKind::kJekyll ? MakeJekyllRules(source) : MakeFeedRules(source);
}

}  // namespace newswire::sources
