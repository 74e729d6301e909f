// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "fetchers/transports/http_engine.h"

namespace newswire::test {

// An engine that may talk to the loopback address.
inline transports::HttpOptions LoopbackOptions() {
  transports::HttpOptions options;
  options.user_agent = "newswire/1.0 (+mailto:test@example.org)";
  options.allow_networks = {"127.0.0.0/8"};
  return options;
}

inline std::unique_ptr<transports::HttpEngine> MakeEngine(transports::HttpOptions options,
                                                          const Clock& clock = SystemClock()) {
  auto engine = transports::HttpEngine::Create(std::move(options), clock);
  if (!engine) {
    throw std::runtime_error(engine.error().message);
  }
  return std::move(*engine);
}

// Polls until `ready` or a generous deadline; false then.
inline bool PollUntil(transports::HttpEngine& engine, const std::function<bool()>& ready) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!ready()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    engine.Poll(std::chrono::milliseconds(20));
  }
  return true;
}

// One exchange from start to end.
inline Result<transports::HttpResponse> Fetch(transports::HttpEngine& engine,
                                              transports::HttpRequest request) {
  std::optional<Result<transports::HttpResponse>> result;
  engine.Start(std::move(request),
               [&](Result<transports::HttpResponse> r) { result = std::move(r); });
  if (!PollUntil(engine, [&] { return result.has_value(); })) {
    throw std::runtime_error("no completion within the deadline");
  }
  return std::move(*result);
}

inline Result<transports::HttpResponse> Fetch(transports::HttpEngine& engine,
                                              const std::string& url) {
  return Fetch(engine, transports::HttpRequest{.url = *Url::Parse(url)});
}

}  // namespace newswire::test
