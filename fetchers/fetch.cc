// SPDX-License-Identifier: Apache-2.0
#include "fetchers/fetch.h"

#include <utility>

namespace newswire {

Capture CaptureOf(std::string url, transports::HttpResponse response, CaptureMetadata known) {
  Capture capture;
  capture.kind = CaptureKind::kResponse;
  capture.url = std::move(url);
  capture.fetched_at = response.answered_at;
  capture.http_status = response.status;
  capture.protocol = std::move(response.protocol);
  capture.headers = std::move(response.headers);
  capture.body = std::move(response.body);
  capture.truncated = std::move(response.truncated);
  capture.metadata = std::move(known);
  capture.metadata.exchange = std::move(response.exchange);
  return capture;
}

}  // namespace newswire
