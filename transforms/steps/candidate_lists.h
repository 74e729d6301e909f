// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "transforms/steps/document.h"

namespace newswire::steps {

inline constexpr size_t kMaxCandidateBytes = 2000;  // of a value
inline constexpr size_t kMaxCandidates = 64;        // of one field
inline constexpr size_t kMaxNameBytes = 200;        // of an author's or a publisher's name

// Adds `value` with its markup and blanks cleaned, unless it is empty, already there from the same
// origin, or one too many. Longer values are cut.
void AddCandidate(std::vector<Candidate>& list, std::string_view value, std::string_view origin);

// The same for the name of someone: an address of the web and what is longer than names are is
// passed over.
void AddNameCandidate(std::vector<Candidate>& list, std::string_view value,
                      std::string_view origin);

}  // namespace newswire::steps
