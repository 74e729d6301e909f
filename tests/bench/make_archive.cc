// SPDX-License-Identifier: Apache-2.0
// bench_make_archive CONFIG COUNT KIND: fills the archive of CONFIG, whose first source they belong
// to, with COUNT captures of posts. KIND: pages (real ones, see pages.h, over and over), or a
// number of bytes for made-up ones. Leaves the output to begin at the archive's beginning.
#include <algorithm>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "daemon/archive/archive.h"
#include "daemon/config/config.h"
#include "daemon/logging.h"
#include "tests/bench/pages.h"
#include "tests/bench/varied_text.h"
#include "transforms/text/language.h"

namespace newswire::bench {
namespace {

constexpr int64_t kFirstMillis = 1'700'000'000'000;

[[noreturn]] void Die(const std::string& reason) {
  fmt::print(stderr, "bench_make_archive: {}\n", reason);
  std::exit(1);
}

class Bodies {
 public:
  explicit Bodies(const std::string& kind) {
    if (kind == "pages") {
      pages_ = ReadPages();
    } else {
      bytes_ = std::strtoull(kind.c_str(), nullptr, 10);
    }
  }

  std::string Next(size_t number) {
    return pages_.empty() ? text_.Page(bytes_, fmt::format("Post number {}", number))
                          : pages_[number % pages_.size()].bytes;
  }

 private:
  std::vector<Page> pages_;
  size_t bytes_ = 0;
  VariedText text_{5};
};

int Run(const char* config_file, size_t count, const std::string& kind) {
  auto config = config::Load(config_file);
  if (!config) {
    Die(config.error().message);
  }
  if (config->sources.empty()) {
    Die("the configuration has no source");
  }
  auto archive = archive::Archive::Open(config->archive,
                                        {.software = "bench",
                                         .libraries = text::LibraryVersions(),
                                         .config_json = config::EffectiveJson(*config),
                                         .sources = config->sources},
                                        SystemClock());
  if (!archive) {
    Die(archive.error().message);
  }
  Bodies bodies(kind);
  std::promise<void> last;
  for (size_t i = 0; i < count; ++i) {
    Capture capture;
    capture.url = fmt::format("https://news.example/{}/{}.html", i % 20, i);
    capture.fetched_at =
        UtcMillis(std::chrono::milliseconds(kFirstMillis + static_cast<int64_t>(i)));
    capture.http_status = 200;
    capture.protocol = "HTTP/1.1";
    capture.headers = {{"Content-Type", "text/html"}, {"Server", "bench"}};
    capture.body = bodies.Next(i);
    capture.metadata.source = config->sources.front().id;
    capture.metadata.link = capture.url;
    capture.metadata.exchange = {.remote_address = "203.0.113.7:443",
                                 .duration = std::chrono::milliseconds(12)};
    (*archive)->Append(std::move(capture), [&last, ends = i + 1 == count](const auto& stored) {
      if (!stored) {
        Die(stored.error().message);
      }
      if (ends) {
        last.set_value();
      }
    });
  }
  last.get_future().wait();
  return 0;
}

}  // namespace
}  // namespace newswire::bench

int main(int argc, char** argv) {
  newswire::SetUpLogging("error");
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_make_archive CONFIG COUNT pages|BYTES\n");
    return 2;
  }
  return newswire::bench::Run(argv[1], std::strtoull(argv[2], nullptr, 10), argv[3]);
}
