// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/checks.h"

#include <algorithm>
#include <span>
#include <system_error>

#include <fmt/ranges.h>

#include "daemon/config/references.h"
#include "daemon/publish/output.h"
#include "fetchers/transports/address_policy.h"
#include "transforms/model/url.h"
#include "transforms/pipeline.h"
#include "transforms/steps/step.h"
#include "transforms/text/dates.h"
#include "transforms/text/language.h"

namespace newswire::config {
namespace {

constexpr size_t kMaxIdBytes = 64;

const YamlNode& PlaceOf(const Places& places, const std::string& key, const YamlNode& otherwise) {
  const auto found = places.find(key);
  return found == places.end() ? otherwise : *found->second.node;
}

bool IsHeaderText(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool IsSourceId(const std::string& id) {
  const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !id.empty() && id.size() <= kMaxIdBytes && word(id.front()) &&
         std::ranges::all_of(id, [&](char c) { return word(c) || c == '_' || c == '-'; });
}

bool IsInstanceName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxIdBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A message of another part that names the key itself, without it.
std::string WithoutKey(const std::string& message, std::string_view key) {
  const std::string start = fmt::format("{}: ", key);
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

// The same complaint shape for all checks below.
class Complaints {
 public:
  Complaints(const Context& context, const Places& places, const YamlNode& mapping,
             const std::string& prefix)
      : context_(context), places_(places), mapping_(mapping), prefix_(prefix) {}

  void Error(const std::string& key, std::string what, std::string expected,
             std::string nearest = {}) const {
    if (const auto found = places_.find(key); found != places_.end() && !found->second.good) {
      return;  // complained of already
    }
    context_.diagnostics.Error(context_.file, PlaceOf(places_, key, mapping_),
                               {.key = prefix_ + key,
                                .what = std::move(what),
                                .expected = std::move(expected),
                                .nearest = std::move(nearest)});
  }
  void Warn(const std::string& key, std::string what) const {
    context_.diagnostics.Warn(context_.file, PlaceOf(places_, key, mapping_),
                              {.key = prefix_ + key, .what = std::move(what)});
  }
  bool given(const std::string& key) const { return places_.contains(key); }
  // What a message may show of the key's value.
  std::string shown(const std::string& key) const { return Shown(PlaceOf(places_, key, mapping_)); }
  // Whether the value, or an item of it, came from the environment or a file: never to be shown.
  bool from_elsewhere(const std::string& key) const {
    const std::string full = prefix_ + key;
    return context_.references.contains(full) || context_.references.contains(full + "[0]") ||
           std::ranges::any_of(context_.references, [&](const auto& reference) {
             return reference.first.starts_with(full + "[");
           });
  }
  const YamlNode& place(const std::string& key) const { return PlaceOf(places_, key, mapping_); }

 private:
  const Context& context_;
  const Places& places_;
  const YamlNode& mapping_;
  const std::string& prefix_;
};

void CheckUserAgent(const Config& config, const Complaints& complain) {
  static constexpr std::string_view kExpected =
      "a text with a contact, such as \"newswire/1.0 (+mailto:ops@example.org)\"";
  const std::string& user_agent = config.http.engine.user_agent;
  if (!IsHeaderText(user_agent)) {
    complain.Error("http.user_agent", "holds characters that a header cannot",
                   std::string(kExpected));
    return;
  }
  const bool on_this_machine = std::ranges::all_of(config.sources, [](const Source& source) {
    return source.kind == SourceKind::kFolder || IsLoopback(source.url);
  });
  if (CarriesContact(user_agent) || (on_this_machine && !config.sources.empty())) {
    return;
  }
  if (!complain.given("http.user_agent")) {
    if (!config.sources.empty()) {
      complain.Error("http.user_agent", "missing", std::string(kExpected));
    }
    return;
  }
  complain.Error("http.user_agent", "says nobody to reach", std::string(kExpected));
}

void CheckNetworks(const Config& config, const Complaints& complain) {
  const auto& networks = config.http.engine.allow_networks;
  for (const std::string& network : networks) {
    const auto policy = transports::AddressPolicy::Create(std::span(&network, 1));
    if (!policy) {
      complain.Error("http.allow_networks",
                     complain.from_elsewhere("http.allow_networks") ? "holds what is no network"
                                                                    : policy.error().message,
                     "networks such as 127.0.0.0/8 or fd00::/8");
    }
  }
}

void CheckUrl(const std::string& key, const std::string& url, const Complaints& complain) {
  const auto parsed = Url::Parse(url);
  if (!parsed || parsed->scheme() == "file") {
    complain.Error(key, fmt::format("'{}' is not one that can be fetched", complain.shown(key)),
                   "an absolute http or https URL without user name and password");
  }
}

void CheckFolder(Source& source, const Context& context, const Complaints& complain) {
  static constexpr std::string_view kFileScheme = "file://";
  if (source.url.starts_with(std::string(kFileScheme) + "/")) {
    source.url.erase(0, kFileScheme.size());
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(context.base / source.url, error);
  if (error) {
    complain.Error("url", fmt::format("'{}' is no path", complain.shown("url")), "a path");
    return;
  }
  source.url = path.lexically_normal().string();
  if (!std::filesystem::exists(path, error)) {
    complain.Warn("url", fmt::format("'{}' does not exist (yet)", complain.shown("url")));
  }
}

void CheckBody(Source& source, const Complaints& complain) {
  if (!complain.given("body")) {
    source.body = DefaultBody(source.kind);
    return;
  }
  const bool is_folder = source.kind == SourceKind::kFolder;
  if (is_folder != (source.body == BodyKind::kFile)) {
    complain.Error("body",
                   fmt::format("a source of kind {} cannot have the body '{}'", Name(source.kind),
                               complain.shown("body")),
                   is_folder ? "file" : "page or feed");
  }
}

void CheckSteps(const Source& source, const Complaints& complain) {
  std::vector<std::string> known;
  for (const steps::Step& step : steps::AllSteps()) {
    known.emplace_back(step.name);
  }
  for (const std::string& name : source.steps) {
    if (steps::FindStep(name) == nullptr) {
      const bool hidden = complain.from_elsewhere("steps");
      complain.Error("steps",
                     hidden ? "names an unknown step" : fmt::format("there is no step '{}'", name),
                     fmt::format("some of: {}", fmt::join(known, ", ")),
                     hidden ? "" : Nearest(name, known).value_or(""));
      return;
    }
  }
}

void CheckIdPolicy(const Source& source, const Complaints& complain) {
  if (source.id_policy == IdPolicy::kPattern && source.id_pattern.empty()) {
    complain.Error("id_pattern", "missing, but id_policy is pattern",
                   "a regular expression with one group");
  } else if (source.id_policy != IdPolicy::kPattern && !source.id_pattern.empty()) {
    complain.Warn("id_pattern", "has no effect unless id_policy is pattern");
  }
}

}  // namespace

bool CarriesContact(const std::string& user_agent) {
  return user_agent.find('@') != std::string::npos ||
         user_agent.find("mailto:") != std::string::npos ||
         user_agent.find("http://") != std::string::npos ||
         user_agent.find("https://") != std::string::npos;
}

bool IsLoopback(const std::string& url) {
  const auto parsed = Url::Parse(url);
  if (!parsed) {
    return false;
  }
  const std::string_view host = parsed->host();
  if (host == "localhost" || host.ends_with(".localhost")) {
    return true;
  }
  const auto address = transports::ParseIpAddress(host);
  if (!address) {
    return false;
  }
  constexpr transports::IpAddress kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr transports::IpAddress kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0};
  return *address == kLoopback6 ||
         std::equal(kMapped.begin(), kMapped.begin() + 13, address->begin());
}

void CheckConfig(const Context& context, const Config& config, const Places& places,
                 const YamlNode& mapping) {
  const std::string no_prefix;
  const Complaints complain(context, places, mapping, no_prefix);
  CheckUserAgent(config, complain);
  CheckNetworks(config, complain);
  if (config.data_dir.empty()) {
    complain.Error("data_dir", "is empty", "a path");
  }
  if (config.output == publish::OutputKind::kKafka && config.kafka.brokers.empty()) {
    complain.Error("kafka.brokers",
                   complain.given("kafka.brokers") ? "is empty" : "missing, but output is kafka",
                   "host:port, or several separated by commas");
  }
  if (const auto topic = publish::CheckTopicPattern(config.kafka.topic); !topic) {
    complain.Error("kafka.topic",
                   complain.from_elsewhere("kafka.topic")
                       ? "is no topic pattern"
                       : WithoutKey(topic.error().message, "kafka.topic"),
                   "a prefix and {category}, such as news.{category}");
  }
  if (!IsInstanceName(config.archive.instance)) {
    complain.Error(
        "archive.instance",
        fmt::format("'{}' cannot be part of a file name", complain.shown("archive.instance")),
        "letters, digits and _, at most 64");
  }
  if (const auto size = config.archive.retention.size;
      size && *size / 2 < config.archive.segment_size) {
    complain.Error(
        "archive.retention.size",
        fmt::format("'{}' is less than two segments", complain.shown("archive.retention.size")),
        fmt::format("at least twice archive.segment_size, {}",
                    FormatSize(2 * config.archive.segment_size)));
  }
  if (config.sources.empty() && context.diagnostics.errors() == 0) {
    complain.Warn("sources", "none: nothing will be fetched");
  }
}

void CheckSource(const Context& context, Source& source, const Places& places,
                 const YamlNode& mapping, const std::string& prefix) {
  const size_t before = context.diagnostics.errors();
  const Complaints complain(context, places, mapping, prefix);
  for (const char* key : {"id", "kind", "url"}) {
    if (!complain.given(key)) {
      complain.Error(key, "missing",
                     std::string_view(key) == "kind"
                         ? fmt::format("one of: {}", fmt::join(BuiltKinds(), ", "))
                         : "");
    }
  }
  if (complain.given("id") && !IsSourceId(source.id)) {
    complain.Error("id", fmt::format("'{}' is no id", complain.shown("id")),
                   "at most 64 of a-z, 0-9, _ and -, beginning with a letter or digit");
  }
  const bool kind_known =
      std::ranges::find(BuiltKinds(), complain.place("kind").scalar) != BuiltKinds().end();
  if (kind_known) {
    CheckBody(source, complain);
    if (source.kind != SourceKind::kJekyll) {
      for (const char* key : {"feed", "sitemap"}) {
        if (complain.given(key)) {
          complain.Error(key, fmt::format("belongs to kind jekyll, not to {}", Name(source.kind)),
                         "");
        }
      }
    }
  }
  if (kind_known && complain.given("url")) {
    if (source.kind == SourceKind::kFolder) {
      CheckFolder(source, context, complain);
    } else {
      CheckUrl("url", source.url, complain);
    }
  }
  if (!source.feed.empty()) {
    CheckUrl("feed", source.feed, complain);
  }
  if (!source.sitemap.empty()) {
    CheckUrl("sitemap", source.sitemap, complain);
  }
  if (!text::IsKnownZone(source.timezone)) {
    complain.Error("timezone", fmt::format("there is no zone '{}'", complain.shown("timezone")),
                   "an IANA name such as Asia/Shanghai");
  }
  if (!source.language.empty() && text::CanonicalLanguage(source.language).empty()) {
    complain.Error("language", fmt::format("'{}' is no language tag", complain.shown("language")),
                   "a BCP 47 tag such as zh or pt-BR");
  }
  if (source.robots == RobotsPolicy::kIgnore) {
    complain.Warn("robots", "robots.txt is ignored: be sure that the site agrees");
  }
  CheckSteps(source, complain);
  CheckIdPolicy(source, complain);
  // What only the pipeline can tell (patterns): asked when nothing else is wrong with this source.
  if (const auto pipeline = Pipeline::Create(source);
      !pipeline && context.diagnostics.errors() == before) {
    const std::string key = source.id_pattern.empty() ? "steps" : "id_pattern";
    complain.Error(
        key,
        complain.from_elsewhere(key) ? "cannot be used" : WithoutKey(pipeline.error().message, key),
        key == "id_pattern" ? "a regular expression with one group" : "");
  }
}

}  // namespace newswire::config
