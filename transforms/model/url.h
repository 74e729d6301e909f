// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

namespace newswire {

// An absolute http, https or file URL, as given and in canonical form. Immutable value type.
//
// Reading is lenient as browsers are (WHATWG URL): white space at the ends and tabs or newlines
// inside are removed, `\` counts as `/`, non-ASCII is percent-encoded as UTF-8, a host name with
// non-ASCII is converted by IDNA. A URL longer than 8,192 bytes, as given or in canonical form,
// with a user name or password, or with a control character in its host is refused (kMalformed).
//
// The canonical form decides whether two links are the same: scheme and host in lower case, default
// port and fragment dropped, dot segments resolved, percent-encoding normalised (RFC 3986
// section 6.2.2), an empty path is `/`. The query stays as it is.
class Url {
 public:
  static Result<Url> Parse(std::string_view text);
  // RFC 3986 section 5.2: `reference` may be relative, start with `//`, or be absolute.
  static Result<Url> Resolve(const Url& base, std::string_view reference);

  const std::string& given() const { return given_; }          // absolute, fragment kept
  const std::string& canonical() const { return canonical_; }  // the key
  std::string_view scheme() const;                             // "http", "https", "file"
  std::string_view host() const;                               // lower case, no port; "" for file
  uint16_t port() const { return port_; }                      // default filled in; 0 for file
  std::string origin() const;                                  // scheme://host[:port]
  std::string_view path() const;                               // canonical, starts with /
  std::string_view path_and_query() const;                     // canonical
  std::string_view query() const;  // canonical, without `?`; may be empty

  bool operator==(const Url& other) const { return canonical_ == other.canonical_; }
  auto operator<=>(const Url& other) const { return canonical_ <=> other.canonical_; }

 private:
  Url() = default;

  std::string given_;
  std::string canonical_;
  uint32_t host_begin_ = 0, host_end_ = 0, path_begin_ = 0, query_begin_ = 0;  // in canonical_
  uint16_t port_ = 0;
};

}  // namespace newswire
