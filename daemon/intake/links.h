// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/frontier/frontier.h"
#include "fetchers/sources/source_kind.h"
#include "transforms/model/source.h"

namespace newswire::intake {

// The cut-off of a first contact: what was published before it is folded, not published. nullopt:
// nothing is withheld.
std::optional<UtcMillis> CutOff(const Source& source, const std::vector<sources::FoundLink>& shown,
                                UtcMillis now);

struct LinkContext {
  const Source& source;
  bool main_way;                           // its entries are kept with the posts
  bool first_contact;                      // of the source: the cut-off applies
  std::optional<UtcMillis> publish_after;  // the source's cut-off
  UtcMillis now;
};

// What finding a link does to its row: a new row, a row that is due again because its entry
// changed, or nothing (nullopt). Pure.
std::optional<frontier::LinkRow> Merge(const LinkContext& context, const sources::FoundLink& found,
                                       std::optional<frontier::LinkRow> known);

}  // namespace newswire::intake
