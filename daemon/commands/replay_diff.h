// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/commands/replay_request.h"
#include "daemon/publish/topic_reader.h"
#include "daemon/store/sqlite.h"
#include "transforms/model/error.h"
#include "transforms/model/event.h"
#include "transforms/model/position.h"

namespace newswire::commands {

// Compares the events of a replay with what topics hold: first Read, then Compare for every event
// in order, then Finish. An event is known by its post and revision; each of its fields is
// compared, and the topic it is in. What only says by which pipeline and from which archive it was
// made
// (`pipeline`, `archive`) is told apart: an upgrade explains it. Of an event that a topic holds
// more than once the last counts; a tombstone takes what lies before it of its post.
//
// Keeps some 300 bytes an event in a private temporary database, so that memory is bounded
// whatever the topics hold. One thread.
class ReplayDiff {
 public:
  struct Counts {
    uint64_t same = 0;
    uint64_t made_otherwise = 0;  // the same but for `pipeline` and `archive`
    uint64_t differing = 0, missing = 0, extra = 0;
    uint64_t repeated = 0;    // held more than once; no difference
    uint64_t superseded = 0;  // compacted away; no difference

    bool same_content() const { return differing == 0 && missing == 0 && extra == 0; }
  };

  // `pattern` is the topics'. In compacted ones a revision may be gone when a newer one is held. A
  // line per difference goes to `out`.
  static Result<std::unique_ptr<ReplayDiff>> Create(std::string pattern, bool compacted,
                                                    std::ostream& out);

  // Takes what the topics hold now. Events that `filter` does not keep are none of this comparison.
  // `progress` is called now and then with the number of records.
  Status Read(publish::TopicReader& topics, const ReplayFilter& filter,
              const std::function<void(uint64_t records)>& progress, const std::stop_token& stop);
  Status Compare(const Event& event);
  // What the topics hold beyond all that was compared is extra, if an event from [begin, end) of
  // this archive; `end` of the first position: from anywhere. Writes the summary.
  Result<Counts> Finish(Position begin, Position end);

 private:
  ReplayDiff(std::string pattern, bool compacted, std::ostream& out, store::Database database);

  Status Prepare();
  Status Miss(const Event& event, int64_t revision);
  Status Keep(const publish::TopicRecord& record, const ReplayFilter& filter);
  bool IsEventTopic(std::string_view topic) const;
  Result<std::string> PackFields(std::string_view value, std::string_view topic);
  std::vector<std::string> Differing(std::string_view held, std::string_view now, bool* made) const;
  uint16_t NumberOf(std::string_view field);
  void Say(std::string_view what, std::string_view post, int64_t revision, std::string_view detail);

  const std::string pattern_;
  const bool compacted_;
  std::ostream& out_;
  store::Database database_;
  std::unique_ptr<store::Statement> put_, find_, newer_, forget_, mark_, rest_;
  std::map<std::string, uint16_t, std::less<>> numbers_;  // of field names
  std::vector<std::string> names_;
  Counts counts_;
};

}  // namespace newswire::commands
