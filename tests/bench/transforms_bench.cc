// SPDX-License-Identifier: Apache-2.0
// All transforms on one thread, a page's bytes to its event's bytes, against libxml2 that does
// nothing but build and free the tree of the same page.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <libxml/HTMLparser.h>

#include "tests/bench/pages.h"
#include "transforms/model/event.h"
#include "transforms/pipeline.h"

namespace newswire::bench {
namespace {

constexpr size_t kMaxEventBytes = 900'000;

const std::vector<Page>& Pages() {
  static const std::vector<Page> pages = ReadPages();
  return pages;
}

std::vector<Capture> Captures() {
  std::vector<Capture> captures;
  for (const Page& page : Pages()) {
    Capture capture;
    capture.url = "https://news.example/" + page.name;
    capture.http_status = 200;
    capture.headers = {{"Content-Type", "text/html"}};
    capture.body = page.bytes;
    capture.metadata.source = "bench";
    capture.metadata.link = capture.url;
    captures.push_back(std::move(capture));
  }
  return captures;
}

void Rate(benchmark::State& state, size_t posts) {
  int64_t bytes = 0;
  for (const Page& page : Pages()) {
    bytes += static_cast<int64_t>(page.bytes.size());
  }
  const int64_t rounds = state.iterations();
  state.SetBytesProcessed(rounds * bytes);
  state.SetItemsProcessed(rounds * static_cast<int64_t>(Pages().size()));
  state.SetLabel(fmt::format("{} pages, {} posts", Pages().size(), posts));
}

void PagesToEvents(benchmark::State& state) {
  const std::vector<Capture> captures = Captures();
  const auto pipeline = Pipeline::Create(Source{.id = "bench", .url = "https://news.example/"});
  if (!pipeline) {
    state.SkipWithError(pipeline.error().message.c_str());
    return;
  }
  size_t posts = 0;
  for (auto _ : state) {
    posts = 0;
    for (const Capture& capture : captures) {
      const Transformed transformed = pipeline->Run(capture);
      for (const Post& post : transformed.posts) {
        Event event = MakeEvent(post, {}, post.category.slug, kMaxEventBytes);
        benchmark::DoNotOptimize(event);
        ++posts;
      }
    }
  }
  if (posts * 2 < captures.size()) {
    state.SkipWithError("fewer than half of the pages gave a post");
    return;
  }
  Rate(state, posts);
}

void PagesToTrees(benchmark::State& state) {
  for (auto _ : state) {
    for (const Page& page : Pages()) {
      htmlDocPtr document = htmlReadMemory(
          page.bytes.data(), static_cast<int>(page.bytes.size()), nullptr, nullptr,
          HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
      benchmark::DoNotOptimize(document);
      xmlFreeDoc(document);
    }
  }
  Rate(state, 0);
}

BENCHMARK(PagesToEvents)->Unit(benchmark::kMillisecond);
BENCHMARK(PagesToTrees)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace newswire::bench
