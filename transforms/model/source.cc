// SPDX-License-Identifier: Apache-2.0
#include "transforms/model/source.h"

#include <array>
#include <charconv>
#include <limits>

#include "transforms/text/json.h"

namespace newswire {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using text::JsonValue;

constexpr std::array kSourceKinds = {SourceKind::kFeed,    SourceKind::kSitemap,
                                     SourceKind::kListing, SourceKind::kJekyll,
                                     SourceKind::kJsonApi, SourceKind::kFolder};
constexpr std::array kBodyKinds = {BodyKind::kPage, BodyKind::kFeed, BodyKind::kDetail,
                                   BodyKind::kFile};
constexpr std::array kIdPolicies = {IdPolicy::kAuto, IdPolicy::kUrl, IdPolicy::kGuid,
                                    IdPolicy::kOriginalUrl, IdPolicy::kPattern};
constexpr std::array kRobotsPolicies = {RobotsPolicy::kObey, RobotsPolicy::kDiscovered,
                                        RobotsPolicy::kIgnore};

// Durations are written as in the configuration file: "30s" or "1500ms".
std::string Duration(milliseconds value) {
  return value.count() % 1000 == 0 ? std::to_string(value.count() / 1000) + "s"
                                   : std::to_string(value.count()) + "ms";
}

std::optional<milliseconds> ReadDuration(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0) {
    return std::nullopt;
  }
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  int64_t scale = 0;
  if (unit == "ms") {
    scale = 1;
  } else if (unit == "s") {
    scale = 1'000;
  } else if (unit == "m") {
    scale = 60'000;
  } else if (unit == "h") {
    scale = 3'600'000;
  } else if (unit == "d") {
    scale = 86'400'000;
  }
  if (scale == 0 || count > std::numeric_limits<int64_t>::max() / scale) {
    return std::nullopt;
  }
  return milliseconds{count * scale};
}

// Collects the first wrong member; every getter leaves the default in place when the key is absent
// or null.
class MemberReader {
 public:
  explicit MemberReader(JsonValue object) : object_(object) {}

  void Text(std::string_view key, std::string& out) {
    const JsonValue value = Present(key);
    if (!value.exists()) {
      return;
    }
    if (const auto text = value.string()) {
      out = *text;
    } else {
      Wrong(key, "text");
    }
  }
  void Flag(std::string_view key, bool& out) {
    const JsonValue value = Present(key);
    if (!value.exists()) {
      return;
    }
    if (const auto flag = value.boolean()) {
      out = *flag;
    } else {
      Wrong(key, "true or false");
    }
  }
  void Integer(std::string_view key, int& out) {
    const JsonValue value = Present(key);
    if (!value.exists()) {
      return;
    }
    const auto number = value.integer();
    if (number && *number >= std::numeric_limits<int>::min() &&
        *number <= std::numeric_limits<int>::max()) {
      out = static_cast<int>(*number);
    } else {
      Wrong(key, "a whole number");
    }
  }
  std::optional<milliseconds> Span(std::string_view key) {
    const JsonValue value = Present(key);
    if (!value.exists()) {
      return std::nullopt;
    }
    const auto span = ReadDuration(value.string_or(""));
    if (!span) {
      Wrong(key, "a duration such as 30s");
    }
    return span;
  }
  template <typename Values, typename Value>
  void Named(std::string_view key, const Values& values, Value& out) {
    const JsonValue value = Present(key);
    if (!value.exists()) {
      return;
    }
    for (const Value candidate : values) {
      if (Name(candidate) == value.string_or("")) {
        out = candidate;
        return;
      }
    }
    Wrong(key, "one of its names");
  }
  JsonValue Present(std::string_view key) const {
    const JsonValue value = object_[key];
    return value.is_null() ? JsonValue{} : value;
  }
  void Wrong(std::string_view key, std::string_view expected) {
    if (error_.empty()) {
      error_ = "source: \"" + std::string(key) + "\" is not " + std::string(expected);
    }
  }
  const std::string& error() const { return error_; }

 private:
  JsonValue object_;
  std::string error_;
};

std::string BackfillText(const Backfill& backfill) {
  switch (backfill.kind) {
    case Backfill::Kind::kFeed:
      return "feed";
    case Backfill::Kind::kNone:
      return "none";
    case Backfill::Kind::kAll:
      return "all";
    case Backfill::Kind::kAge:
      break;
  }
  return Duration(backfill.age);
}

void ReadBackfill(MemberReader& reader, Backfill& backfill) {
  const JsonValue value = reader.Present("backfill");
  if (!value.exists()) {
    return;
  }
  const std::string_view text = value.string_or("");
  if (text == "feed" || text == "none" || text == "all") {
    backfill = {.kind = text == "feed"   ? Backfill::Kind::kFeed
                        : text == "none" ? Backfill::Kind::kNone
                                         : Backfill::Kind::kAll};
  } else if (const auto age = ReadDuration(text)) {
    backfill = {.kind = Backfill::Kind::kAge, .age = std::chrono::duration_cast<seconds>(*age)};
  } else {
    reader.Wrong("backfill", "feed, none, all or an age");
  }
}

}  // namespace

std::string_view Name(SourceKind kind) {
  switch (kind) {
    case SourceKind::kFeed:
      return "feed";
    case SourceKind::kSitemap:
      return "sitemap";
    case SourceKind::kListing:
      return "listing";
    case SourceKind::kJekyll:
      return "jekyll";
    case SourceKind::kJsonApi:
      return "json_api";
    case SourceKind::kFolder:
      return "folder";
  }
  return "feed";
}

std::string_view Name(BodyKind kind) {
  switch (kind) {
    case BodyKind::kPage:
      return "page";
    case BodyKind::kFeed:
      return "feed";
    case BodyKind::kDetail:
      return "detail";
    case BodyKind::kFile:
      return "file";
  }
  return "page";
}

std::string_view Name(IdPolicy policy) {
  switch (policy) {
    case IdPolicy::kAuto:
      return "auto";
    case IdPolicy::kUrl:
      return "url";
    case IdPolicy::kGuid:
      return "guid";
    case IdPolicy::kOriginalUrl:
      return "original_url";
    case IdPolicy::kPattern:
      return "pattern";
  }
  return "auto";
}

std::string_view Name(RobotsPolicy policy) {
  switch (policy) {
    case RobotsPolicy::kObey:
      return "obey";
    case RobotsPolicy::kDiscovered:
      return "discovered";
    case RobotsPolicy::kIgnore:
      return "ignore";
  }
  return "discovered";
}

std::string SourceToJson(const Source& source) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("id").String(source.id);
  json.Key("kind").String(Name(source.kind));
  json.Key("url").String(source.url);
  json.Key("feed").String(source.feed);
  json.Key("sitemap").String(source.sitemap);
  json.Key("body").String(Name(source.body));
  json.Key("every").StringOrNull(source.every ? Duration(*source.every) : "");
  json.Key("delay").StringOrNull(source.delay ? Duration(*source.delay) : "");
  json.Key("parallel").Int(source.parallel);
  json.Key("recheck").BeginArray();
  for (const seconds after : source.recheck) {
    json.String(Duration(after));
  }
  json.EndArray();
  json.Key("robots").String(Name(source.robots));
  json.Key("backfill").String(BackfillText(source.backfill));
  json.Key("removal").BeginObject();
  json.Key("confirm_after").String(Duration(source.removal.confirm_after));
  json.Key("when_unlisted").Bool(source.removal.when_unlisted);
  json.EndObject();
  json.Key("id_policy").String(Name(source.id_policy));
  json.Key("id_pattern").String(source.id_pattern);
  json.Key("timezone").String(source.timezone);
  json.Key("language").String(source.language);
  json.Key("steps").BeginArray();
  for (const std::string& step : source.steps) {
    json.String(step);
  }
  json.EndArray();
  json.Key("categories").BeginObject();
  for (const auto& [name, slug] : source.categories) {
    json.Key(name).String(slug);
  }
  json.EndObject();
  json.EndObject();
  return out;
}

Result<Source> SourceFromJson(std::string_view json) {
  const auto document = text::JsonDocument::Parse(json);
  if (!document) {
    return WithContext(document.error(), "source");
  }
  if (!document->root().is_object()) {
    return Fail(ErrorKind::kMalformed, "source: not an object");
  }
  Source source;
  MemberReader reader(document->root());
  reader.Text("id", source.id);
  reader.Named("kind", kSourceKinds, source.kind);
  reader.Text("url", source.url);
  reader.Text("feed", source.feed);
  reader.Text("sitemap", source.sitemap);
  reader.Named("body", kBodyKinds, source.body);
  source.every = reader.Span("every");
  source.delay = reader.Span("delay");
  reader.Integer("parallel", source.parallel);
  if (const JsonValue recheck = reader.Present("recheck"); recheck.exists()) {
    if (!recheck.is_array()) {
      reader.Wrong("recheck", "a list");
    }
    for (size_t i = 0; i < recheck.size(); ++i) {
      const auto after = ReadDuration(recheck.at(i).string_or(""));
      if (!after) {
        reader.Wrong("recheck", "a list of durations");
        break;
      }
      source.recheck.push_back(std::chrono::duration_cast<seconds>(*after));
    }
  }
  reader.Named("robots", kRobotsPolicies, source.robots);
  ReadBackfill(reader, source.backfill);
  MemberReader removal(reader.Present("removal"));
  if (const auto after = removal.Span("confirm_after")) {
    source.removal.confirm_after = std::chrono::duration_cast<seconds>(*after);
  }
  removal.Flag("when_unlisted", source.removal.when_unlisted);
  reader.Named("id_policy", kIdPolicies, source.id_policy);
  reader.Text("id_pattern", source.id_pattern);
  reader.Text("timezone", source.timezone);
  reader.Text("language", source.language);
  if (const JsonValue steps = reader.Present("steps"); steps.exists()) {
    if (!steps.is_array()) {
      reader.Wrong("steps", "a list");
    }
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto step = steps.at(i).string();
      if (!step) {
        reader.Wrong("steps", "a list of names");
        break;
      }
      source.steps.emplace_back(*step);
    }
  }
  if (const JsonValue table = reader.Present("categories"); table.exists()) {
    if (!table.is_object()) {
      reader.Wrong("categories", "an object");
    }
    table.ForEachMember([&](std::string_view name, JsonValue slug) {
      if (const auto text = slug.string()) {
        source.categories.emplace_back(name, *text);
      } else {
        reader.Wrong("categories", "an object of texts");
      }
    });
  }
  for (const MemberReader* each : {&reader, &removal}) {
    if (!each->error().empty()) {
      return Fail(ErrorKind::kMalformed, each->error());
    }
  }
  return source;
}

}  // namespace newswire
