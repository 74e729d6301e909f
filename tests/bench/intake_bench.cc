// SPDX-License-Identifier: Apache-2.0
// bench_intake URL COUNT LEVEL DIR [progress]: the intake half (frontier, politeness with delay 0,
// fetch, durable archive) over URL/0 … URL/COUNT-1, known as due links of kSources sources.
// Measures from the start of its loop until the last capture is durable and recorded. Prints one
// line of JSON; with `progress` the number of captures so far on standard error, again and again.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "daemon/archive/archive.h"
#include "daemon/frontier/frontier.h"
#include "daemon/intake/intake.h"
#include "daemon/logging.h"
#include "fetchers/clock.h"
#include "fetchers/transports/http_engine.h"

namespace newswire::bench {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr int kSources = 8;
constexpr milliseconds kPause{2};  // between two looks at the counters
constexpr milliseconds kProgressPause{100};
constexpr int kParallel = 64;  // to the one host, as the bare loop

[[noreturn]] void Die(const Error& error) {
  fmt::print(stderr, "bench_intake: {}\n", error.message);
  std::exit(1);
}

std::vector<Source> MakeSources(const std::string& url) {
  std::vector<Source> sources;
  for (int i = 0; i < kSources; ++i) {
    sources.push_back({.id = fmt::format("bench-{}", i),
                       .kind = SourceKind::kFeed,
                       .url = url + "feed.xml",
                       .delay = milliseconds(0),
                       .parallel = kParallel,
                       .robots = RobotsPolicy::kIgnore});
  }
  return sources;
}

void Fill(frontier::Frontier& frontier, const std::vector<Source>& sources, const std::string& url,
          size_t count) {
  const UtcMillis now = SystemClock().Wall();
  for (const Source& source : sources) {
    frontier::SourceRow row{.id = source.id, .contacted = true};
    row.next_poll = now + hours(24);
    if (auto stored = frontier.StoreSource(row); !stored) {
      Die(stored.error());
    }
  }
  for (size_t i = 0; i < count; ++i) {
    frontier::LinkRow link{.source = sources[i % sources.size()].id,
                           .url = fmt::format("{}{}", url, i)};
    link.entry = {
        .id = link.url, .title = fmt::format("Page {}", i), .published = "2024-01-02T03:04:05Z"};
    link.due = now;
    if (auto stored = frontier.StoreLink(link); !stored) {
      Die(stored.error());
    }
  }
  if (auto committed = frontier.Commit(); !committed) {
    Die(committed.error());
  }
}

int Run(const std::string& url, size_t count, int level, const std::filesystem::path& dir,
        bool progress) {
  const Clock& clock = SystemClock();
  const std::vector<Source> sources = MakeSources(url);
  auto archive = archive::Archive::Open(
      {.dir = dir / "archive", .compression_level = level},
      {.software = "bench", .libraries = {}, .config_json = "{\"sources\":[]}", .sources = sources},
      clock);
  if (!archive) {
    Die(archive.error());
  }
  std::filesystem::create_directories(dir / "state");
  auto frontier = frontier::Frontier::Open(dir / "state" / "frontier.db");
  if (!frontier) {
    Die(frontier.error());
  }
  Fill(**frontier, sources, url, count);
  auto engine = transports::HttpEngine::Create(
      {.user_agent = "bench/1.0 (+mailto:bench@example.org)", .allow_networks = {"127.0.0.0/8"}},
      clock);
  if (!engine) {
    Die(engine.error());
  }
  intake::Intake intake({}, sources, "bench/1.0", **archive, **frontier, **engine, clock);
  const auto begin = std::chrono::steady_clock::now();
  std::jthread loop([&](std::stop_token stop) {
    const auto end = intake.Run(std::move(stop));
    if (!end && end.error().kind != ErrorKind::kCancelled) {
      Die(end.error());
    }
  });
  while (intake.counters().posts_archived + intake.counters().posts_failed < count) {
    std::this_thread::sleep_for(progress ? kProgressPause : kPause);
    if (progress) {
      fmt::print(stderr, "{}\n", intake.counters().posts_archived.load());
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  loop.request_stop();
  (*engine)->Wakeup();
  loop.join();
  if (intake.counters().posts_failed > 0) {
    fmt::print(stderr, "bench_intake: {} fetches failed\n", intake.counters().posts_failed.load());
    return 1;
  }
  fmt::print("{{\"rate\": {:.0f}, \"archive_bytes\": {}}}\n", static_cast<double>(count) / seconds,
             (*archive)->durable_end().offset());
  return 0;
}

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  const bool progress = argc == 6 && std::string_view(argv[5]) == "progress";
  if (argc != 5 && !progress) {
    fmt::print(stderr, "usage: bench_intake URL COUNT LEVEL DIR [progress]\n");
    return 2;
  }
  newswire::SetUpLogging("error");
  return newswire::bench::Run(argv[1], std::strtoull(argv[2], nullptr, 10), std::atoi(argv[3]),
                              argv[4], progress);
}
