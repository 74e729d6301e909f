// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/inspect.h"

#include <optional>
#include <string_view>
#include <vector>

#include "transforms/text/json.h"

namespace newswire::formats {
namespace {

using text::JsonWriter;

void WriteText(JsonWriter& json, std::string_view key, std::string_view value) {
  json.Key(key).StringOrNull(value);
}

void WriteTime(JsonWriter& json, std::string_view key, const std::optional<Timestamp>& time) {
  json.Key(key);
  if (time) {
    json.String(FormatUtc(time->instant));
  } else {
    json.Null();
  }
}

void WriteList(JsonWriter& json, std::string_view key, const std::vector<std::string>& values) {
  json.Key(key).BeginArray();
  for (const std::string& value : values) {
    json.String(value);
  }
  json.EndArray();
}

void WriteDamage(JsonWriter& json, std::string_view damaged) {
  if (!damaged.empty()) {
    WriteText(json, "damaged", damaged);
  }
}

void WriteEntry(JsonWriter& json, const FeedEntry& entry) {
  json.BeginObject();
  WriteText(json, "id", entry.id);
  WriteText(json, "url", entry.url);
  WriteText(json, "title", entry.title);
  WriteText(json, "summary", entry.summary);
  WriteText(json, "content", entry.content);
  WriteList(json, "authors", entry.authors);
  WriteList(json, "categories", entry.categories);
  WriteText(json, "language", entry.language);
  WriteText(json, "rights", entry.rights);
  WriteTime(json, "published_at", entry.published_at);
  WriteTime(json, "updated_at", entry.updated_at);
  json.Key("enclosures").BeginArray();
  for (const Enclosure& enclosure : entry.enclosures) {
    json.BeginObject();
    WriteText(json, "url", enclosure.url);
    WriteText(json, "type", enclosure.type);
    json.Key("length");
    if (enclosure.length) {
      json.Uint(*enclosure.length);
    } else {
      json.Null();
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
}

}  // namespace

std::string FeedToJson(const Feed& feed) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  WriteText(json, "format", Name(feed.format));
  WriteText(json, "title", feed.title);
  WriteText(json, "description", feed.description);
  WriteText(json, "url", feed.url);
  WriteText(json, "language", feed.language);
  WriteText(json, "rights", feed.rights);
  WriteList(json, "authors", feed.authors);
  WriteList(json, "categories", feed.categories);
  WriteTime(json, "updated_at", feed.updated_at);
  json.Key("entries").BeginArray();
  for (const FeedEntry& entry : feed.entries) {
    WriteEntry(json, entry);
  }
  json.EndArray();
  WriteDamage(json, feed.damaged);
  json.EndObject();
  return out;
}

std::string SitemapToJson(const Sitemap& sitemap) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  WriteText(json, "kind", Name(sitemap.kind));
  json.Key("entries").BeginArray();
  for (const SitemapEntry& entry : sitemap.entries) {
    json.BeginObject();
    WriteText(json, "url", entry.url);
    WriteTime(json, "lastmod", entry.lastmod);
    json.Key("news");
    if (entry.news) {
      json.BeginObject();
      WriteText(json, "title", entry.news->title);
      WriteTime(json, "published_at", entry.news->published_at);
      WriteText(json, "language", entry.news->language);
      WriteText(json, "publication", entry.news->publication);
      json.EndObject();
    } else {
      json.Null();
    }
    json.EndObject();
  }
  json.EndArray();
  WriteDamage(json, sitemap.damaged);
  json.EndObject();
  return out;
}

}  // namespace newswire::formats
