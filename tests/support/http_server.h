// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/capture.h"

namespace newswire::test {

// What a client sent, as the server's log keeps it.
struct ServerRequest {
  std::string method, target, version;
  std::vector<HttpHeader> headers;
  std::string body;
  std::chrono::steady_clock::time_point at;  // when its header was complete
  uint64_t connection = 0;                   // 1, 2, ... in order of acceptance

  std::optional<std::string_view> Header(std::string_view name) const;
  std::string_view path() const;  // the target without its query
};

// What to answer, and how badly. The defaults are a plain 200 with Content-Length and keep-alive.
struct ServerAnswer {
  int status = 200;
  std::vector<HttpHeader> headers;
  std::string body;

  bool chunked = false;                       // Transfer-Encoding: chunked, no Content-Length
  bool close = false;                         // Connection: close, and close after the answer
  std::optional<size_t> cut_after;            // close after so many bytes of the body
  std::chrono::milliseconds before_header{};  // wait so long before the first byte
  bool endless = false;                       // chunked; repeats `body` (or "x" x 4096) for ever
  std::optional<std::string> raw;             // sent instead of everything above, then closed
  std::string before;                         // sent raw before the status line: 1xx blocks
  size_t bytes_per_second = 0;                // of header and body, one write a byte; 0: at once
};

// A scriptable HTTP/1.1 server on 127.0.0.1, on a port the kernel chose. One thread per connection;
// handlers run there and may block, but not beyond the server's life. Thread-safe. Stops in its
// destructor, also in the middle of an endless answer.
class HttpServer {
 public:
  using Handler = std::function<ServerAnswer(const ServerRequest&)>;

  struct Tls {
    std::string certificate_pem, key_pem;
  };

  HttpServer();                  // http
  explicit HttpServer(Tls tls);  // https, HTTP/1.1 only
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // By exact path (without query); the newest wins. A path without a route answers 404.
  void Route(std::string path, Handler handler);
  void Route(std::string path, ServerAnswer answer);
  void Default(Handler handler);  // instead of the 404

  uint16_t port() const;
  // "http://127.0.0.1:<port>" + path; another `host` must resolve to the loopback address.
  std::string Url(std::string_view path, std::string_view host = "127.0.0.1") const;

  std::vector<ServerRequest> requests() const;
  std::vector<ServerRequest> RequestsTo(std::string_view path) const;
  size_t Count(std::string_view path) const { return RequestsTo(path).size(); }
  // Waits until `path` was asked for `count` times; false after a generous deadline.
  bool WaitFor(std::string_view path, size_t count) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace newswire::test
