// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/archive/blank_capture.h"
#include "daemon/archive/capture_filter.h"
#include "daemon/archive/reader.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/pipeline.h"

namespace newswire::archive {

// A capture that holds posts which are to be redacted.
struct HoldingCapture {
  ArchiveAddress address;
  CaptureKind kind = CaptureKind::kResponse;
  CaptureRole role = CaptureRole::kPost;
  std::string source, url;
  Blanking blanking;
  std::shared_ptr<const WarcInfo> governing;  // the configuration that archived it
  bool quarantined = false;                   // its transforms are not to be run
};

// How far a search is, in positions of the archive.
using SearchProgress = std::function<void(Position at)>;

// Finds every capture that holds certain posts: their pages, files, answers and metadata records;
// feeds with an entry of theirs, whether the feed is the body or only shows the way; listings and
// sitemaps that name them by their title. Posts are told by the sources that were in force when the
// capture was made. Reads all of the archive once, and feeds, listings and sitemaps again. One
// thread; the archive outlives it and keeps its segments meanwhile.
class RedactionSearch {
 public:
  RedactionSearch(std::filesystem::path dir, std::set<std::string, std::less<>> posts);

  // Reads on up to `end`. kCancelled: stopped.
  Status ReadTo(Position end, const std::stop_token& stop, const SearchProgress& progress);
  // What was found in all that was read, in the order of the archive. Once, after the last ReadTo.
  Result<std::vector<HoldingCapture>> Finish(const std::stop_token& stop,
                                             const SearchProgress& progress);

  // Those of the posts that were met, and where they are fetched (source, URL).
  const std::set<std::string>& met() const { return met_; }
  const std::set<std::pair<std::string, std::string>>& links() const { return links_; }

 private:
  struct Later {
    Position position;
    CaptureRole role = CaptureRole::kPost;
    std::shared_ptr<const WarcInfo> governing;
    bool quarantined = false;
  };

  void Take(const Capture& capture, const Controls& controls);
  void TakePost(const Capture& capture, const Pipeline& pipeline, bool quarantined);
  void Learn(const std::string& post, const Capture& capture, const Pipeline& pipeline,
             bool quarantined);
  void AddWords(const LinkEntry& entry);
  std::set<uint32_t> EntriesIn(const Capture& capture, const Pipeline& pipeline,
                               std::string_view body, bool& readable);
  void LookIntoFeed(const Capture& capture, const Pipeline& pipeline, const Later& later);
  void LookIntoList(const Capture& capture, const Later& later);
  bool NamesALink(std::string_view source, std::string_view text) const;
  HoldingCapture& Hold(const Capture& capture, const std::shared_ptr<const WarcInfo>& governing,
                       bool quarantined);

  const std::filesystem::path dir_;
  const std::set<std::string, std::less<>> posts_;
  std::set<std::string> met_;
  std::set<std::pair<std::string, std::string>> links_;
  std::set<std::string> titles_;
  PostIds ids_;
  std::shared_ptr<const WarcInfo> governing_ = std::make_shared<const WarcInfo>();
  Position read_to_;
  std::vector<Later> later_;         // feeds, listings, sitemaps
  std::vector<Later> without_post_;  // pages that may be of a post that only its document can tell
  std::map<Position, HoldingCapture> found_;
};

}  // namespace newswire::archive
