// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/cdxj.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "daemon/archive/line_sorter.h"
#include "daemon/archive/surt.h"
#include "daemon/archive/tools.h"
#include "fetchers/clock.h"
#include "tests/daemon/archive/archive_fixture.h"
#include "tests/daemon/archive/run_tool.h"
#include "transforms/text/hash.h"

namespace newswire::archive {
namespace {

struct SurtCase {
  std::string_view url, key;
};

// The first ones are those of the `surt` library's own documentation and tests.
TEST(Surt, IsThatOfPywb) {
  const SurtCase cases[] = {
      {"http://archive.org/goo/?a=2&b&a=1", "org,archive)/goo?a=1&a=2&b"},
      {"http://www.archive.org:80/goo", "org,archive)/goo"},
      {"https://www17.archive.org:443/", "org,archive)/"},
      {"http://www.archive.org:8080/goo/?a=2&b&a=1", "org,archive:8080)/goo?a=1&a=2&b"},
      {"http://Example.com/A/B.HTML#frag", "com,example)/a/b.html"},
      {"http://203.0.113.7/x", "203.0.113.7)/x"},
      {"http://www.com/", "com)/"},
      {"https://news.example/a//", "example,news)/a/"},
      {"urn:uuid:ABC", "urn:uuid:abc"},
      {"file:///srv/posts/A b.md", "file:///srv/posts/a+b.md"},
  };
  for (const SurtCase& one : cases) {
    EXPECT_EQ(SurtKey(one.url), one.key) << one.url;
  }
}

TEST(LineSorter, SortsMoreThanItHoldsAndDropsRepetitions) {
  TemporaryFolder folder;
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  LineSorter sorter(folder.path(), 600);  // some ten lines: hundreds of runs
  std::vector<std::string> wanted;
  for (int i = 0; i < 3000; ++i) {
    std::string line = fmt::format("{:05} {}\n", random() % 2500, std::string(random() % 20, 'x'));
    wanted.push_back(line);
    ASSERT_TRUE(sorter.Add(std::move(line)));
  }
  std::ranges::sort(wanted);
  wanted.erase(std::ranges::unique(wanted).begin(), wanted.end());
  std::vector<std::string> got;
  ASSERT_TRUE(sorter.Finish([&](const std::string& line) {
    got.push_back(line);
    return true;
  }));
  EXPECT_EQ(got, wanted);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Index, HoldsEveryCaptureWithWhereItLies) {
  TemporaryFolder folder;
  std::vector<ArchiveAddress> addresses;
  {
    auto archive = Archive::Open(MakeOptions(folder.path()), MakeInfo(), SystemClock());
    ASSERT_TRUE(archive);
    for (int n = 1; n >= 0; --n) {
      addresses.insert(addresses.begin(), *AppendAndWait(**archive, MakeCapture(n)));
    }
  }
  const std::filesystem::path segment = folder.path() / addresses[0].segment;
  std::string index;
  const auto run = [&] {
    index.clear();
    return RunTool([&](auto&, auto& err) {
      return IndexFiles(
          {segment}, {}, folder.path(), kIndexMemory, {},
          [&](const std::string& line) {
            index += line;
            return Status();
          },
          err);
    });
  };
  EXPECT_EQ(run().status, 0);
  // The length is that of the response's own member: the next one begins where it ends.
  const std::string bytes = ReadAll(segment);
  const auto length = [&](const ArchiveAddress& address) {
    return bytes.find("\x1f\x8b\x08", address.offset + 1) - address.offset;
  };
  std::string wanted;
  for (int n = 0; n < 2; ++n) {
    wanted += fmt::format(
        R"(example,news)/post/{}.html 2022041505200{} {{"url":"https://news.example/post/{}.html",)"
        R"("mime":"text/html","status":"200","digest":"{}","length":"{}","offset":"{}",)"
        R"("filename":"newswire-main-00000001.warc.gz"}})"
        "\n",
        n, n, n, text::Base32(text::Sha1(MakeCapture(n).body)), length(addresses[n]),
        addresses[n].offset);
  }
  EXPECT_EQ(index, wanted);

  WriteAll(segment, bytes.substr(0, addresses[0].offset + 50));
  const Answer torn = run();
  EXPECT_EQ(torn.status, kFoundDamage);
  EXPECT_TRUE(index.find("post/1") != std::string::npos &&
              index.find("post/0") == std::string::npos)
      << index;
  EXPECT_NE(torn.err.find(fmt::format("at offset {}\n", addresses[0].offset)), std::string::npos)
      << torn.err;
}

}  // namespace
}  // namespace newswire::archive
