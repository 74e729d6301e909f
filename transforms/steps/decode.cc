// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/decode.h"

#include <algorithm>
#include <array>
#include <utility>

#include "transforms/steps/step.h"
#include "transforms/text/content_encoding.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::steps {
namespace {

using text::JsonValue;

constexpr int kMaxDetailDepth = 6;
constexpr size_t kMaxDetailMembers = 1000;

// What a body begins with that is no text, whatever its label says.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kBinary = {{
    {"%PDF-", "PDF"},
    {"\x89PNG", "PNG"},
    {"\xFF\xD8\xFF", "JPEG"},
    {"GIF8", "GIF"},
    {"RIFF", "RIFF"},
    {"PK\x03\x04", "ZIP"},
    {"\x1F\x8B", "gzip"},
    {"\xD0\xCF\x11\xE0", "an Office document"},
    {"ID3", "MP3"},
    {"OggS", "Ogg"},
}};

std::string MediaType(std::string_view content_type) {
  return text::ToLowerAscii(text::TrimBlank(content_type.substr(0, content_type.find(';'))));
}

bool IsReadable(std::string_view media_type) {
  return media_type.empty() || media_type.starts_with("text/") || media_type.ends_with("+xml") ||
         media_type == "application/xml" || media_type == "application/octet-stream" ||
         media_type == "application/x-httpd-php" || media_type.find('/') == std::string_view::npos;
}

bool IsJson(std::string_view media_type) {
  return media_type == "application/json" || media_type.ends_with("+json");
}

// Path of a URL or file name, without query and fragment.
std::string_view PathOf(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }

bool LooksLikeJson(std::string_view text) {
  text = text::TrimBlank(text);
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

// `callback({...});` without its wrapping.
std::string_view UnwrapJsonp(std::string_view text) {
  text = text::TrimBlank(text);
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (LooksLikeJson(text) || open == std::string_view::npos || close == std::string_view::npos ||
      close < open || open > 100) {
    return text;
  }
  return text.substr(open + 1, close - open - 1);
}

std::string_view FirstText(JsonValue object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const std::string_view value = text::TrimBlank(object[key].string_or("")); !value.empty()) {
      return value;
    }
  }
  return {};
}

// The first object, outermost first in document order, that has a body.
JsonValue FindDetail(JsonValue value, int depth) {
  if (depth > kMaxDetailDepth) {
    return {};
  }
  if (value.is_object() && !FirstText(value, {"content", "text", "body", "html"}).empty()) {
    return value;
  }
  JsonValue found;
  if (value.is_object()) {
    value.ForEachMember([&](std::string_view, JsonValue member) {
      if (!found.exists()) {
        found = FindDetail(member, depth + 1);
      }
    });
  } else if (value.is_array()) {
    const size_t count = std::min(value.size(), kMaxDetailMembers);
    for (size_t i = 0; i < count && !found.exists(); ++i) {
      found = FindDetail(value.at(i), depth + 1);
    }
  }
  return found;
}

void Offer(std::vector<Candidate>& candidates, std::string_view value) {
  if (!value.empty()) {
    candidates.push_back({std::string(value), "detail"});
  }
}

// The answer of a JSON detail API: its body is the article, the rest are candidates.
Status ReadDetail(Document& document, std::string_view json) {
  const auto parsed = text::JsonDocument::Parse(UnwrapJsonp(json));
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  const JsonValue detail = FindDetail(parsed->root(), 0);
  if (!detail.exists()) {
    return Fail(ErrorKind::kMalformed, "the JSON holds no content, text, body or html");
  }
  document.html = FirstText(detail, {"content", "text", "body", "html"});
  document.is_fragment = true;
  Candidates& candidates = document.candidates;
  Offer(candidates.titles, FirstText(detail, {"title", "headline", "simtitle"}));
  Offer(candidates.summaries, FirstText(detail, {"digest", "summary", "simdigest"}));
  Offer(candidates.published, FirstText(detail, {"showtime", "showTime", "datetime", "publishTime",
                                                 "published_at", "pubDate", "date"}));
  Offer(candidates.publishers, FirstText(detail, {"from", "medianame", "mediaName", "source"}));
  Offer(candidates.authors, FirstText(detail, {"author", "authors"}));
  Offer(candidates.original_urls, FirstText(detail, {"url_w", "original_url", "url"}));
  return {};
}

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out.push_back(c);
    }
  }
}

}  // namespace

Result<std::string_view> DecodedBody(const Capture& capture, size_t max_bytes,
                                     std::string& storage) {
  const std::string_view encoding =
      FindHeader(capture.headers, "content-encoding").value_or(std::string_view());
  if (text::TrimBlank(encoding).empty()) {
    if (capture.body.size() > max_bytes) {
      return Fail(ErrorKind::kMalformed, "body is over " + std::to_string(max_bytes) + " bytes");
    }
    return capture.body;
  }
  auto decoded = text::DecodeContent(capture.body, encoding, {.max_bytes = max_bytes});
  if (!decoded) {
    return std::unexpected(decoded.error());
  }
  storage = std::move(*decoded);
  return storage;
}

std::string_view ContentTypeOf(const Capture& capture) {
  if (const auto header = FindHeader(capture.headers, "content-type")) {
    return *header;
  }
  return capture.content_type;
}

bool IsMarkdown(const Document& document) {
  const std::string type = MediaType(document.content_type);
  if (type == "text/markdown" || type == "text/x-markdown") {
    return true;
  }
  const std::string_view path = PathOf(document.capture->url);
  return !type.ends_with("html") && document.body != BodyKind::kFeed &&
         (path.ends_with(".md") || path.ends_with(".markdown"));
}

std::string PlainTextToHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  bool open = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (text::TrimBlank(line).empty()) {
      out += open ? "</p>\n" : "";
      open = false;
      continue;
    }
    out += open ? "\n" : "<p>";
    open = true;
    AppendEscaped(line, out);
  }
  out += open ? "</p>\n" : "";
  return out;
}

Status Decode(Document& document) {
  const Capture& capture = *document.capture;
  if (document.feed_entry) {  // the pipeline has decoded the feed
    text::FieldHasher hasher;
    const formats::FeedEntry& entry = *document.feed_entry;
    for (const std::string_view field :
         {std::string_view(document.bytes), std::string_view(entry.title),
          std::string_view(entry.summary), std::string_view(entry.url),
          std::string_view(entry.published_raw), std::string_view(entry.updated_raw)}) {
      hasher.Add(field);
    }
    document.post.document_digest = hasher.Finish();
    document.html = std::move(document.bytes);
    document.is_fragment = true;
    return {};
  }
  if (!capture.truncated.empty()) {
    return Fail(ErrorKind::kMalformed, "the body was cut (" + capture.truncated + ")");
  }
  std::string storage;
  const auto bytes = DecodedBody(capture, kMaxPostBytes, storage);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  for (const auto& [magic, name] : kBinary) {
    if (bytes->starts_with(magic)) {
      return Fail(ErrorKind::kMalformed, "the body is " + std::string(name) + ", not text");
    }
  }
  const std::string type = MediaType(document.content_type);
  const bool detail = document.body == BodyKind::kDetail;
  if (!IsReadable(type) && !(detail && (IsJson(type) || type.ends_with("javascript")))) {
    return Fail(
        ErrorKind::kMalformed,
        "the content type is " + std::string(text::TruncateToBytes(type, 80)) + ", not a page");
  }
  // The archive has hashed the payload already; hashing a page again would cost a tenth of its
  // time.
  document.post.document_digest = text::Sha256(
      capture.payload_digest.empty() ? *bytes : std::string_view(capture.payload_digest));
  document.decoded = text::DecodeText(*bytes, document.content_type);
  if (detail && (IsJson(type) || LooksLikeJson(UnwrapJsonp(document.decoded.text)))) {
    return ReadDetail(document, document.decoded.text);
  }
  if (IsMarkdown(document)) {
    return {};
  }
  if (type == "text/plain" && document.body == BodyKind::kFile) {
    document.html = PlainTextToHtml(document.decoded.text);
    document.is_fragment = true;
    return {};
  }
  document.html = std::move(document.decoded.text);
  document.decoded.text.clear();
  document.is_fragment = detail;
  return {};
}

}  // namespace newswire::steps
