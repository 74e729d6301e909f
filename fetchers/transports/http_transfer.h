// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "fetchers/transports/address_policy.h"
#include "fetchers/transports/http_engine.h"

namespace newswire::transports {

struct CurlEasyDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDelete>;

struct CurlListDelete {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlListDelete>;

// One exchange at a time on one easy handle, which is used again for the next. Its address must not
// change while libcurl holds it. Used from the engine's thread; `options`, `policy` and `clock`
// outlive it.
class HttpTransfer {
 public:
  // Null when libcurl has no memory for a handle.
  static std::unique_ptr<HttpTransfer> Create(const HttpOptions& options,
                                              const AddressPolicy& policy, const Clock& clock);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* easy() const { return easy_.get(); }
  // Sets the handle up; the engine then adds it to its multi handle.
  void Begin(const HttpRequest& request, HttpEngine::Completion done);
  // What came, after the engine took the handle out of its multi handle.
  Result<HttpResponse> Finish(CURLcode code);
  HttpEngine::Completion TakeCompletion() { return std::move(done_); }

 private:
  HttpTransfer(CurlEasy easy, const HttpOptions& options, const AddressPolicy& policy,
               const Clock& clock);
  void SetFixedOptions();
  bool OnHeaderLine(std::string_view line);
  void AddHeader(std::string_view line);
  size_t OnBody(std::string_view bytes);
  curl_socket_t OnOpenSocket(const curl_sockaddr& address);
  void ReadTls();

  static size_t HeaderCallback(char* data, size_t size, size_t count, void* self);
  static size_t BodyCallback(char* data, size_t size, size_t count, void* self);
  static curl_socket_t OpenSocketCallback(void* self, curlsocktype purpose, curl_sockaddr* address);

  const HttpOptions& options_;
  const AddressPolicy& policy_;
  const Clock& clock_;
  CurlEasy easy_;
  CurlList default_headers_;  // for a request without headers of its own
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  // Of the exchange in hand.
  HttpEngine::Completion done_;
  std::string origin_;
  size_t max_body_bytes_ = 0;
  CurlList headers_;
  HttpResponse response_;
  SteadyTime begun_;
  size_t header_bytes_ = 0;  // of all header blocks
  bool header_complete_ = false;
  bool header_too_long_ = false;
  bool body_too_long_ = false;
  bool socket_opened_ = false;
  std::string refused_;  // why an address was not connected to
};

}  // namespace newswire::transports
