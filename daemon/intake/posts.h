// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/intake/active_source.h"
#include "daemon/intake/context.h"

namespace newswire::intake {

// Fetches what is due of a source's posts, archives the answers, and then records them: a link
// becomes "fetched" only after its capture is on disk.
class Posts {
 public:
  explicit Posts(Context& context) : context_(context) {}

  // Hands due links to the fetcher, as many as may wait there. `active` must live until
  // active.in_flight is empty.
  void StartDue(ActiveSource& active);

 private:
  void Fetch(ActiveSource& active, frontier::LinkRow link);
  void OnOutcome(ActiveSource& active, const frontier::LinkRow& asked, FetchOutcome outcome);
  void OnDurable(ActiveSource& active, int64_t id, const Capture& capture,
                 const std::string& target, const struct Verdict& verdict,
                 const Result<ArchiveAddress>& durable);
  void Reschedule(ActiveSource& active, frontier::LinkRow row, const struct Verdict& verdict);

  Context& context_;
};

}  // namespace newswire::intake
