// SPDX-License-Identifier: Apache-2.0
#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "transforms/formats/feed.h"
#include "transforms/text/html_tree.h"

namespace newswire::text {
namespace {

// What goes wrong without InitLibxml2 is seen when the process ends: a table is freed twice.
TEST(Libxml2, ManyThreadsMayBeginAtOnce) {
  constexpr int kThreads = 8;
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&start, i] {
      start.arrive_and_wait();
      if (i % 2 == 0) {
        EXPECT_GT(HtmlTree::Parse("<p>one</p>").size(), 0U);
      } else {
        EXPECT_TRUE(formats::ParseFeed("<rss version=\"2.0\"><channel><item/></channel></rss>",
                                       "application/rss+xml", "https://news.example/feed.xml"));
      }
    });
  }
}

}  // namespace
}  // namespace newswire::text
