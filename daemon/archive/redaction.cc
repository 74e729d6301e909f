// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/redaction.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/archive/folder.h"
#include "transforms/text/hash.h"
#include "transforms/text/json.h"

namespace newswire::archive {
namespace {

constexpr int64_t kVersion = 1;

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(ErrorKind::kMalformed, fmt::format("a redaction's {} cannot be read", what));
}

void WriteGhost(text::JsonWriter& json, const Post& ghost) {
  json.BeginObject();
  json.Key("id").String(ghost.id).Key("source").String(ghost.source);
  json.Key("url").String(ghost.url).Key("category").String(ghost.category.slug);
  if (ghost.published_at) {
    json.Key("published_at").String(FormatUtcMillis(ghost.published_at->instant));
  }
  json.Key("pipeline").String(ghost.pipeline);
  json.Key("digest").String(text::Hex(ghost.digest.whole));
  json.Key("fields").BeginArray();
  for (const auto& field : ghost.digest.fields) {
    json.String(text::Hex(field));
  }
  json.EndArray();
  json.Key("document_digest").String(text::Hex(ghost.document_digest));
  json.EndObject();
}

Result<Post> ReadGhost(const text::JsonValue& json) {
  Post ghost;
  ghost.id = json["id"].string_or("");
  ghost.source = json["source"].string_or("");
  ghost.url = json["url"].string_or("");
  ghost.category.slug = json["category"].string_or("");
  ghost.pipeline = json["pipeline"].string_or("");
  if (const auto published = json["published_at"]; published.exists()) {
    ghost.published_at = ParseRfc3339(published.string_or(""));
    if (!ghost.published_at) {
      return Malformed("\"published_at\"");
    }
  }
  const text::JsonValue fields = json["fields"];
  bool right = !ghost.id.empty() && fields.size() == kDigestFields &&
               text::FromHex(json["digest"].string_or(""), ghost.digest.whole) &&
               text::FromHex(json["document_digest"].string_or(""), ghost.document_digest);
  for (size_t i = 0; right && i < kDigestFields; ++i) {
    right = text::FromHex(fields.at(i).string_or(""), ghost.digest.fields[i]);
  }
  if (!right) {
    return Malformed("digest");
  }
  return ghost;
}

// One ghost stands for a document in each of many captures of one feed: each is written once.
class Ghosts {
 public:
  explicit Ghosts(const std::vector<RedactedDocument>& documents) {
    for (const RedactedDocument& document : documents) {
      numbers_.emplace_back(document.ghost ? std::optional(NumberOf(*document.ghost))
                                           : std::nullopt);
    }
  }
  const std::vector<std::string>& all() const { return all_; }
  std::optional<size_t> of(size_t document) const { return numbers_[document]; }

 private:
  size_t NumberOf(const Post& ghost) {
    std::string written;
    text::JsonWriter json(written);
    WriteGhost(json, ghost);
    const auto [place, added] = known_.emplace(std::move(written), all_.size());
    if (added) {
      all_.push_back(place->first);
    }
    return place->second;
  }

  std::map<std::string, size_t> known_;
  std::vector<std::string> all_;
  std::vector<std::optional<size_t>> numbers_;
};

}  // namespace

std::string RedactionToJson(const Redaction& redaction) {
  const Ghosts ghosts(redaction.documents);
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject().Key("v").Int(kVersion);
  json.Key("posts").BeginArray();
  for (const std::string& post : redaction.posts) {
    json.String(post);
  }
  json.EndArray();
  json.Key("reason").String(redaction.reason);
  json.Key("links").BeginArray();
  for (const auto& [source, url] : redaction.links) {
    json.BeginArray().String(source).String(url).EndArray();
  }
  json.EndArray();
  json.Key("captures").BeginArray();
  for (const Position capture : redaction.captures) {
    json.String(capture.ToHex());
  }
  json.EndArray();
  json.Key("documents").BeginArray();
  for (size_t i = 0; i < redaction.documents.size(); ++i) {
    const RedactedDocument& document = redaction.documents[i];
    json.BeginObject().Key("capture").String(document.capture.ToHex());
    json.Key("document").Uint(document.document);
    if (document.without_entry) {
      json.Key("without_entry").Bool(true);
    }
    if (const auto ghost = ghosts.of(i)) {
      json.Key("ghost").Uint(*ghost);
    }
    json.EndObject();
  }
  json.EndArray();
  json.Key("ghosts").BeginArray();
  for (const std::string& ghost : ghosts.all()) {
    json.Raw(ghost);
  }
  json.EndArray();
  json.Key("segments").BeginArray();
  for (const RewrittenSegment& segment : redaction.segments) {
    json.BeginObject().Key("segment").String(segment.name);
    json.Key("old").String(segment.old_sum).Key("new").String(segment.new_sum).EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<Redaction> RedactionFromJson(std::string_view text) {
  const auto parsed = text::JsonDocument::Parse(text);
  if (!parsed) {
    return WithContext(parsed.error(), "a redaction");
  }
  const text::JsonValue root = parsed->root();
  Redaction redaction;
  redaction.reason = root["reason"].string_or("");
  for (size_t i = 0; i < root["posts"].size(); ++i) {
    redaction.posts.emplace_back(root["posts"].at(i).string_or(""));
  }
  if (redaction.posts.empty() || std::ranges::find(redaction.posts, "") != redaction.posts.end()) {
    return Malformed("\"posts\"");
  }
  for (size_t i = 0; i < root["links"].size(); ++i) {
    const text::JsonValue link = root["links"].at(i);
    redaction.links.emplace_back(link.at(0).string_or(""), link.at(1).string_or(""));
  }
  for (size_t i = 0; i < root["captures"].size(); ++i) {
    const auto capture = Position::FromHex(root["captures"].at(i).string_or(""));
    if (!capture) {
      return Malformed("\"captures\"");
    }
    redaction.captures.push_back(*capture);
  }
  std::vector<Post> ghosts;
  for (size_t i = 0; i < root["ghosts"].size(); ++i) {
    auto ghost = ReadGhost(root["ghosts"].at(i));
    if (!ghost) {
      return std::unexpected(ghost.error());
    }
    ghosts.push_back(std::move(*ghost));
  }
  for (size_t i = 0; i < root["documents"].size(); ++i) {
    const text::JsonValue json = root["documents"].at(i);
    const auto capture = Position::FromHex(json["capture"].string_or(""));
    const auto number = json["document"].integer();
    if (!capture || !number || *number < 0 || *number > UINT32_MAX) {
      return Malformed("\"documents\"");
    }
    RedactedDocument document{.capture = *capture,
                              .document = static_cast<uint32_t>(*number),
                              .without_entry = json["without_entry"].boolean().value_or(false),
                              .ghost = std::nullopt};
    if (const text::JsonValue ghost = json["ghost"]; ghost.exists()) {
      const auto which = ghost.integer();
      if (!which || *which < 0 || static_cast<size_t>(*which) >= ghosts.size()) {
        return Malformed("\"ghost\"");
      }
      document.ghost = ghosts[static_cast<size_t>(*which)];
    }
    redaction.documents.push_back(std::move(document));
  }
  for (size_t i = 0; i < root["segments"].size(); ++i) {
    const text::JsonValue segment = root["segments"].at(i);
    redaction.segments.push_back({.name = std::string(segment["segment"].string_or("")),
                                  .old_sum = std::string(segment["old"].string_or("")),
                                  .new_sum = std::string(segment["new"].string_or(""))});
  }
  return redaction;
}

bool DropBelow(Position oldest, Redaction& redaction) {
  const auto gone = [oldest](const RewrittenSegment& segment) {
    const std::optional<uint32_t> serial = SerialOf(segment.name);
    return serial && *serial < oldest.serial();
  };
  const size_t dropped =
      std::erase_if(redaction.captures, [&](Position capture) { return capture < oldest; }) +
      std::erase_if(redaction.documents,
                    [&](const RedactedDocument& document) { return document.capture < oldest; }) +
      std::erase_if(redaction.segments, gone);
  return dropped > 0;
}

void Redactions::Add(const Redaction& redaction) {
  posts_.insert(redaction.posts.begin(), redaction.posts.end());
  links_.insert(redaction.links.begin(), redaction.links.end());
  captures_.insert(redaction.captures.begin(), redaction.captures.end());
  for (const RedactedDocument& document : redaction.documents) {
    documents_.emplace(document.capture, document);
  }
}

void Redactions::Apply(Transformed& capture) const {
  const auto [begin, end] = documents_.equal_range(capture.address.position);
  for (auto at = begin; at != end; ++at) {
    const RedactedDocument& redacted = at->second;
    const auto is_it = [&](const auto& one) { return one.document == redacted.document; };
    std::erase_if(capture.posts, is_it);
    std::erase_if(capture.dead_letters, is_it);
    capture.without_entry =
        capture.role == CaptureRole::kPost ? redacted.without_entry : capture.without_entry;
    if (redacted.ghost) {
      Post ghost = *redacted.ghost;
      ghost.document = redacted.document;
      ghost.archive = capture.address;
      ghost.fetched_at = capture.fetched_at;
      const auto place =
          std::ranges::upper_bound(capture.posts, ghost.document, {}, &Post::document);
      capture.posts.insert(place, std::move(ghost));
    }
  }
}

}  // namespace newswire::archive
