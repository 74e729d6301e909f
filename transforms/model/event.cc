// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/event.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "transforms/text/hash.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire {
namespace {

using text::JsonWriter;

constexpr std::string_view kSchemaUri = "urn:newswire:schema:post.v1";
constexpr size_t kShortField = 1024;  // bytes of a field when even an empty text is not enough

// What of a post is written when it does not fit.
struct Cut {
  bool standoff = true;  // links, images, annotations
  size_t text_bytes = ~size_t{0};
  bool short_fields = false;  // title, summary, names cut; lists dropped
  bool truncated() const { return !standoff; }
};

std::string_view PipelineHash(std::string_view pipeline) {
  return pipeline.substr(pipeline.find('+') + 1);
}

std::string SourceUrn(std::string_view source) { return "urn:newswire:" + std::string(source); }

void WriteSpan(JsonWriter& json, Span span) {
  json.BeginArray().Uint(span.begin).Uint(span.end).EndArray();
}

void WriteTexts(JsonWriter& json, const std::vector<std::string>& texts) {
  json.BeginArray();
  for (const std::string& text : texts) {
    json.String(text);
  }
  json.EndArray();
}

void WriteTime(JsonWriter& json, const std::optional<Timestamp>& time) {
  if (!time) {
    json.Null();
  } else {
    json.String(FormatLocal(*time));
  }
}

void WriteBlocks(JsonWriter& json, const std::vector<Block>& blocks, uint32_t code_points) {
  json.BeginArray();
  for (const Block& block : blocks) {
    if (block.span.begin >= code_points) {
      break;
    }
    json.BeginObject().Key("kind").String(Name(block.kind));
    if (block.kind == BlockKind::kHeading) {
      json.Key("level").Int(block.level);
    }
    WriteSpan(json.Key("span"), {block.span.begin, std::min(block.span.end, code_points)});
    json.EndObject();
  }
  json.EndArray();
}

void WriteLinks(JsonWriter& json, const std::vector<PostLink>& links) {
  json.BeginArray();
  for (const PostLink& link : links) {
    json.BeginObject().Key("url").String(link.url).Key("text").String(link.text);
    WriteSpan(json.Key("span"), link.span);
    json.EndObject();
  }
  json.EndArray();
}

void WriteImages(JsonWriter& json, const std::vector<PostImage>& images) {
  json.BeginArray();
  for (const PostImage& image : images) {
    json.BeginObject().Key("url").String(image.url);
    json.Key("alt").StringOrNull(image.alt).Key("caption").StringOrNull(image.caption);
    json.EndObject();
  }
  json.EndArray();
}

void WriteArchive(JsonWriter& json, const ArchiveAddress& archive, uint32_t document) {
  json.BeginObject();
  json.Key("segment").String(archive.segment).Key("offset").Uint(archive.offset);
  json.Key("record").String(archive.record_id).Key("document").Uint(document);
  json.EndObject();
}

void WriteEmptyList(JsonWriter& json, std::string_view key) {
  json.Key(key).BeginArray().EndArray();
}

std::string Serialise(const Post& post, const Sequenced& sequenced, const Cut& cut) {
  const auto field = [&](const std::string& text) {
    return cut.short_fields ? text::TruncateToBytes(text, kShortField) : std::string_view(text);
  };
  const std::string_view body = text::TruncateToBytes(post.text, cut.text_bytes);
  const uint32_t code_points = body.size() == post.text.size()
                                   ? ~uint32_t{0}
                                   : static_cast<uint32_t>(text::CountCodePoints(body));
  std::string out;
  out.reserve(body.size() + post.blocks.size() * 40 + post.links.size() * 120 + 2048);
  JsonWriter json(out);
  json.BeginObject();
  json.Key("id").String(post.id);
  json.Key("type").String(Name(sequenced.type));
  json.Key("revision").Uint(sequenced.revision);
  WriteTexts(json.Key("changed"), sequenced.changed);
  json.Key("source").String(post.source);
  json.Key("category").BeginObject();
  json.Key("slug").StringOrNull(field(post.category.slug));
  json.Key("name").StringOrNull(field(post.category.name));
  json.EndObject();
  json.Key("title").StringOrNull(field(post.title));
  json.Key("summary").StringOrNull(field(post.summary));
  json.Key("language").StringOrNull(post.language);
  json.Key("publisher").StringOrNull(field(post.publisher));
  const std::vector<std::string> none;
  WriteTexts(json.Key("authors"), cut.short_fields ? none : post.authors);
  WriteTexts(json.Key("tags"), cut.short_fields ? none : post.tags);
  json.Key("url").StringOrNull(post.url);
  json.Key("original_url").StringOrNull(post.original_url);
  WriteTime(json.Key("published_at"), post.published_at);
  WriteTime(json.Key("updated_at"), post.updated_at);
  json.Key("fetched_at").String(FormatUtcMillis(post.fetched_at));
  json.Key("text").String(body);
  WriteBlocks(json.Key("blocks"), post.blocks, code_points);
  WriteLinks(json.Key("links"), cut.standoff ? post.links : std::vector<PostLink>{});
  WriteImages(json.Key("images"), cut.standoff ? post.images : std::vector<PostImage>{});
  for (const std::string_view annotation : {"securities", "boards", "indicators", "figures"}) {
    WriteEmptyList(json, annotation);
  }
  json.Key("story").Null();
  json.Key("digest").String("sha256:" + text::Hex(post.digest.whole));
  WriteArchive(json.Key("archive"), post.archive, post.document);
  json.Key("pipeline").String(post.pipeline);
  if (cut.truncated()) {
    json.Key("truncated").Bool(true);
  }
  json.EndObject();
  return out;
}

// The longest text of which the event fits, by bisection over its bytes: escapes and blocks make
// the event's size no simple function of it.
size_t FittingText(const Post& post, const Sequenced& sequenced, Cut cut, size_t max_bytes) {
  size_t fits = 0;
  size_t too_long = post.text.size() + 1;
  while (too_long - fits > 1) {
    cut.text_bytes = fits + (too_long - fits) / 2;
    (Serialise(post, sequenced, cut).size() <= max_bytes ? fits : too_long) = cut.text_bytes;
  }
  return fits;
}

std::string SerialiseWithin(const Post& post, const Sequenced& sequenced, size_t max_bytes) {
  std::string value = Serialise(post, sequenced, {});
  if (value.size() <= max_bytes) {
    return value;
  }
  Cut cut{.standoff = false};
  value = Serialise(post, sequenced, cut);
  if (value.size() <= max_bytes) {
    return value;
  }
  Cut nothing = cut;
  nothing.text_bytes = 0;
  cut.short_fields = Serialise(post, sequenced, nothing).size() > max_bytes;
  cut.text_bytes = FittingText(post, sequenced, cut, max_bytes);
  return Serialise(post, sequenced, cut);
}

std::string EventId(std::string_view post_id, Position position, std::string_view pipeline) {
  std::string id(post_id);
  id.push_back('#');
  id += position.ToHex();
  id.push_back('~');
  id += PipelineHash(pipeline);
  return id;
}

}  // namespace

std::string_view Name(EventType type) {
  switch (type) {
    case EventType::kPublished:
      return "post.published";
    case EventType::kRevised:
      return "post.revised";
    case EventType::kRemoved:
      return "post.removed";
    case EventType::kDeadLetter:
      return "post.dead_letter";
    case EventType::kRedacted:
      return "post.redacted";
  }
  return "post.published";
}

Event MakeEvent(const Post& post, const Sequenced& sequenced, std::string topic_slug,
                size_t max_bytes) {
  Event event;
  event.type = sequenced.type;
  event.topic_slug = std::move(topic_slug);
  event.key = post.id;
  event.value = SerialiseWithin(post, sequenced, max_bytes);
  event.ce_id = EventId(post.id, post.archive.position, post.pipeline);
  event.ce_source = SourceUrn(post.source);
  event.ce_subject = post.url;
  event.ce_time = post.fetched_at;
  event.position = post.archive.position;
  event.published = post.published_at ? post.published_at->instant : post.fetched_at;
  return event;
}

Event MakeRemovedEvent(const Transformed& capture, std::string_view post_id, std::string_view url,
                       uint32_t revision, std::string topic_slug) {
  Event event;
  event.type = EventType::kRemoved;
  event.topic_slug = std::move(topic_slug);
  event.key = post_id;
  JsonWriter json(event.value);
  json.BeginObject();
  json.Key("id").String(post_id);
  json.Key("type").String(Name(event.type));
  json.Key("revision").Uint(revision);
  json.Key("changed").BeginArray().String("removed").EndArray();
  json.Key("source").String(capture.source);
  json.Key("url").StringOrNull(url);
  json.Key("removal").BeginObject();
  json.Key("how").String(capture.removal ? capture.removal->how : "unlisted");
  json.Key("confirmed_at")
      .String(
          FormatUtcMillis(capture.removal ? capture.removal->confirmed_at : capture.fetched_at));
  json.EndObject();
  json.Key("fetched_at").String(FormatUtcMillis(capture.fetched_at));
  WriteArchive(json.Key("archive"), capture.address, 0);
  json.Key("pipeline").String(capture.pipeline);
  json.EndObject();
  event.ce_id = EventId(post_id, capture.address.position, capture.pipeline);
  event.ce_source = SourceUrn(capture.source);
  event.ce_subject = url;
  event.ce_time = capture.fetched_at;
  event.position = capture.address.position;
  event.published = capture.fetched_at;
  return event;
}

Event MakeDeadLetterEvent(const DeadLetter& letter) {
  Event event;
  event.type = EventType::kDeadLetter;
  event.topic_slug = "dead-letter";
  event.key = letter.source + ":" + letter.url;
  JsonWriter json(event.value);
  json.BeginObject();
  json.Key("type").String(Name(event.type));
  json.Key("source").String(letter.source);
  json.Key("url").StringOrNull(letter.url);
  json.Key("step").String(letter.step);
  json.Key("reason").String(letter.reason);
  json.Key("position").String(letter.archive.position.ToHex());
  json.Key("fetched_at").String(FormatUtcMillis(letter.fetched_at));
  WriteArchive(json.Key("archive"), letter.archive, letter.document);
  json.Key("pipeline").String(letter.pipeline);
  json.EndObject();
  event.ce_id = EventId(letter.source + ":document-" + std::to_string(letter.document),
                        letter.archive.position, letter.pipeline);
  event.ce_source = SourceUrn(letter.source);
  event.ce_subject = letter.url;
  event.ce_time = letter.fetched_at;
  event.position = letter.archive.position;
  event.published = letter.fetched_at;
  return event;
}

Event MakeTombstone(std::string_view post_id, std::string_view url, std::string topic_slug,
                    Position position, UtcMillis time) {
  Event event;
  event.type = EventType::kRedacted;
  event.topic_slug = std::move(topic_slug);
  event.key = post_id;
  event.ce_id = std::string(post_id) + "#" + position.ToHex();  // no pipeline has made it
  event.ce_source = SourceUrn(post_id.substr(0, post_id.find(':')));
  event.ce_subject = url;
  event.ce_time = event.published = time;
  event.position = position;
  return event;
}

std::vector<std::pair<std::string, std::string>> CloudEventHeaders(const Event& event) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"ce_specversion", "1.0"},
      {"ce_id", event.ce_id},
      {"ce_source", event.ce_source},
      {"ce_type", std::string(Name(event.type))},
      {"ce_time", FormatUtcMillis(event.ce_time)},
      {"ce_subject", event.ce_subject},
      {"ce_sequence", event.position.ToHex()}};
  if (!event.tombstone()) {  // which has no data to describe
    headers.emplace_back("ce_dataschema", kSchemaUri);
    headers.emplace_back("content-type", "application/json");
  }
  return headers;
}

std::string_view EventSchemaUri() { return kSchemaUri; }

}  // namespace newswire
