// SPDX-License-Identifier: Apache-2.0
#include "daemon/frontier/answer.h"

namespace newswire::frontier {
namespace {

constexpr int kOk = 200;
constexpr int kNotFound = 404;
constexpr int kGone = 410;

void RecordSuccess(LinkRow& row, const Capture& capture) {
  row.state = LinkState::kFetched;
  row.entry_digest = EntryDigest(capture.metadata.entry);
  row.etag = FindHeader(capture.headers, "ETag").value_or(row.etag);
  row.last_modified = FindHeader(capture.headers, "Last-Modified").value_or(row.last_modified);
  row.first_404.reset();
  row.attempts = 0;
  row.reason.clear();
  row.publish_after.reset();  // it stood in the first capture
  if (!row.first_fetched) {
    row.first_fetched = capture.fetched_at;
  }
}

}  // namespace

void RecordAnswer(LinkRow& row, const Capture& capture) {
  const bool whole = capture.kind == CaptureKind::kResource ||
                     (capture.kind == CaptureKind::kResponse && capture.http_status == kOk &&
                      capture.truncated.empty());
  if (whole) {
    row.etag.clear();
    row.last_modified.clear();
    RecordSuccess(row, capture);
    row.payload_digest = capture.payload_digest;
    row.record_id = capture.address.record_id;
    row.target_uri = capture.url;
    row.last_fetched = capture.fetched_at;
  } else if (capture.kind == CaptureKind::kRevisit) {
    RecordSuccess(row, capture);
  } else {
    // Any other answer: the next request carries no validators.
    const bool still_gone = row.state == LinkState::kGone &&
                            (capture.http_status == kNotFound || capture.http_status == kGone);
    row.state = capture.metadata.removal || still_gone ? LinkState::kGone : LinkState::kFailed;
    row.etag.clear();
    row.last_modified.clear();
    row.payload_digest.clear();
    if (capture.http_status == kNotFound && !row.first_404) {
      row.first_404 = capture.fetched_at;
    } else if (capture.http_status != kNotFound) {
      row.first_404.reset();
    }
  }
}

Capture WithoutBody(const Capture& capture) {
  Capture light;
  light.kind = capture.kind;
  light.url = capture.url;
  light.fetched_at = capture.fetched_at;
  light.http_status = capture.http_status;
  light.headers = capture.headers;
  light.truncated = capture.truncated;
  light.payload_digest = capture.payload_digest;
  light.metadata = capture.metadata;
  return light;
}

RefersTo LastAnswer(const LinkRow& row) {
  return {.record_id = row.record_id,
          .target_uri = row.target_uri,
          .date = row.last_fetched.value_or(UtcMillis{})};
}

}  // namespace newswire::frontier
