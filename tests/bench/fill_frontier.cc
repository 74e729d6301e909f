// SPDX-License-Identifier: Apache-2.0
// bench_fill_frontier CONFIG LINKS: makes the frontier of CONFIG know LINKS links, spread over its
// sources, fetched and not due for a year; no source is due either.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/core.h>

#include "daemon/config/config.h"
#include "daemon/frontier/frontier.h"
#include "fetchers/clock.h"

namespace newswire::bench {
namespace {

constexpr std::chrono::hours kYear{365 * 24};

[[noreturn]] void Die(const std::string& reason) {
  fmt::print(stderr, "bench_fill_frontier: {}\n", reason);
  std::exit(1);
}

void Check(const Status& status) {
  if (!status) {
    Die(status.error().message);
  }
}

int Run(const char* config_file, size_t links) {
  auto config = config::Load(config_file);
  if (!config) {
    Die(config.error().message);
  }
  if (config->sources.empty()) {
    Die("the configuration has no source");
  }
  std::filesystem::create_directories(config->data_dir / "state");
  auto frontier = frontier::Frontier::Open(config->data_dir / "state" / "frontier.db");
  if (!frontier) {
    Die(frontier.error().message);
  }
  const UtcMillis now = SystemClock().Wall();
  for (const Source& source : config->sources) {
    frontier::SourceRow row{.id = source.id, .contacted = true};
    row.next_poll = now + kYear;
    Check((*frontier)->StoreSource(row));
  }
  for (size_t i = 0; i < links; ++i) {
    const Source& source = config->sources[i % config->sources.size()];
    frontier::LinkRow link{.source = source.id,
                           .url = fmt::format("{}2024/01/02/{:08}.html", source.url, i),
                           .state = frontier::LinkState::kFetched};
    link.entry = {.id = link.url,
                  .title = fmt::format("The title of post number {}", i),
                  .published = "2024-01-02T03:04:05Z"};
    link.entry_digest = frontier::EntryDigest(link.entry);
    link.payload_digest = "sha1:P6MMVKEK7ZSAJD7W2ZSNMMBLA4QT7IAK";
    link.record_id = "urn:uuid:66d6f6dc-0000-4000-8000-000000000000";
    link.etag = "\"66d6f6dc\"";
    link.first_fetched = link.last_fetched = now;
    link.due = now + kYear;
    Check((*frontier)->StoreLink(link));
  }
  Check((*frontier)->Commit());
  return 0;
}

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: bench_fill_frontier CONFIG LINKS\n");
    return 2;
  }
  return newswire::bench::Run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
