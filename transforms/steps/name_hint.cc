// SPDX-License-Identifier: Apache-2.0
#include "transforms/steps/name_hint.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace newswire::steps {
namespace {

constexpr size_t kMaxLooked = 256;  // bytes of a class or an id

}  // namespace

NameHint NameHintOf(std::string_view class_names, std::string_view id) {
  static constexpr std::string_view kAuthors[] = {
      "author", "authors", "byline", "writer", "reporter",  "journalist",
      "zuozhe", "autor",   "autore", "auteur", "redacteur", "forfatter"};
  static constexpr std::string_view kSources[] = {"source", "laiyuan", "copyfrom", "comefrom",
                                                  "nickname"};
  // Words beside them that make the element something else.
  static constexpr std::string_view kOther[] = {
      "bio",  "avatar",  "image",   "img",         "photo",   "social",   "links", "link", "box",
      "info", "list",    "follow",  "description", "desc",    "title",    "role",  "job",  "date",
      "time", "related", "caption", "count",       "comment", "comments", "icon",  "more", "label"};
  NameHint hint = NameHint::kNone;
  for (const std::string_view names : {class_names, id}) {
    std::string word;
    bool after_lower = false;
    const auto finish = [&] {
      const auto is = [&](const auto& list) {
        return std::find(std::begin(list), std::end(list), word) != std::end(list);
      };
      if (is(kOther)) {
        return false;
      }
      hint = is(kAuthors)                              ? NameHint::kAuthor
             : is(kSources) && hint == NameHint::kNone ? NameHint::kSource
                                                       : hint;
      word.clear();
      return true;
    };
    for (const char c : names.substr(0, kMaxLooked)) {
      const bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      const bool upper = c >= 'A' && c <= 'Z';
      if (((!lower && !upper) || (upper && after_lower)) && !finish()) {
        return NameHint::kNone;
      }
      after_lower = lower;
      if (lower || upper) {
        word += upper ? static_cast<char>(c + ('a' - 'A')) : c;
      }
    }
    if (!finish()) {
      return NameHint::kNone;
    }
  }
  return hint;
}

}  // namespace newswire::steps
