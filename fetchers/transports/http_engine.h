// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetchers/clock.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/url.h"

namespace newswire::transports {

struct HttpOptions {
  std::string user_agent;                   // must carry a contact (checked by the configuration)
  std::vector<std::string> allow_networks;  // CIDR; addresses refused by default but allowed here
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{30'000};
  std::chrono::seconds low_speed_time{10};  // slower than low_speed_bytes/s for so long: aborted
  size_t low_speed_bytes = 100;
  size_t max_header_bytes = 64 * 1024;
  size_t max_in_flight = 256;  // over all hosts
  bool http2 = true;
  std::string proxy;    // empty: none, whatever the environment says
  std::string ca_file;  // PEM, trusted instead of the system's bundle; empty: the system's
};

struct HttpRequest {
  Url url;
  std::vector<HttpHeader> headers;          // If-None-Match, If-Modified-Since, byte for byte
  size_t max_body_bytes = size_t{5} << 20;  // as received; the decoder has its own limit
  std::string accept = "*/*";
};

// What one exchange gave: any status, redirects included (the engine follows none).
struct HttpResponse {
  int status = 0;
  std::string protocol;             // "HTTP/1.1", "HTTP/2"
  std::vector<HttpHeader> headers;  // of the final answer, in order, names as received; without
                                    // Transfer-Encoding and the other hop-by-hop headers
  std::string body;                 // content encoding as received
  std::string truncated;            // "", "length", "time", "disconnect": WARC-Truncated
  UtcMillis started_at;             // when the request left the queue
  UtcMillis answered_at;            // when the final answer's first byte came (WARC-Date)
  Exchange exchange;
};

// All HTTP of the process over one curl_multi. Owned by and used from one thread, except Wakeup;
// the clock outlives it. Addresses that `allow_networks` does not name are checked when the socket
// is opened, so that DNS rebinding cannot pass (see address_policy.h); with a proxy, which resolves
// names itself, only addresses written in the URL can be checked. Only http and https; TLS is
// verified; no cookies, no netrc, no redirects; asks for gzip and br only and never decodes.
//
// Errors given to a completion: kTransient (resolve, connect, TLS hand-shake or certificate: sites
// renew; reset, time-out, damage or too many bytes before the header ends), kPermanent (refused
// address, unsupported scheme), kCancelled (engine destroyed). An answer cut after its header is a
// HttpResponse with `truncated`.
class HttpEngine {
 public:
  using Completion = std::function<void(Result<HttpResponse>)>;

  // kConfig: a network or the CA file is not readable. From the first call on the process ignores
  // SIGPIPE.
  static Result<std::unique_ptr<HttpEngine>> Create(HttpOptions options, const Clock& clock);
  virtual ~HttpEngine() = default;

  // `done` is called once, from Poll (or, with kCancelled, from the destructor), never from Start;
  // it may call Start. Beyond max_in_flight requests wait in order, without a limit.
  virtual void Start(HttpRequest request, Completion done) = 0;
  // Transfers and calls completions; waits at most `max_wait` for something to happen.
  virtual void Poll(std::chrono::milliseconds max_wait) = 0;
  virtual void Wakeup() = 0;             // any thread: Poll returns soon
  virtual size_t in_flight() const = 0;  // started and not completed, the waiting ones included
};

}  // namespace newswire::transports
