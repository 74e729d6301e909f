// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace newswire::bench {

// Text of made-up words whose frequencies fall as those of a language do (Zipf), so that it is
// compressed about as well as news is and no piece repeats another. The same seed gives the same
// text. One thread.
class VariedText {
 public:
  explicit VariedText(uint64_t seed);

  std::string Word();
  // Sentences, at least `bytes` long and at most a sentence longer. ASCII.
  std::string Prose(size_t bytes);
  // An article page of about `bytes` with a head, a navigation, a dated headline and paragraphs.
  std::string Page(size_t bytes, const std::string& title);

 private:
  std::mt19937_64 random_;
  std::vector<std::string> words_;
  std::vector<double> cumulative_;  // of the words' frequencies
};

}  // namespace newswire::bench
