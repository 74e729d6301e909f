// SPDX-License-Identifier: Apache-2.0
// What compressors cost for pages that are each compressed alone, as the archive does: the label
// gives the compressed size.
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "tests/bench/compressors.h"
#include "tests/bench/pages.h"

namespace newswire::bench {
namespace {

void CompressPages(benchmark::State& state, const std::string& name) {
  static const std::vector<Page> pages = ReadPages();
  const Compress compress = MakeCompressor(name);
  size_t plain = 0;
  size_t compressed = 0;
  for (auto _ : state) {
    plain = compressed = 0;
    for (const Page& page : pages) {
      plain += page.bytes.size();
      compressed += compress(page.bytes);
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(plain));
  state.SetLabel(fmt::format("{:.1f} %",
                             100.0 * static_cast<double>(compressed) / static_cast<double>(plain)));
}

BENCHMARK_CAPTURE(CompressPages, zlib_6, "zlib-6");
BENCHMARK_CAPTURE(CompressPages, libdeflate_6, "libdeflate-6");
BENCHMARK_CAPTURE(CompressPages, libdeflate_1, "libdeflate-1");
BENCHMARK_CAPTURE(CompressPages, zstd_1, "zstd-1");

}  // namespace
}  // namespace newswire::bench
