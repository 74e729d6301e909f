// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "daemon/config/config.h"
#include "daemon/config/keys.h"
#include "transforms/text/json.h"

namespace newswire::config {
namespace {

using std::chrono::milliseconds;

class Writer {
 public:
  Writer(const std::map<std::string, std::string>& references, std::string& out)
      : references_(references), json_(out) {}

  text::JsonWriter& json() { return json_; }

  void Write(const std::string& name, const Value& value) {
    if (const auto reference = references_.find(name); reference != references_.end()) {
      json_.String(reference->second);
      return;
    }
    std::visit([&](const auto& held) { WriteHeld(name, held); }, value);
  }

 private:
  void WriteHeld(const std::string&, std::monostate) { json_.Null(); }
  void WriteHeld(const std::string&, bool flag) { json_.Bool(flag); }
  void WriteHeld(const std::string&, int64_t number) { json_.Int(number); }
  void WriteHeld(const std::string& name, const std::string& text) {
    json_.String(name == "http.proxy" ? WithoutUser(text) : text);
  }
  void WriteHeld(const std::string&, milliseconds duration) {
    json_.String(FormatDuration(duration));
  }
  void WriteHeld(const std::string&, Bytes bytes) { json_.String(FormatSize(bytes.count)); }
  template <typename Item>
  void WriteHeld(const std::string& name, const std::vector<Item>& list) {
    json_.BeginArray();
    for (size_t i = 0; i < list.size(); ++i) {
      Write(fmt::format("{}[{}]", name, i), list[i]);
    }
    json_.EndArray();
  }
  void WriteHeld(const std::string& name, const TextPairs& pairs) {
    json_.BeginObject();
    for (const auto& [key, text] : pairs) {
      const std::string full = fmt::format("{}.{}", name, key);
      if (IsSecretProperty(key) && !references_.contains(full)) {
        continue;  // a literal secret
      }
      json_.Key(key);
      Write(full, text);
    }
    json_.EndObject();
  }

  static std::string WithoutUser(const std::string& url) {
    const size_t at = url.rfind('@');
    if (at == std::string::npos) {
      return url;
    }
    const size_t scheme = url.find("://");
    return (scheme == std::string::npos ? "" : url.substr(0, scheme + 3)) + url.substr(at + 1);
  }

  const std::map<std::string, std::string>& references_;
  text::JsonWriter json_;
};

void WriteSource(const Config& config, Source source, text::JsonWriter& json) {
  const auto as_written = [&](const char* key, std::string& value) {
    const auto found = config.references.find(fmt::format("sources.{}.{}", source.id, key));
    if (found != config.references.end()) {
      value = found->second;
    }
  };
  as_written("url", source.url);
  as_written("feed", source.feed);
  as_written("sitemap", source.sitemap);
  json.Raw(SourceToJson(source));
}

}  // namespace

std::string EffectiveJson(const Config& config) {
  std::string out;
  Writer writer(config.references, out);
  text::JsonWriter& json = writer.json();
  json.BeginObject();
  std::vector<std::string_view> groups;
  const auto go_to = [&](std::vector<std::string_view> wanted) {
    const GroupChange change = ChangeOf(groups, wanted);
    for (size_t i = 0; i < change.ended; ++i) {
      json.EndObject();
    }
    for (const std::string_view group : change.begun) {
      json.Key(LastOf(group)).BeginObject();
    }
    groups = std::move(wanted);
  };
  for (const Key<Config>& key : ConfigKeys()) {
    go_to(GroupsOf(key.name));
    json.Key(LastOf(key.name));
    writer.Write(std::string(key.name), key.get(config));
  }
  go_to({});
  json.Key("sources").BeginArray();
  for (const Source& source : config.sources) {
    WriteSource(config, source, json);
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<std::vector<Source>> SourcesFromEffectiveJson(std::string_view json) {
  const auto document = text::JsonDocument::Parse(json);
  if (!document) {
    return WithContext(document.error(), "effective configuration");
  }
  const text::JsonValue list = document->root()["sources"];
  if (!list.is_array()) {
    return Fail(ErrorKind::kMalformed, "effective configuration: sources is not a list");
  }
  std::vector<Source> sources;
  for (size_t i = 0; i < list.size(); ++i) {
    auto source = SourceFromJson(list.at(i).Dump());
    if (!source) {
      return WithContext(source.error(), fmt::format("effective configuration: sources[{}]", i));
    }
    sources.push_back(*std::move(source));
  }
  return sources;
}

}  // namespace newswire::config
