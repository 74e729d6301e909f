// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/tail.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/commands/topics.h"
#include "transforms/text/json.h"
#include "transforms/text/utf8.h"

namespace newswire::commands {
namespace {

constexpr size_t kTitleColumns = 100;
constexpr size_t kWordsColumns = 110;

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kCyan = "\x1b[36m";

// One line that no terminal obeys, cut to a width; control characters become spaces.
std::string OneLine(std::string_view bytes, size_t columns) {
  constexpr char32_t kDelete = 0x7f;
  constexpr char32_t kFirstPrintable = 0xa0;
  std::string line;
  size_t width = 0;
  bool blank = true;
  for (size_t offset = 0; offset < bytes.size();) {
    const char32_t c = text::NextCodePoint(bytes, &offset);
    if (c < ' ' || (c >= kDelete && c < kFirstPrintable) || text::IsBlank(c)) {
      if (!blank) {
        line += ' ';
        ++width;
      }
      blank = true;
      continue;
    }
    const size_t wide = text::IsDense(c) ? 2 : 1;
    if (width + wide > columns) {
      line += "…";
      break;
    }
    text::AppendCodePoint(c, line);
    width += wide;
    blank = false;
  }
  return line;
}

std::string Painted(std::string_view text, std::string_view colour, bool on) {
  return on ? fmt::format("{}{}{}", colour, text, kReset) : std::string(text);
}

std::string_view ColourOf(std::string_view type) {
  if (type.ends_with("published")) {
    return kGreen;
  }
  return type.ends_with("revised") ? kYellow : kRed;
}

std::string Time(const publish::TopicRecord& record, const text::JsonValue& event) {
  for (const char* key : {"published_at", "fetched_at"}) {
    if (const auto text = event[key].string(); text && !text->empty()) {
      return OneLine(*text, kTitleColumns);
    }
  }
  return record.time ? FormatUtc(*record.time) : "-";
}

std::string TypeOf(const publish::TopicRecord& record, const text::JsonValue& event) {
  if (const auto type = event["type"].string()) {
    const auto revision = event["revision"].integer();
    return OneLine(
        revision && *revision > 1 ? fmt::format("{} r{}", *type, *revision) : std::string(*type),
        kTitleColumns);
  }
  for (const auto& [name, value] : record.headers) {
    if (name == "ce_type") {
      return OneLine(value, kTitleColumns);
    }
  }
  return "?";
}

// Dead letters have none of the pattern's suffix.
std::vector<std::string> DefaultTopics(const std::string& topic) {
  return {TopicGlob(topic), publish::TopicName(topic, "dead-letter")};
}

Result<std::unique_ptr<publish::TopicReader>> MakeReader(const TailOptions& options,
                                                         const Clock& clock) {
  return OpenTopics(
      {.output = options.output,
       .kafka = options.kafka,
       .data_dir = options.data_dir,
       .files_dir = options.data_dir / "topics",
       .patterns = options.topics.empty() ? DefaultTopics(options.kafka.topic) : options.topics,
       .from = options.from},
      clock);
}

}  // namespace

std::string FormatRecord(const publish::TopicRecord& record, bool colour) {
  const auto document = text::JsonDocument::Parse(record.value);
  const text::JsonValue event = document ? document->root() : text::JsonValue();
  const std::string type = TypeOf(record, event);
  std::string out = fmt::format("{}  {}  {}", Painted(Time(record, event), kDim, colour),
                                Painted(OneLine(record.topic, kTitleColumns), kCyan, colour),
                                Painted(type, ColourOf(type), colour));
  if (const std::string publisher = OneLine(event["publisher"].string_or(""), kTitleColumns);
      !publisher.empty()) {
    out += "  " + publisher;
  }
  out += '\n';
  const std::string title =
      OneLine(event["title"].string_or(event["url"].string_or(record.key)), kTitleColumns);
  out += "    " + Painted(title, kBold, colour) + '\n';
  for (const char* key : {"text", "summary", "reason"}) {
    if (const std::string words = OneLine(event[key].string_or(""), kWordsColumns);
        !words.empty()) {
      out += "    " + Painted(words, kDim, colour) + '\n';
      break;
    }
  }
  return out;
}

std::string RecordToJson(const publish::TopicRecord& record) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("topic").String(record.topic);
  if (record.partition >= 0) {
    json.Key("partition").Int(record.partition);
  }
  json.Key("offset").Int(record.offset);
  if (record.time) {
    json.Key("time").String(FormatUtcMillis(*record.time));
    json.Key("key").String(record.key);
    json.Key("headers").BeginObject();
    for (const auto& [name, value] : record.headers) {
      size_t replaced = 0;
      json.Key(name).String(text::MakeValidUtf8(value, &replaced));
    }
    json.EndObject();
  }
  if (const auto document = text::JsonDocument::Parse(record.value)) {
    json.Key("value").Raw(record.value);
  } else if (record.value.empty()) {
    json.Key("value").Null();  // a tombstone
  } else {
    size_t replaced = 0;
    json.Key("value").String(text::MakeValidUtf8(record.value, &replaced));
  }
  json.EndObject();
  out += '\n';
  return out;
}

Status RunTail(const TailOptions& options, std::ostream& out, const Clock& clock,
               std::stop_token stop) {
  auto reader = MakeReader(options, clock);
  if (!reader) {
    return std::unexpected(reader.error());
  }
  const bool everything = options.topics.empty();
  const std::string checkpoint = publish::TopicPrefix(options.kafka.topic) + "checkpoint";
  for (uint64_t printed = 0;
       !stop.stop_requested() && (!options.count || printed < *options.count);) {
    auto record = (*reader)->Next(stop);
    if (!record) {
      if (record.error().kind == ErrorKind::kCancelled) {
        return {};
      }
      return std::unexpected(record.error());
    }
    if (!*record || (everything && (*record)->topic == checkpoint)) {
      continue;
    }
    out << (options.json ? RecordToJson(**record) : FormatRecord(**record, options.colour));
    out.flush();
    if (!out) {
      return {};  // its reader has gone
    }
    ++printed;
  }
  return {};
}

}  // namespace newswire::commands
