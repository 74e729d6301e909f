// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/varied_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

namespace newswire::bench {
namespace {

constexpr size_t kWords = 20'000;
constexpr size_t kSentence = 14;   // words
constexpr size_t kParagraph = 60;  // words
constexpr std::array<std::string_view, 24> kSyllables{
    "ba",  "con", "de",  "er", "for", "ga",  "in", "ka", "lo",  "men", "na", "or",
    "per", "ra",  "sta", "ti", "un",  "ver", "wa", "ex", "shi", "tu",  "al", "es"};

}  // namespace

VariedText::VariedText(uint64_t seed) : random_(seed) {
  std::mt19937_64 vocabulary(1);  // one language, whatever the seed
  double sum = 0;
  for (size_t i = 0; i < kWords; ++i) {
    std::string word;
    const size_t syllables = 1 + vocabulary() % 3 + (i > 200 ? 1 : 0);
    for (size_t k = 0; k < syllables; ++k) {
      word += kSyllables[vocabulary() % kSyllables.size()];
    }
    words_.push_back(std::move(word));
    sum += 1.0 / static_cast<double>(i + 2);
    cumulative_.push_back(sum);
  }
}

std::string VariedText::Word() {
  const double at = std::uniform_real_distribution<double>(0, cumulative_.back())(random_);
  const auto found = std::ranges::lower_bound(cumulative_, at);
  return words_[std::min<size_t>(static_cast<size_t>(found - cumulative_.begin()), kWords - 1)];
}

std::string VariedText::Prose(size_t bytes) {
  std::string text;
  size_t words = 0;
  while (text.size() < bytes || words % kSentence != 0) {
    std::string word = Word();
    if (words % kSentence == 0) {
      word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    }
    text += word;
    ++words;
    text += words % kSentence == 0 ? ". " : " ";
  }
  text.pop_back();
  return text;
}

std::string VariedText::Page(size_t bytes, const std::string& title) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0} - The Daily "
      "Bench</title>\n<meta name=\"author\" content=\"A. Writer\"><meta "
      "property=\"article:published_time\" "
      "content=\"2024-01-02T03:04:05Z\"></head>\n<body><nav><ul>"
      "<li><a href=\"/\">Home</a></li><li><a href=\"/markets/\">Markets</a></li><li><a "
      "href=\"/world/\">World</a></li></ul></nav>\n<article><h1>{0}</h1>\n<time "
      "datetime=\"2024-01-02T03:04:05Z\">2 January 2024</time>\n",
      title);
  while (html.size() < bytes) {
    html += "<p>" + Prose(kParagraph * 6) + "</p>\n";
  }
  return html + "</article><footer><p>Terms, privacy, contact</p></footer></body></html>\n";
}

}  // namespace newswire::bench
