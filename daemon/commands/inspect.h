// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "fetchers/clock.h"
#include "transforms/model/error.h"
#include "transforms/pipeline.h"

namespace newswire::commands {

// One thing to look at. Keys of a --batch request have the same names.
struct InspectRequest {
  std::string kind;          // feed, sitemap, robots, page, post, warc
  std::string file;          // "-": standard input (not in a batch)
  std::string url;           // where it came from: what relative links start at
  std::string content_type;  // as a server sent it; empty: unknown
  std::string agent;         // robots: who asks
  std::string timezone;      // page, post: for times without offset; empty: UTC, Asia/Shanghai
};

// Says what the daemon reads in a file, as JSON, without storing or publishing anything. Uses the
// same code as the daemon: a page or post goes through Pipeline::Run with a source of default
// settings, as if a server (a folder) had given it.
class Inspector {
 public:
  explicit Inspector(const Clock& clock) : clock_(clock) {}

  // One JSON object, no newline. kMalformed when the bytes are not of that kind, kPermanent when
  // the file cannot be read, kConfig when the request makes no sense.
  Result<std::string> Inspect(const InspectRequest& request, std::istream& in);

 private:
  Result<std::string> InspectPage(const InspectRequest& request, std::string bytes);
  Result<std::string> InspectPost(const InspectRequest& request, std::string bytes);
  Result<std::string> InspectWarc(const InspectRequest& request);
  Result<const Pipeline*> PipelineFor(BodyKind body, const std::string& timezone);

  const Clock& clock_;
  std::map<std::string, Pipeline> pipelines_;  // by body kind and zone
};

// `newswired inspect KIND FILE`: JSON on `out`, or one line on `err`.
int RunInspect(const InspectRequest& request, std::istream& in, std::ostream& out,
               std::ostream& err, const Clock& clock);
// `newswired inspect --batch`: one JSON request a line of `in`, one JSON answer a line of `out`,
// each flushed; what fails is {"error": "..."} and the next line is read.
int RunInspectBatch(std::istream& in, std::ostream& out, const Clock& clock);

}  // namespace newswire::commands
