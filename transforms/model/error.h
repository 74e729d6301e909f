// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace newswire {

// Who acts on a failure, and how.
enum class ErrorKind {
  kTransient,   // may work later: the retry policy acts (backoff, jitter, a limit)
  kPermanent,   // will not work unchanged: the frontier records the reason
  kMalformed,   // bytes arrived, meaning did not: the document becomes a dead letter
  kCorruption,  // our own stored bytes are wrong: count, name segment and offset, go on where safe
  kConfig,      // the operator's file is wrong: refuse, naming file, line, key, what is accepted
  kCancelled,   // shutdown: unwind quietly
};

std::string_view Name(ErrorKind kind);

// A failure with one sentence for a person. Context is added once per boundary (`WithContext`) and
// logged once, where it is handled.
struct [[nodiscard]] Error {
  ErrorKind kind;
  std::string message;

  bool operator==(const Error&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// `where` goes before the message: "reading feed.xml: not XML".
inline std::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}
std::unexpected<Error> WithContext(Error error, std::string_view where);

}  // namespace newswire
