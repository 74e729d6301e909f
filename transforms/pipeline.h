// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/post.h"
#include "transforms/model/source.h"
#include "transforms/steps/step.h"

namespace newswire {

// One source's transforms, ready to run. Immutable after Create: any number of threads may call Run
// at once. Pure: the same capture gives the same answer, whenever and wherever.
class Pipeline {
 public:
  // kConfig: an unknown step, zone or pattern.
  static Result<Pipeline> Create(const Source& source);

  // Splits the capture into documents (a feed with feed bodies: its entries; else one) and takes
  // each through the steps. Captures without documents (feeds that only yield links, revisits,
  // robots.txt, failures, removals) give a Transformed without posts. Never throws; what cannot be
  // parsed is a dead letter.
  Transformed Run(const Capture& capture) const;

  // version + first 8 hex digits of a hash over all that shapes this source's values.
  const std::string& id() const { return id_; }
  const Source& source() const { return source_; }

 private:
  explicit Pipeline(Source source);
  void RunDocument(steps::Document& document, const std::string& link, const LinkEntry& entry,
                   Transformed& out) const;
  void RunFeed(const Capture& capture, Transformed& out) const;

  Source source_;
  std::string id_;
  std::vector<const steps::Step*> steps_;
};

// Post id from a link alone, by the source's policy; "" when only the document can tell.
std::string PostIdFromLink(const Source& source, const std::string& url, const LinkEntry& entry);

// The same by the policy `original_url`; falls back to the post's own `url`.
std::string PostIdFromOriginal(const Source& source, const std::string& original_url,
                               const std::string& url);

}  // namespace newswire
