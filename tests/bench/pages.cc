// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/pages.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include <fmt/core.h>

#include "transforms/text/content_encoding.h"

namespace newswire::bench {
namespace {

constexpr size_t kMaxPage = size_t{64} << 20;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (path.extension() == ".gz") {
    auto plain = text::DecodeContent(bytes, "gzip", {.max_bytes = kMaxPage, .max_ratio = 1000});
    if (!plain) {
      fmt::print(stderr, "{}: {}\n", path.native(), plain.error().message);
      std::exit(1);
    }
    return std::move(*plain);
  }
  return bytes;
}

}  // namespace

std::vector<Page> ReadPages() {
  const char* const named = std::getenv("NEWSWIRE_BENCH_PAGES");
  const std::filesystem::path folder = named != nullptr
                                           ? std::filesystem::path(named)
                                           : std::filesystem::path(NEWSWIRE_TEST_CORPUS) / "pages";
  std::vector<Page> pages;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".html") || name.ends_with(".html.gz")) {
      pages.push_back({name, ReadFile(entry.path())});
    }
  }
  if (pages.empty()) {
    fmt::print(stderr, "no *.html or *.html.gz in {}\n", folder.native());
    std::exit(1);
  }
  std::ranges::sort(pages, {}, &Page::name);
  return pages;
}

}  // namespace newswire::bench
