// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "daemon/intake/active_source.h"
#include "daemon/intake/context.h"
#include "fetchers/sources/folder.h"

namespace newswire::intake {

// Polls folders of Markdown posts: lists them, archives files that are new or changed as `resource`
// records, and those that vanished as a metadata record. A few files at a time, so that the event
// loop goes on.
class FolderPoll {
 public:
  explicit FolderPoll(Context& context) : context_(context) {}

  void StartPoll(ActiveSource& active);
  // Goes on with what was listed; true while there is more to do at once.
  bool Pump();

 private:
  struct Work {
    std::deque<sources::PostFile> files;
    std::deque<int64_t> vanished;  // links, by their ids
    std::optional<UtcMillis> publish_after;
    bool failed = false;
    size_t unacknowledged = 0;
  };

  void Take(ActiveSource& active, const sources::PostFile& file);
  void Append(ActiveSource& active, Capture capture, std::string version);
  std::deque<int64_t> FindVanished(const ActiveSource& active,
                                   const std::vector<sources::PostFile>& files);
  void TakeVanished(ActiveSource& active, int64_t id);
  void EndPoll(ActiveSource& active, const Work& work);

  Context& context_;
  std::map<ActiveSource*, Work> work_;
};

}  // namespace newswire::intake
