// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/source.h"
#include "transforms/model/timestamp.h"

namespace newswire {

struct HttpHeader {
  std::string name;  // as received; compare without case
  std::string value;

  bool operator==(const HttpHeader&) const = default;
};

// The value of the first header called `name` (without case), or nullopt.
std::optional<std::string_view> FindHeader(const std::vector<HttpHeader>& headers,
                                           std::string_view name);

// What was asked for.
enum class CaptureRole { kFeed, kSitemap, kListing, kRobots, kPost };
std::string_view Name(CaptureRole role);

// How it is kept in the archive (WARC 1.1 record types).
enum class CaptureKind {
  kResponse,  // an HTTP answer, whatever its status
  kResource,  // a file
  kRevisit,   // the same payload and the same entry as an earlier 200 of the same link: no event
  kGone,      // a file that vanished: a metadata record alone
};

// What a feed, sitemap or list says of one post: the main way's last entry. Dates are as written.
struct LinkEntry {
  std::string id;  // guid
  std::string title, summary, published, updated, language, rights;
  std::vector<std::string> authors, categories;

  bool operator==(const LinkEntry&) const = default;
  bool empty() const { return *this == LinkEntry{}; }
};

// A removal that intake has confirmed; the sequencer obeys it.
struct Removal {
  std::string how;  // "http_410", "http_404", "unlisted", "file_vanished"
  UtcMillis confirmed_at;

  bool operator==(const Removal&) const = default;
};

// How the bytes were had. Never part of what decides whether something changed.
struct Exchange {
  std::string remote_address;  // 203.0.113.7:443
  std::string tls;             // "TLSv1.3 TLS_AES_256_GCM_SHA384", empty without TLS
  std::chrono::milliseconds duration{0};
  std::vector<std::string> redirects;  // the URLs that led here, in order; empty without redirects

  bool operator==(const Exchange&) const = default;
};

// The concurrent metadata record (application/json): what discovery knew.
struct CaptureMetadata {
  std::string source;  // Source::id
  CaptureRole role = CaptureRole::kPost;
  BodyKind body = BodyKind::kPage;  // of the post's first capture: a post keeps it
  std::string link;                 // the URL as discovered: identity across redirects
  LinkEntry entry;
  std::optional<UtcMillis>
      publish_after;  // first contact: older documents are folded, not published
  std::optional<Removal> removal;
  Exchange exchange;

  // A post of which its list said nothing, or whose entry was forgotten.
  bool IsPostWithoutEntry() const { return role == CaptureRole::kPost && entry.empty(); }
  bool operator==(const CaptureMetadata&) const = default;
};

std::string CaptureMetadataToJson(const CaptureMetadata& metadata);
Result<CaptureMetadata> CaptureMetadataFromJson(std::string_view json);

// For a revisit: which record it repeats (WARC-Refers-To...). Else: which record of another archive
// it was imported from.
struct RefersTo {
  std::string record_id, target_uri;
  UtcMillis date;

  bool operator==(const RefersTo&) const = default;
};

// Where a capture lies in an archive; filled by the archive, on append and on read.
struct ArchiveAddress {
  std::string segment;    // file name, without folder
  uint64_t offset = 0;    // of its first record
  std::string record_id;  // urn:uuid:...
  Position position;      // of its first byte
  Position end;           // the first byte after it: a valid checkpoint

  bool operator==(const ArchiveAddress&) const = default;
};

// One answer to one request, as received, with what was known when it was asked for. A value.
struct Capture {
  CaptureKind kind = CaptureKind::kResponse;
  std::string url;                  // what answered, after redirects (WARC-Target-URI)
  UtcMillis fetched_at;             // WARC-Date: when the answer's first byte came
  int http_status = 0;              // 0 for files
  std::string protocol;             // "HTTP/1.1", "HTTP/2"; empty for files
  std::vector<HttpHeader> headers;  // Transfer-Encoding and hop-by-hop headers removed
  std::string content_type;         // for files; else see `headers`
  std::string body;                 // content encoding as received
  std::string truncated;       // WARC-Truncated: "", "length", "time", "disconnect", "unspecified"
  std::string payload_digest;  // "sha1:<base32>" of `body`; filled by the archive when empty
  std::optional<RefersTo> refers_to;
  CaptureMetadata metadata;
  ArchiveAddress address;

  // `archive import` brought it, no fetcher.
  bool IsImported() const {
    return kind != CaptureKind::kRevisit && refers_to && !refers_to->record_id.empty();
  }
};

}  // namespace newswire
