// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/capture.h"

namespace newswire::archive {

// The header of an application/http block, read leniently (RFC 9112 and what the web makes of it).
struct HttpHead {
  std::string protocol;  // "HTTP/1.1"; of a request, its last word
  int status = 0;        // 0 for a request
  std::vector<HttpHeader> headers;
  size_t length = 0;  // where the payload begins
};

// nullopt when the block does not begin with a status line. Without an empty line all of it is
// header.
std::optional<HttpHead> ParseHttpResponse(std::string_view block);
// The same for application/http;msgtype=request.
std::optional<HttpHead> ParseHttpRequest(std::string_view block);

// Status line and headers with the empty line. Transfer-Encoding is left out; control characters
// become spaces.
std::string HttpHeadBytes(const Capture& capture);

// Undoes chunked transfer coding that a writer left in. nullopt: `body` is not chunked. `whole` is
// false when it ends before its last chunk.
struct Dechunked {
  std::string body;
  bool whole = true;
};
std::optional<Dechunked> Dechunk(std::string_view body);

// "HTTP/2" -> "h2", as WARC-Protocol has it, and back; "" for what is not known.
std::string_view WarcProtocol(std::string_view protocol);
std::string_view ProtocolFromWarc(std::string_view warc_protocol);

}  // namespace newswire::archive
