// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transforms/model/url.h"

namespace newswire::formats {

// What relative references of a document are resolved against (RFC 3986, section 5). A value.
class LinkBase {
 public:
  LinkBase() = default;                     // no base is known
  explicit LinkBase(std::string_view url);  // no base when `url` is no absolute URL

  bool known() const { return url_.has_value(); }
  // The absolute URL; `reference` trimmed when it is absolute already, and as written when it
  // cannot be made absolute. "" for an empty reference.
  std::string Resolve(std::string_view reference) const;
  // The base that `reference` (an xml:base) makes within this one; this one when it makes none.
  LinkBase Nested(std::string_view reference) const;

 private:
  std::optional<Url> url_;
};

// Whether the reference begins with a scheme (RFC 3986, section 3.1).
bool HasScheme(std::string_view reference);

}  // namespace newswire::formats
