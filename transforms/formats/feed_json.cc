// SPDX-License-Identifier: Apache-2.0
#include "transforms/formats/feed_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "transforms/formats/markup.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::formats {
namespace {

using text::JsonValue;

constexpr size_t kMaxEntries = 10'000;
constexpr size_t kMaxValues = 1'000;

// Text, or a number written as text: ids come as both.
std::string Scalar(JsonValue value) {
  if (const auto string = value.string()) {
    return std::string(text::TrimBlank(*string));
  }
  if (value.integer()) {
    return fmt::format("{}", *value.integer());
  }
  return value.is_number() ? value.Dump() : std::string();
}

void OfferText(JsonValue value, TextKind kind, uint8_t rank, Ranked<RawText>& field) {
  const std::string_view string = value.string_or("");
  if (!text::TrimBlank(string).empty()) {
    field.Offer(rank, {.value = std::string(string), .kind = kind});
  }
}

void OfferUrl(JsonValue value, uint8_t rank, RawNode& node) {
  if (std::string url = Scalar(value); !url.empty()) {
    node.url.Offer(rank, {.value = std::move(url)});
  }
}

void AddAuthor(JsonValue author, RawNode& node) {
  if (node.authors.size() >= kMaxValues) {
    return;
  }
  std::string name = author.is_string() ? PersonName(author.string_or(""))
                                        : text::CollapseBlank(author["name"].string_or(""));
  if (!name.empty()) {
    node.authors.push_back({.name = std::move(name)});
  }
}

// `authors` is 1.1's, `author` is 1's; many feeds give both.
void ReadAuthors(JsonValue object, RawNode& node) {
  const JsonValue authors = object["authors"];
  for (size_t i = 0; i < authors.size(); ++i) {
    AddAuthor(authors.at(i), node);
  }
  if (node.authors.empty()) {
    AddAuthor(object["author"], node);
  }
}

void ReadAttachments(JsonValue attachments, RawNode& node) {
  for (size_t i = 0; i < std::min(attachments.size(), kMaxValues); ++i) {
    const JsonValue attachment = attachments.at(i);
    RawEnclosure enclosure{.url = {.value = Scalar(attachment["url"])},
                           .type = std::string(attachment["mime_type"].string_or("")),
                           .length = std::nullopt};
    const JsonValue size = attachment["size_in_bytes"];
    if (const auto bytes = size.integer(); bytes && *bytes >= 0) {
      enclosure.length = static_cast<uint64_t>(*bytes);
    } else if (const auto number = size.number(); number && *number >= 0 && *number < 9.0e18) {
      enclosure.length = static_cast<uint64_t>(*number);
    }
    if (!enclosure.url.value.empty()) {
      node.enclosures.push_back(std::move(enclosure));
    }
  }
}

void OfferDate(JsonValue value, Ranked<RawDate>& field) {
  if (const std::string_view written = value.string_or(""); !written.empty()) {
    field.Offer(0, ReadDate(written));
  }
}

RawNode ReadItem(JsonValue item) {
  RawNode node;
  if (std::string id = Scalar(item["id"]); !id.empty()) {
    node.id.Offer(0, std::move(id));
  }
  OfferUrl(item["url"], 0, node);
  OfferUrl(item["external_url"], 1, node);
  OfferText(item["title"], TextKind::kPlain, 0, node.title);
  OfferText(item["summary"], TextKind::kPlain, 0, node.summary);
  OfferText(item["content_html"], TextKind::kHtml, 0, node.content);
  OfferText(item["content_text"], TextKind::kPlain, 1, node.content);
  OfferDate(item["date_published"], node.published);
  OfferDate(item["date_modified"], node.updated);
  if (std::string language = Scalar(item["language"]); !language.empty()) {
    node.language.Offer(0, std::move(language));
  }
  ReadAuthors(item, node);
  const JsonValue tags = item["tags"];
  for (size_t i = 0; i < std::min(tags.size(), kMaxValues); ++i) {
    std::string tag = text::CollapseBlank(Scalar(tags.at(i)));
    if (!tag.empty() && std::ranges::find(node.categories, tag) == node.categories.end()) {
      node.categories.push_back(std::move(tag));
    }
  }
  ReadAttachments(item["attachments"], node);
  return node;
}

}  // namespace

Result<RawFeed> ReadJsonFeed(std::string_view text, const LinkBase& base) {
  const auto document = text::JsonDocument::Parse(text);
  if (!document) {
    return WithContext(document.error(), "not a feed");
  }
  const JsonValue root = document->root();
  const std::string_view version = root["version"].string_or("");
  if (version.find("jsonfeed.org/version/1") == std::string_view::npos) {
    return Fail(ErrorKind::kMalformed, "not a feed: JSON without a JSON Feed's version");
  }
  RawFeed feed;
  feed.bases = {base};
  feed.format = version.find("version/1.1") != std::string_view::npos ? FeedFormat::kJson11
                                                                      : FeedFormat::kJson1;
  OfferUrl(root["home_page_url"], 0, feed.head);
  feed.self_url = Scalar(root["feed_url"]);
  OfferText(root["title"], TextKind::kPlain, 0, feed.head.title);
  OfferText(root["description"], TextKind::kPlain, 0, feed.head.summary);
  if (std::string language = Scalar(root["language"]); !language.empty()) {
    feed.head.language.Offer(0, std::move(language));
  }
  ReadAuthors(root, feed.head);
  const JsonValue items = root["items"];
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == kMaxEntries) {
      feed.damage = fmt::format("more than {} entries: the rest was not read", kMaxEntries);
      break;
    }
    if (items.at(i).is_object()) {
      feed.entries.push_back(ReadItem(items.at(i)));
    }
  }
  return feed;
}

}  // namespace newswire::formats
