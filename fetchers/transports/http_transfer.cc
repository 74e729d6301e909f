// SPDX-License-Identifier: Apache-2.0
#include "fetchers/transports/http_transfer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/core.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "fetchers/transports/curl_error.h"
#include "transforms/text/utf8.h"

namespace newswire::transports {
namespace {

// Only what WARC tools read; set by hand so that libcurl does not decode.
constexpr std::string_view kAcceptEncoding = "Accept-Encoding: gzip, br";
constexpr long kMaxIdleConnectionSecs = 118;
// A body's buffer is reserved from Content-Length up to this size; beyond, it grows as bytes come.
constexpr size_t kMaxReservedBytes = size_t{1} << 20;

constexpr std::string_view kHopByHop[] = {"Transfer-Encoding", "Connection", "Keep-Alive",
                                          "Proxy-Connection",  "Trailer",    "Upgrade"};

bool IsHopByHop(std::string_view name) {
  for (std::string_view other : kHopByHop) {
    if (text::EqualsIgnoreAsciiCase(name, other)) {
      return true;
    }
  }
  return false;
}

std::string_view TrimOws(std::string_view value) {
  const size_t begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return value.substr(begin, value.find_last_not_of(" \t") - begin + 1);
}

// A value that came from a stranger and was stored must not become a second header line.
bool IsSendable(const HttpHeader& header) {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  return !header.name.empty() && !header.value.empty() &&
         header.name.find_first_of(kBreaks) == std::string::npos &&
         header.value.find_first_of(kBreaks) == std::string::npos;
}

bool Append(CurlList& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  if (grown == nullptr) {
    return false;
  }
  list.release();  // NOLINT(bugprone-unused-return-value): `grown` is the same list
  list.reset(grown);
  return true;
}

CurlList MakeHeaders(const HttpRequest& request) {
  CurlList list;
  Append(list, std::string(kAcceptEncoding));
  Append(list, "Accept: " + request.accept);
  for (const HttpHeader& header : request.headers) {
    if (IsSendable(header)) {
      Append(list, header.name + ": " + header.value);
    }
  }
  return list;
}

std::string_view NameProtocol(long version) {
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "HTTP/1.0";
    case CURL_HTTP_VERSION_2_0:
      return "HTTP/2";
    case CURL_HTTP_VERSION_3:
      return "HTTP/3";
    default:
      return "HTTP/1.1";
  }
}

std::string RemoteAddress(CURL* easy) {
  const char* ip = nullptr;
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
  if (ip == nullptr || *ip == '\0') {
    return {};
  }
  const std::string_view address(ip);
  return address.find(':') == std::string_view::npos ? fmt::format("{}:{}", address, port)
                                                     : fmt::format("[{}]:{}", address, port);
}

}  // namespace

std::unique_ptr<HttpTransfer> HttpTransfer::Create(const HttpOptions& options,
                                                   const AddressPolicy& policy,
                                                   const Clock& clock) {
  CurlEasy easy(curl_easy_init());
  if (easy == nullptr) {
    return nullptr;
  }
  std::unique_ptr<HttpTransfer> transfer(new HttpTransfer(std::move(easy), options, policy, clock));
  transfer->SetFixedOptions();
  return transfer;
}

HttpTransfer::HttpTransfer(CurlEasy easy, const HttpOptions& options, const AddressPolicy& policy,
                           const Clock& clock)
    : options_(options), policy_(policy), clock_(clock), easy_(std::move(easy)) {}

void HttpTransfer::SetFixedOptions() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a hanging resolver does not hold up a stop

  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // Url has already made it canonical
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());

  // Set even when empty: an empty text turns the environment's proxy variables off.
  curl_easy_setopt(easy, CURLOPT_PROXY, options_.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));

  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }

  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options_.low_speed_bytes));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(options_.low_speed_time.count()));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleConnectionSecs);

  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HeaderCallback);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &BodyCallback);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocketCallback);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
}

void HttpTransfer::Begin(const HttpRequest& request, HttpEngine::Completion done) {
  origin_ = request.url.origin();
  max_body_bytes_ = request.max_body_bytes;
  done_ = std::move(done);
  response_ = {};
  response_.started_at = clock_.Wall();
  begun_ = clock_.Steady();
  header_bytes_ = 0;
  header_complete_ = header_too_long_ = body_too_long_ = socket_opened_ = false;
  refused_.clear();
  error_text_[0] = '\0';

  if (request.headers.empty() && request.accept == "*/*") {
    if (default_headers_ == nullptr) {
      default_headers_ = MakeHeaders(request);
    }
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, default_headers_.get());
  } else {
    headers_ = MakeHeaders(request);
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  }
  curl_easy_setopt(easy_.get(), CURLOPT_URL, request.url.canonical().c_str());
}

Result<HttpResponse> HttpTransfer::Finish(CURLcode code) {
  if (header_too_long_) {
    return Fail(ErrorKind::kTransient, fmt::format("{}: the header is longer than {} bytes",
                                                   origin_, options_.max_header_bytes));
  }
  if (code == CURLE_COULDNT_CONNECT && !refused_.empty() && !socket_opened_) {
    return Fail(ErrorKind::kPermanent,
                fmt::format("{}: refused: {}; http.allow_networks can name it", origin_, refused_));
  }
  if (code == CURLE_OK && !header_complete_) {
    code = CURLE_RECV_ERROR;  // libcurl takes the end of the stream for the end of the header
  }
  if (!header_complete_) {
    return std::unexpected(ErrorFromCurl(code, origin_, error_text_.data()));
  }
  if (body_too_long_) {
    response_.truncated = "length";
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    response_.truncated = "time";
  } else if (code != CURLE_OK) {
    response_.truncated = "disconnect";
  }
  long version = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
  response_.protocol = NameProtocol(version);
  response_.exchange.remote_address = RemoteAddress(easy_.get());
  response_.exchange.duration =
      std::chrono::round<std::chrono::milliseconds>(clock_.Steady() - begun_);
  std::erase_if(response_.headers,
                [](const HttpHeader& header) { return IsHopByHop(header.name); });
  return std::move(response_);
}

bool HttpTransfer::OnHeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > options_.max_header_bytes) {
    header_too_long_ = !header_complete_;
    return false;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
    line.remove_suffix(1);
  }
  const bool informational = response_.status >= 100 && response_.status < 200;
  if (line.starts_with("HTTP/") && (!header_complete_ || informational)) {
    // A new block: what came before was informational (RFC 9110 section 15.2).
    response_.headers.clear();
    response_.status = 0;
    header_complete_ = false;
    response_.answered_at = clock_.Wall();
    const size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      const std::string_view digits = line.substr(space + 1);
      std::from_chars(digits.data(), digits.data() + digits.size(), response_.status);
    }
    return true;
  }
  if (header_complete_) {
    return true;  // a trailer: no part of the header
  }
  if (line.empty()) {
    header_complete_ = response_.status >= 200;
    if (header_complete_) {
      ReadTls();
    }
    return true;
  }
  AddHeader(line);
  return true;
}

void HttpTransfer::AddHeader(std::string_view line) {
  if ((line.front() == ' ' || line.front() == '\t') && !response_.headers.empty()) {
    response_.headers.back().value += ' ';  // obs-fold (RFC 9112 section 5.2)
    response_.headers.back().value += TrimOws(line);
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return;
  }
  response_.headers.push_back(
      {std::string(TrimOws(line.substr(0, colon))), std::string(TrimOws(line.substr(colon + 1)))});
}

size_t HttpTransfer::OnBody(std::string_view bytes) {
  if (response_.body.empty()) {
    curl_off_t announced = -1;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0) {
      response_.body.reserve(
          std::min({static_cast<size_t>(announced), max_body_bytes_, kMaxReservedBytes}));
    }
  }
  const size_t room = max_body_bytes_ - response_.body.size();
  response_.body.append(bytes.substr(0, room));
  body_too_long_ = bytes.size() > room;
  return body_too_long_ ? 0 : bytes.size();
}

curl_socket_t HttpTransfer::OnOpenSocket(const curl_sockaddr& address) {
  // The proxy is the operator's own choice and the only one that is connected to then.
  if (options_.proxy.empty()) {
    if (std::optional<std::string> why = policy_.Refuse(&address.addr, address.addrlen)) {
      refused_ = std::move(*why);
      return CURL_SOCKET_BAD;
    }
  }
  socket_opened_ = true;
  return socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

void HttpTransfer::ReadTls() {
  curl_tlssessioninfo* info = nullptr;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == nullptr ||
      info->backend != CURLSSLBACKEND_OPENSSL || info->internals == nullptr) {
    return;
  }
  const auto* ssl = static_cast<const SSL*>(info->internals);
  response_.exchange.tls = fmt::format("{} {}", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

size_t HttpTransfer::HeaderCallback(char* data, size_t size, size_t count, void* self) {
  const size_t bytes = size * count;
  return static_cast<HttpTransfer*>(self)->OnHeaderLine({data, bytes}) ? bytes : 0;
}

size_t HttpTransfer::BodyCallback(char* data, size_t size, size_t count, void* self) {
  return static_cast<HttpTransfer*>(self)->OnBody({data, size * count});
}

curl_socket_t HttpTransfer::OpenSocketCallback(void* self, curlsocktype /*purpose*/,
                                               curl_sockaddr* address) {
  return static_cast<HttpTransfer*>(self)->OnOpenSocket(*address);
}

}  // namespace newswire::transports
