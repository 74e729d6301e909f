// SPDX-License-Identifier: Apache-2.0
#include "daemon/relay/snapshot_codec.h"

#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "transforms/text/hash.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::relay {
namespace {

using text::JsonValue;
using text::JsonWriter;

constexpr int64_t kVersion = 1;

std::string HexOf(std::string_view bytes) {
  return text::Hex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::optional<std::string> BytesOf(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  const std::span out(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return text::FromHex(hex, out) ? std::optional(std::move(bytes)) : std::nullopt;
}

// Text as it is; what is no UTF-8 as {"hex": …}.
void PutBytes(JsonWriter& json, std::string_view bytes) {
  if (text::IsValidUtf8(bytes)) {
    json.String(bytes);
    return;
  }
  json.BeginObject();
  json.Key("hex").String(HexOf(bytes));
  json.EndObject();
}

// Takes the members of one row in order, and remembers whether all of them were what they must be.
class RowReader {
 public:
  explicit RowReader(JsonValue row) : row_(row) {}

  std::string Bytes() {
    const JsonValue value = row_.at(next_++);
    if (const auto text = value.string()) {
      return std::string(*text);
    }
    return Kept(BytesOf(value["hex"].string_or("x")));
  }
  std::string Hex() { return Kept(BytesOf(row_.at(next_++).string_or("x"))); }
  PostDigest Packed() { return Kept(UnpackDigest(Hex())); }
  Position At() { return Kept(Position::FromHex(row_.at(next_++).string_or({}))); }
  uint64_t Number(uint64_t most) {
    const auto value = row_.at(next_++).integer();
    if (!value || *value < 0 || static_cast<uint64_t>(*value) > most) {
      whole_ = false;
      return 0;
    }
    return static_cast<uint64_t>(*value);
  }
  void Digest(std::span<uint8_t> digest) {
    whole_ &= text::FromHex(row_.at(next_++).string_or("x"), digest);
  }
  bool whole() const { return whole_ && row_.size() == next_; }

 private:
  template <typename T>
  T Kept(std::optional<T> value) {
    whole_ = whole_ && value.has_value();
    return std::move(value).value_or(T{});
  }

  const JsonValue row_;
  size_t next_ = 0;
  bool whole_ = true;
};

void PutPost(JsonWriter& json, const StoredPost& stored) {
  const PostRow& row = stored.row;
  json.BeginArray();
  PutBytes(json, stored.post);
  json.String(stored.position.ToHex());
  json.Uint(row.revision).Uint(static_cast<uint64_t>(row.state));
  json.Uint(static_cast<uint64_t>(row.body));
  PutBytes(json, row.topic);
  json.String(HexOf(PackDigest(row.digest)));
  json.String(text::Hex(row.document_digest));
  PutBytes(json, row.pipeline);
  json.String(row.capture.ToHex()).Uint(row.document);
  json.String(HexOf(row.link));
  PutBytes(json, row.url);
  json.EndArray();
}

std::optional<StoredPost> PostFrom(JsonValue value) {
  constexpr uint64_t kLastState = static_cast<uint64_t>(PostState::kRemoved);
  constexpr uint64_t kLastBody = static_cast<uint64_t>(BodyKind::kFile);
  RowReader reader(value);
  StoredPost stored;
  PostRow& row = stored.row;
  stored.post = reader.Bytes();
  stored.position = reader.At();
  row.revision = static_cast<uint32_t>(reader.Number(UINT32_MAX));
  row.state = static_cast<PostState>(reader.Number(kLastState));
  row.body = static_cast<BodyKind>(reader.Number(kLastBody));
  row.topic = reader.Bytes();
  row.digest = reader.Packed();
  reader.Digest(row.document_digest);
  row.pipeline = reader.Bytes();
  row.capture = reader.At();
  row.document = static_cast<uint32_t>(reader.Number(UINT32_MAX));
  row.link = reader.Hex();
  row.url = reader.Bytes();
  // The only row of its post: found by its text and its link.
  row.text_new = row.link_new = true;
  return reader.whole() ? std::optional(std::move(stored)) : std::nullopt;
}

void PutReread(JsonWriter& json, const RereadDigest& reread) {
  json.BeginArray();
  PutBytes(json, reread.post);
  json.String(reread.capture.ToHex());
  PutBytes(json, reread.pipeline);
  json.String(HexOf(PackDigest(reread.digest)));
  json.EndArray();
}

std::optional<RereadDigest> RereadFrom(JsonValue value) {
  RowReader reader(value);
  RereadDigest reread;
  reread.post = reader.Bytes();
  reread.capture = reader.At();
  reread.pipeline = reader.Bytes();
  reread.digest = reader.Packed();
  return reader.whole() ? std::optional(std::move(reread)) : std::nullopt;
}

std::optional<StoredTopic> TopicFrom(JsonValue value) {
  RowReader reader(value);
  StoredTopic topic;
  topic.slug = reader.Bytes();
  topic.position = reader.At();
  topic.own = reader.Number(1) == 1;
  topic.number = static_cast<uint32_t>(reader.Number(UINT32_MAX));
  return reader.whole() ? std::optional(std::move(topic)) : std::nullopt;
}

// All rows of one kind; `what` names one of them.
template <typename Row>
Status ReadRows(JsonValue rows, std::string_view what, uint64_t part,
                std::optional<Row> (*read)(JsonValue), std::vector<Row>& out) {
  for (size_t i = 0; i < rows.size(); ++i) {
    std::optional<Row> row = read(rows.at(i));
    if (!row) {
      return Fail(ErrorKind::kMalformed,
                  fmt::format("part {} of a snapshot: {} {} is none", part, what, i));
    }
    out.push_back(std::move(*row));
  }
  return {};
}

}  // namespace

std::string ToJson(const SnapshotPart& part) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("snapshot").String(part.snapshot);
  json.Key("part").Uint(part.number);
  json.Key("topics").BeginArray();
  for (const StoredTopic& topic : part.topics) {
    json.BeginArray();
    PutBytes(json, topic.slug);
    json.String(topic.position.ToHex()).Uint(topic.own ? 1 : 0).Uint(topic.number);
    json.EndArray();
  }
  json.EndArray();
  json.Key("posts").BeginArray();
  for (const StoredPost& post : part.posts) {
    PutPost(json, post);
  }
  json.EndArray();
  json.Key("rereads").BeginArray();
  for (const RereadDigest& reread : part.rereads) {
    PutReread(json, reread);
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<SnapshotPart> SnapshotPartFromJson(std::string_view text) {
  const auto document = text::JsonDocument::Parse(text);
  if (!document) {
    return WithContext(document.error(), "a part of a snapshot");
  }
  const JsonValue root = document->root();
  SnapshotPart part{.snapshot = std::string(root["snapshot"].string_or({})),
                    .number = static_cast<uint64_t>(root["part"].integer().value_or(0)),
                    .topics = {},
                    .posts = {},
                    .rereads = {}};
  Status status = ReadRows(root["topics"], "topic", part.number, TopicFrom, part.topics);
  if (status) {
    status = ReadRows(root["posts"], "row", part.number, PostFrom, part.posts);
  }
  if (status) {
    status = ReadRows(root["rereads"], "reread", part.number, RereadFrom, part.rereads);
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  return part;
}

std::string ToJson(const SnapshotEnd& end) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("v").Int(kVersion);
  json.Key("snapshot").String(end.snapshot);
  json.Key("archive").String(end.archive);
  json.Key("base").String(end.base.ToHex());
  json.Key("through").String(end.through.ToHex());
  json.Key("first").String(end.first.ToHex());
  json.Key("parts").Uint(end.parts);
  json.Key("topics").Uint(end.topics);
  json.Key("posts").Uint(end.posts);
  json.Key("rereads").Uint(end.rereads);
  json.Key("sha256").String(end.sha256);
  json.EndObject();
  return out;
}

Result<SnapshotEnd> SnapshotEndFromJson(std::string_view text) {
  const auto document = text::JsonDocument::Parse(text);
  if (!document) {
    return WithContext(document.error(), "a snapshot");
  }
  const JsonValue root = document->root();
  if (root["v"].integer() != kVersion) {
    return Fail(ErrorKind::kMalformed, fmt::format("the snapshot is not of version {}", kVersion));
  }
  const auto base = Position::FromHex(root["base"].string_or({}));
  const auto first = Position::FromHex(root["first"].string_or({}));
  const auto through = Position::FromHex(root["through"].string_or({}));
  if (!base || !through || !first) {
    return Fail(ErrorKind::kMalformed,
                "the snapshot does not say what it is as of, or where its parts lie");
  }
  const auto number = [&](std::string_view name) {
    return static_cast<uint64_t>(root[name].integer().value_or(0));
  };
  return SnapshotEnd{.snapshot = std::string(root["snapshot"].string_or({})),
                     .archive = std::string(root["archive"].string_or({})),
                     .base = *base,
                     .through = *through,
                     .first = *first,
                     .parts = number("parts"),
                     .topics = number("topics"),
                     .posts = number("posts"),
                     .rereads = number("rereads"),
                     .sha256 = std::string(root["sha256"].string_or({}))};
}

}  // namespace newswire::relay
