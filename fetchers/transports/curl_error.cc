// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/curl_error.h"

#include <fmt/core.h>

namespace newswire::transports {
namespace {

struct Meaning {
  CURLcode code;
  ErrorKind kind;
  std::string_view sentence;
};

// Codes that are not listed are transient: what a stranger did may be over at the next try.
constexpr Meaning kMeanings[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, ErrorKind::kTransient, "the answer is not HTTP"},
    {CURLE_URL_MALFORMAT, ErrorKind::kPermanent, "the URL cannot be used"},
    {CURLE_COULDNT_RESOLVE_PROXY, ErrorKind::kTransient, "the proxy's name does not resolve"},
    {CURLE_COULDNT_RESOLVE_HOST, ErrorKind::kTransient, "the host's name does not resolve"},
    {CURLE_COULDNT_CONNECT, ErrorKind::kTransient, "no connection"},
    {CURLE_WEIRD_SERVER_REPLY, ErrorKind::kTransient, "the answer is not HTTP"},
    {CURLE_HTTP2, ErrorKind::kTransient, "HTTP/2 framing error"},
    {CURLE_HTTP2_STREAM, ErrorKind::kTransient, "HTTP/2 stream reset"},
    {CURLE_OUT_OF_MEMORY, ErrorKind::kTransient, "a header line is too long, or out of memory"},
    {CURLE_OPERATION_TIMEDOUT, ErrorKind::kTransient, "time-out before the header was complete"},
    {CURLE_GOT_NOTHING, ErrorKind::kTransient, "the server closed without an answer"},
    {CURLE_SEND_ERROR, ErrorKind::kTransient, "the connection broke while sending"},
    {CURLE_RECV_ERROR, ErrorKind::kTransient,
     "the connection broke before the header was complete"},
    {CURLE_PARTIAL_FILE, ErrorKind::kTransient,
     "the connection broke before the header was complete"},
    {CURLE_SSL_CONNECT_ERROR, ErrorKind::kTransient, "TLS hand-shake failed"},
    {CURLE_PEER_FAILED_VERIFICATION, ErrorKind::kTransient, "the TLS certificate is not valid"},
    {CURLE_SSL_CACERT_BADFILE, ErrorKind::kConfig, "the CA file cannot be read"},
    {CURLE_SSL_CIPHER, ErrorKind::kTransient, "no common TLS cipher"},
    {CURLE_PROXY, ErrorKind::kTransient, "the proxy refused"},
};

}  // namespace

Error ErrorFromCurl(CURLcode code, std::string_view where, std::string_view detail) {
  ErrorKind kind = ErrorKind::kTransient;
  std::string_view sentence = "the transfer failed";
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == code) {
      kind = meaning.kind;
      sentence = meaning.sentence;
      break;
    }
  }
  if (detail.empty()) {
    detail = curl_easy_strerror(code);
  }
  while (!detail.empty() && (detail.back() == '\n' || detail.back() == ' ')) {
    detail.remove_suffix(1);
  }
  return {kind, fmt::format("{}: {} ({})", where, sentence, detail)};
}

}  // namespace newswire::transports
