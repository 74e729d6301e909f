// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/error.h"

#include <fmt/core.h>

namespace newswire {

std::string_view Name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kTransient:
      return "transient";
    case ErrorKind::kPermanent:
      return "permanent";
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kCorruption:
      return "corruption";
    case ErrorKind::kConfig:
      return "config";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << Name(error.kind) << ": " << error.message;
}

std::unexpected<Error> WithContext(Error error, std::string_view where) {
  return std::unexpected(Error{error.kind, fmt::format("{}: {}", where, error.message)});
}

}  // namespace newswire
