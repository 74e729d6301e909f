// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/intake/active_source.h"
#include "daemon/intake/context.h"

namespace newswire::intake {

// Polls the ways of a source: asks them one after the other, the main way first; archives what says
// something new; then writes links, validators and due times in one frontier transaction. A poll
// always ends, by success or back-off.
class Discovery {
 public:
  explicit Discovery(Context& context) : context_(context) {}

  // `active` must live until its poll has ended (active.polling is false again).
  void StartPoll(ActiveSource& active);

 private:
  void AskNext(ActiveSource& active);
  void OnAnswer(ActiveSource& active, const sources::Way& way, frontier::WayRow row,
                FetchOutcome outcome);
  void OnBody(ActiveSource& active, const sources::Way& way, frontier::WayRow row,
              FetchOutcome outcome);
  void OnReading(ActiveSource& active, const sources::Way& way, const frontier::WayRow& row,
                 const sources::Reading& reading);
  void OnFailure(ActiveSource& active, const sources::Way& way, const std::string& reason,
                 bool back_off);
  void OnAbsent(ActiveSource& active, const sources::Way& way);
  void AskOverGap(ActiveSource& active, bool beyond_sitemap);
  void LookForGap(ActiveSource& active, const sources::Way& way, const sources::Reading& reading);
  bool EndsInTheUnknown(const ActiveSource& active, const sources::Reading& reading);
  void StoreLinks(ActiveSource& active, const sources::Way& way, const sources::Reading& reading);
  bool StoreUnlisted(ActiveSource& active, const sources::Reading& reading);
  void EndPoll(ActiveSource& active);

  Context& context_;
};

}  // namespace newswire::intake
