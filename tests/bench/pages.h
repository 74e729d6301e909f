// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace newswire::bench {

struct Page {
  std::string name;   // of its file
  std::string bytes;  // not compressed
};

// Every *.html and *.html.gz of the folder that the environment variable NEWSWIRE_BENCH_PAGES
// names, by name; without it, the pages of tests/corpus/pages. Ends the process, with the reason,
// when there are none.
std::vector<Page> ReadPages();

}  // namespace newswire::bench
