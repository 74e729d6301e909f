// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "daemon/archive/archive.h"
#include "transforms/model/capture.h"
#include "transforms/model/source.h"

namespace newswire::relay {

// What a daemon would have archived of two sources over some weeks, from a seed: `pages`, whose
// posts are found by feed and by sitemap and read from their pages, and `feeds`, whose posts are in
// the feed itself and sometimes seen as pages too. Posts are published, revised, reverted, checked
// again, removed and published again; some are older than the first contact's cut-off, some bodies
// are cut, some answer once with the challenge page of their host. The same seed gives the same.
class GeneratedNews {
 public:
  explicit GeneratedNews(uint32_t seed) : random_(seed) {}

  // The next `count` captures in the order of the archive.
  std::vector<Capture> Next(size_t count);
  // What a re-check of every page that is there shows now; nothing has changed.
  std::vector<Capture> Rechecks();
  // One post's page with another text, or another title.
  Capture Edit(bool title);

  // Configurations 1, 2 and 3: each gives other values for the same bytes (zone, categories,
  // language).
  static std::vector<Source> Sources(int version);
  static archive::WarcInfo Info(int version);
  static constexpr uint32_t kMaxTopics = 4;  // of some twelve categories

 private:
  struct Post {
    std::string link, category, title, date;
    std::vector<std::string> texts;  // all it ever had; the last is the present one
    bool removed = false;
    bool in_feed = false;  // found by the feed: with an entry
  };
  uint32_t Pick(uint32_t n) { return random_() % n; }
  std::string Sentences();
  Post& AnyPage();
  Capture Start(const std::string& source);
  Capture Page(const Post& post);
  Capture NewPage();
  Capture ChangedPage();
  Capture Removal();
  Capture Challenge();
  Capture Revisit();
  Capture Feed();

  std::mt19937 random_;
  uint32_t number_ = 0;
  std::vector<Post> pages_, entries_;
};

}  // namespace newswire::relay
