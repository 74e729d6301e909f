// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/capture.h"

#include <array>

#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire {
namespace {

using text::JsonValue;
using text::JsonWriter;

constexpr std::array kRoles = {CaptureRole::kFeed, CaptureRole::kSitemap, CaptureRole::kListing,
                               CaptureRole::kRobots, CaptureRole::kPost};
constexpr std::array kBodies = {BodyKind::kPage, BodyKind::kFeed, BodyKind::kDetail,
                                BodyKind::kFile};

// What strangers wrote may hold ill-formed bytes; JSON must not.
void WriteText(JsonWriter& json, std::string_view text) {
  if (text::IsValidUtf8(text)) {
    json.String(text);
  } else {
    size_t replaced = 0;
    json.String(text::MakeValidUtf8(text, &replaced));
  }
}

void WriteTexts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.BeginArray();
  for (const std::string& text : texts) {
    WriteText(json, text);
  }
  json.EndArray();
}

void WriteIfAny(JsonWriter& json, std::string_view key, const std::string& text) {
  if (!text.empty()) {
    WriteText(json.Key(key), text);
  }
}

void WriteEntry(JsonWriter& json, const LinkEntry& entry) {
  json.BeginObject();
  WriteIfAny(json, "id", entry.id);
  WriteIfAny(json, "title", entry.title);
  WriteIfAny(json, "summary", entry.summary);
  WriteIfAny(json, "published", entry.published);
  WriteIfAny(json, "updated", entry.updated);
  WriteIfAny(json, "language", entry.language);
  WriteIfAny(json, "rights", entry.rights);
  if (!entry.authors.empty()) {
    WriteTexts(json.Key("authors"), entry.authors);
  }
  if (!entry.categories.empty()) {
    WriteTexts(json.Key("categories"), entry.categories);
  }
  json.EndObject();
}

void WriteExchange(JsonWriter& json, const Exchange& exchange) {
  json.BeginObject();
  WriteIfAny(json, "remote_address", exchange.remote_address);
  WriteIfAny(json, "tls", exchange.tls);
  json.Key("duration_ms").Int(exchange.duration.count());
  if (!exchange.redirects.empty()) {
    WriteTexts(json.Key("redirects"), exchange.redirects);
  }
  json.EndObject();
}

void ReadText(JsonValue value, std::string& out) { out = value.string_or(""); }

void ReadTexts(JsonValue value, std::vector<std::string>& out) {
  for (size_t i = 0; i < value.size(); ++i) {
    out.emplace_back(value.at(i).string_or(""));
  }
}

Result<std::optional<UtcMillis>> ReadInstant(JsonValue value, std::string_view key) {
  if (!value.exists() || value.is_null()) {
    return std::nullopt;
  }
  const auto time = ParseRfc3339(value.string_or(""));
  if (!time) {
    return Fail(ErrorKind::kMalformed,
                "capture metadata: \"" + std::string(key) + "\" is no RFC 3339 time");
  }
  return time->instant;
}

template <typename Values, typename Value>
bool ReadName(JsonValue value, const Values& values, Value& out) {
  const std::string_view name = value.string_or("");
  for (const Value candidate : values) {
    if (Name(candidate) == name) {
      out = candidate;
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<std::string_view> FindHeader(const std::vector<HttpHeader>& headers,
                                           std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (text::EqualsIgnoreAsciiCase(header.name, name)) {
      return header.value;
    }
  }
  return std::nullopt;
}

std::string_view Name(CaptureRole role) {
  switch (role) {
    case CaptureRole::kFeed:
      return "feed";
    case CaptureRole::kSitemap:
      return "sitemap";
    case CaptureRole::kListing:
      return "listing";
    case CaptureRole::kRobots:
      return "robots";
    case CaptureRole::kPost:
      return "post";
  }
  return "post";
}

std::string CaptureMetadataToJson(const CaptureMetadata& metadata) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  WriteText(json.Key("source"), metadata.source);
  json.Key("role").String(Name(metadata.role));
  json.Key("body").String(Name(metadata.body));
  WriteText(json.Key("link"), metadata.link);
  if (!metadata.entry.empty()) {
    WriteEntry(json.Key("entry"), metadata.entry);
  }
  if (metadata.publish_after) {
    json.Key("publish_after").String(FormatUtc(*metadata.publish_after));
  }
  if (metadata.removal) {
    json.Key("removal").BeginObject();
    WriteText(json.Key("how"), metadata.removal->how);
    json.Key("confirmed_at").String(FormatUtc(metadata.removal->confirmed_at));
    json.EndObject();
  }
  if (metadata.exchange != Exchange{}) {
    WriteExchange(json.Key("exchange"), metadata.exchange);
  }
  json.EndObject();
  return out;
}

Result<CaptureMetadata> CaptureMetadataFromJson(std::string_view json) {
  const auto document = text::JsonDocument::Parse(json);
  if (!document) {
    return WithContext(document.error(), "capture metadata");
  }
  const JsonValue root = document->root();
  if (!root.is_object()) {
    return Fail(ErrorKind::kMalformed, "capture metadata: not an object");
  }
  CaptureMetadata metadata;
  ReadText(root["source"], metadata.source);
  if (!ReadName(root["role"], kRoles, metadata.role)) {
    return Fail(ErrorKind::kMalformed, "capture metadata: unknown \"role\"");
  }
  if (!ReadName(root["body"], kBodies, metadata.body)) {
    return Fail(ErrorKind::kMalformed, "capture metadata: unknown \"body\"");
  }
  ReadText(root["link"], metadata.link);
  const JsonValue entry = root["entry"];
  ReadText(entry["id"], metadata.entry.id);
  ReadText(entry["title"], metadata.entry.title);
  ReadText(entry["summary"], metadata.entry.summary);
  ReadText(entry["published"], metadata.entry.published);
  ReadText(entry["updated"], metadata.entry.updated);
  ReadText(entry["language"], metadata.entry.language);
  ReadText(entry["rights"], metadata.entry.rights);
  ReadTexts(entry["authors"], metadata.entry.authors);
  ReadTexts(entry["categories"], metadata.entry.categories);
  auto publish_after = ReadInstant(root["publish_after"], "publish_after");
  if (!publish_after) {
    return std::unexpected(publish_after.error());
  }
  metadata.publish_after = *publish_after;
  if (const JsonValue removal = root["removal"]; removal.is_object()) {
    auto confirmed_at = ReadInstant(removal["confirmed_at"], "confirmed_at");
    if (!confirmed_at) {
      return std::unexpected(confirmed_at.error());
    }
    if (!*confirmed_at) {
      return Fail(ErrorKind::kMalformed, "capture metadata: \"removal\" without \"confirmed_at\"");
    }
    metadata.removal =
        Removal{.how = std::string(removal["how"].string_or("")), .confirmed_at = **confirmed_at};
  }
  const JsonValue exchange = root["exchange"];
  ReadText(exchange["remote_address"], metadata.exchange.remote_address);
  ReadText(exchange["tls"], metadata.exchange.tls);
  metadata.exchange.duration =
      std::chrono::milliseconds{exchange["duration_ms"].integer().value_or(0)};
  ReadTexts(exchange["redirects"], metadata.exchange.redirects);
  return metadata;
}

}  // namespace newswire
