// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/archive/archive.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"
#include "transforms/model/timestamp.h"
#include "transforms/pipeline.h"

namespace newswire::archive {

// Which captures a tool works on: those that pass every condition that is set.
struct CaptureFilter {
  std::string source;                     // exactly; empty: all
  std::optional<CaptureRole> role;        // what was asked for
  std::optional<CaptureKind> kind;        // how it is kept
  std::string url;                        // see MatchesUrl; of the URL or of the link; empty: all
  std::optional<UtcMillis> since, until;  // of fetched_at; since <= t < until
  std::optional<int> status;              // HTTP status; 0: a file
  std::string post;                       // post id of one of its documents, or of its link
  std::optional<Position> from, to;       // from <= position < to
};

// Whether `url` holds `pattern`, in which `*` stands for any run of bytes; a pattern with `*` must
// match the whole. "https://finews.example/*/2022/*", "/2022/04/19/".
bool MatchesUrl(std::string_view pattern, std::string_view url);

// response, resource, revisit, gone.
std::string_view Name(CaptureKind kind);
std::optional<CaptureKind> CaptureKindFromName(std::string_view name);
std::optional<CaptureRole> CaptureRoleFromName(std::string_view name);

// A bound of a range of positions: a position (16 hex digits), a segment's serial (1 to 8 decimal
// digits) or its file name. A segment as the lower bound means its first byte, as the `upper` one
// all of it. kConfig: none of these.
Result<Position> ParseBound(std::string_view text, bool upper);

// The post ids of captures, by the sources that were in force when they were archived. Keeps the
// pipelines that it made. One thread.
class PostIds {
 public:
  void Govern(const WarcInfo& info);
  // What was taken out of captures counts as if it were there. Not told, nothing was.
  void Know(std::shared_ptr<const Redactions> redactions) { redactions_ = std::move(redactions); }
  // The pipeline of the capture's source; nullptr when no source in force has that id.
  const Pipeline* PipelineOf(const Capture& capture);
  // Ids of the documents in document order; without any, what the link alone tells.
  std::vector<std::string> Of(const Capture& capture);

 private:
  std::shared_ptr<const Redactions> redactions_;
  std::vector<Source> sources_;
  std::map<std::string, Pipeline> pipelines_;  // by source id; of sources_
};

// `ids` was told every WarcInfo before the capture.
bool Matches(const CaptureFilter& filter, const Capture& capture, PostIds& ids);

}  // namespace newswire::archive
