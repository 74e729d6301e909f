// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/formats/feed.h"
#include "transforms/formats/link_base.h"
#include "transforms/model/timestamp.h"

namespace newswire::formats {

// What a feed's markup says, before relative links, HTML and choices between fields are settled:
// the channel's own link, against which entries' links may have to be resolved, can come last.

// Keeps the offer with the lowest rank; of two with one rank the first.
template <typename T>
class Ranked {
 public:
  void Offer(uint8_t rank, T value) {
    if (rank < rank_) {
      rank_ = rank;
      value_ = std::move(value);
    }
  }
  bool set() const { return rank_ != kUnset; }
  uint8_t rank() const { return rank_; }
  T& value() { return value_; }
  const T& value() const { return value_; }

 private:
  static constexpr uint8_t kUnset = std::numeric_limits<uint8_t>::max();
  T value_{};
  uint8_t rank_ = kUnset;
};

enum class TextKind : uint8_t {
  kPlain,  // means itself
  kGuess,  // RSS never said: HTML where it looks so
  kHtml,
};

struct RawText {
  std::string value;
  TextKind kind = TextKind::kPlain;
  uint32_t base = 0;  // in RawFeed::bases
};

struct RawUrl {
  std::string value;
  uint32_t base = 0;
};

struct RawDate {
  std::optional<Timestamp> time;
  std::string written;
};

// The first group that has names gives the authors.
enum class AuthorGroup : uint8_t { kAuthor, kPodcast, kSource, kFallback };

struct RawAuthor {
  std::string name;  // settled text
  AuthorGroup group = AuthorGroup::kAuthor;
};

struct RawEnclosure {
  RawUrl url;
  std::string type;
  std::optional<uint64_t> length;
};

// A feed's head or an entry.
struct RawNode {
  Ranked<std::string> id, language;
  Ranked<RawUrl> url;
  Ranked<RawText> title, summary, content, rights;
  Ranked<RawDate> published, updated;
  std::string original_link;  // feedburner:origLink
  std::vector<RawAuthor> authors;
  std::vector<std::string> categories;  // settled text
  std::vector<RawEnclosure> enclosures;
};

struct RawFeed {
  FeedFormat format = FeedFormat::kRss;
  RawNode head;
  std::vector<RawNode> entries;
  std::vector<LinkBase> bases;  // [0] is the document's own, known or not
  std::string self_url;         // rel="self" of the head
  std::optional<uint32_t> ttl_minutes;
  std::string update_period, update_frequency;
  std::string damage;
};

// A date as written; one that cannot be read is kept as such.
RawDate ReadDate(std::string_view written);
// The name in `Name (mail)`, `mail (Name)`, `Name <mail>`; the mail alone where nothing else is.
std::string PersonName(std::string_view written);

Feed FinishFeed(RawFeed raw);

}  // namespace newswire::formats
