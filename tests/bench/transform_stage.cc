// SPDX-License-Identifier: Apache-2.0
// bench_transform_stage CONFIG: the captures of CONFIG's archive, read into memory first, through
// the transforms alone on the configured number of threads. Prints one line of JSON.
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include "daemon/archive/reader.h"
#include "daemon/config/config.h"
#include "daemon/relay/transformer.h"

namespace newswire::bench {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

[[noreturn]] void Die(const Error& error) {
  fmt::print(stderr, "bench_transform_stage: {}\n", error.message);
  std::exit(1);
}

int Run(const char* config_file) {
  auto config = config::Load(config_file);
  if (!config) {
    Die(config.error());
  }
  auto reader = archive::Reader::OpenArchive(config->archive.dir, Position(), {});
  if (!reader) {
    Die(reader.error());
  }
  std::vector<archive::Item> items;
  while (true) {
    auto item = (*reader)->Next();
    if (!item) {
      Die(item.error());
    }
    if (!*item) {
      break;
    }
    items.push_back(std::move(**item));
  }
  size_t next = 0;
  relay::Transformer transformer(
      [&]() -> Result<std::optional<archive::Item>> {
        if (next == items.size()) {
          return std::nullopt;
        }
        return std::move(items[next++]);
      },
      {.threads = config->transform_threads, .todays_sources = config->sources});
  size_t captures = 0;
  size_t posts = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    auto taken = transformer.Take(kPatience);
    if (!taken) {
      Die(taken.error());
    }
    if (taken->outcome == relay::Transformer::Outcome::kEnd) {
      break;
    }
    if (taken->outcome == relay::Transformer::Outcome::kCapture) {
      ++captures;
      posts += taken->capture.posts.size();
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"rate\": {:.1f}, \"seconds\": {:.3f}, \"captures\": {}, \"posts\": {}}}\n",
             static_cast<double>(captures) / seconds, seconds, captures, posts);
  return 0;
}

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_transform_stage CONFIG\n");
    return 2;
  }
  return newswire::bench::Run(argv[1]);
}
