// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/archive/archive.h"
#include "daemon/publish/output.h"
#include "fetchers/transports/http_engine.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::config {

// The whole configuration, defaults filled in. A plain value; secrets (kafka.properties) are in it,
// `EffectiveJson` leaves them out.
struct Config {
  std::filesystem::path data_dir = "/var/lib/newswired";
  publish::OutputKind output = publish::OutputKind::kKafka;
  std::string log_level = "info";
  struct Http {
    transports::HttpOptions engine;
    std::chrono::milliseconds delay{1000};  // per registrable domain, unless a source sets its own
    uint64_t max_post_bytes = uint64_t{5} << 20;
    uint64_t max_feed_bytes = uint64_t{15} << 20;
    uint64_t max_sitemap_bytes = uint64_t{50} << 20;
  } http;
  publish::KafkaOptions kafka;
  archive::ArchiveOptions archive;  // `dir` is data_dir/archive unless the file says otherwise
  bool archive_discovery = true;
  int transform_threads = 0;  // 0: the number of cores
  std::vector<Source> sources;

  // Not refused, but worth a log line each: "file:line:column: key: ...".
  std::vector<std::string> warnings;
  // How values that came from the environment or from a file stand in the configuration, by key
  // ("kafka.properties.sasl.password" -> "${PASSWORD}"; default values cut out). `EffectiveJson`
  // writes these instead of the values.
  std::map<std::string, std::string> references;
};

// Reads a YAML file, with `${ENV}` and `file:` references, and the files and folders that
// `sources:` names. kConfig says file, line, column, key, what was expected and the nearest valid
// key. All errors of a file are reported, one a line.
Result<Config> Load(const std::filesystem::path& file);
// The same from text; `name` is what messages call it, and its folder what relative paths start at.
Result<Config> Parse(const std::string& yaml, const std::filesystem::path& name);

// The effective configuration without secrets: what a warcinfo record holds. One JSON object, keys
// as in the file and in the order of the reference, the sources last; the same bytes for the same
// configuration. Values of keys that came from the environment or a file stand as references;
// the exception is what shapes a source's events (time zone, id policy, steps, tables...), which a
// rebuild must know. Literal secrets (by the property's name) are left out.
std::string EffectiveJson(const Config& config);
// The sources of such a JSON.
Result<std::vector<Source>> SourcesFromEffectiveJson(std::string_view json);

}  // namespace newswire::config
