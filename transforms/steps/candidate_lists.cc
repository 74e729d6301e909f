// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/candidate_lists.h"

#include <algorithm>
#include <string>
#include <utility>

#include "transforms/text/html_tree.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

bool IsUrl(std::string_view value) {
  return value.starts_with("http://") || value.starts_with("https://") || value.starts_with("//");
}

}  // namespace

void AddCandidate(std::vector<Candidate>& list, std::string_view value, std::string_view origin) {
  value = text::TruncateToBytes(text::TrimBlank(value), kMaxCandidateBytes);
  if (value.empty() || list.size() >= kMaxCandidates) {
    return;
  }
  std::string text = value.find_first_of("<&") == std::string_view::npos
                         ? text::CollapseBlank(value)
                         : text::HtmlToText(value);
  if (text.empty() || std::any_of(list.begin(), list.end(), [&](const Candidate& it) {
        return it.value == text && it.origin == origin;
      })) {
    return;
  }
  list.push_back({std::move(text), std::string(origin)});
}

void AddNameCandidate(std::vector<Candidate>& list, std::string_view value,
                      std::string_view origin) {
  if (value.size() <= kMaxNameBytes && !IsUrl(value)) {
    AddCandidate(list, value, origin);
  }
}

}  // namespace newswire::steps
