// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire::text {

// A regular expression of an operator's, over text of strangers (ICU's syntax). Immutable after
// Create; any thread. Matching is bounded in steps and memory, not in time: what exceeds the bound
// does not match, the same on every machine.
class Pattern {
 public:
  // kConfig: the expression is malformed; the message says where.
  static Result<Pattern> Create(std::string_view expression);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  int groups() const;  // capture groups in the expression
  // The first capture group of the first match (the whole match when there is no group); nullopt
  // without a match.
  std::optional<std::string> FirstGroup(std::string_view text) const;

 private:
  struct Impl;
  explicit Pattern(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace newswire::text
