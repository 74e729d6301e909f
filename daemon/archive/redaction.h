// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/post.h"

namespace newswire::archive {

// A document whose words were taken out of its capture.
struct RedactedDocument {
  Position capture;
  uint32_t document = 0;
  bool without_entry = false;  // of the capture, as it was
  // What the document gave, without its words: id, URL, category, time of publishing, pipeline and
  // digests. It keeps the sequencer's state, and so all other events, as they were. nullopt: it
  // gave no post.
  std::optional<Post> ghost;
};

// A segment that was written anew, with its SHA-256 before and after, in hex.
struct RewrittenSegment {
  std::string name;
  std::string old_sum, new_sum;

  bool operator==(const RewrittenSegment&) const = default;
};

// The body of a control record of the kind `redaction`: posts that were taken out for legal
// reasons. docs/formats/archive.md has the JSON.
struct Redaction {
  std::vector<std::string> posts;                          // their ids
  std::string reason;                                      // the operator's; may be empty
  std::vector<std::pair<std::string, std::string>> links;  // source, URL: where they are fetched
  std::vector<Position> captures;                          // that were blanked
  std::vector<RedactedDocument> documents;                 // of these captures
  std::vector<RewrittenSegment> segments;
};
std::string RedactionToJson(const Redaction& redaction);
// kMalformed: it is none.
Result<Redaction> RedactionFromJson(std::string_view json);
// Drops what names captures below `oldest`. True: there was some.
bool DropBelow(Position oldest, Redaction& redaction);

// All redactions in force, for look-ups. A value; any thread has a const one.
class Redactions {
 public:
  void Add(const Redaction& redaction);

  bool empty() const { return posts_.empty(); }
  // A post that is never published again, whatever is captured of it.
  bool Names(std::string_view post) const { return posts_.contains(post); }
  // A link that is not fetched again.
  bool NamesLink(const std::string& source, const std::string& url) const {
    return links_.contains({source, url});
  }
  const std::set<std::pair<std::string, std::string>>& links() const { return links_; }
  bool IsBlanked(Position capture) const { return captures_.contains(capture); }
  // Puts what documents gave before they were blanked in the place of what the capture gives now.
  // Does nothing to other captures; the same whether the capture's bytes are blanked yet or not.
  void Apply(Transformed& capture) const;

 private:
  std::set<std::string, std::less<>> posts_;
  std::set<std::pair<std::string, std::string>> links_;
  std::set<Position> captures_;
  std::multimap<Position, RedactedDocument> documents_;
};

}  // namespace newswire::archive
