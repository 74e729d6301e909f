// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/context.h"

#include <utility>

#include "fetchers/politeness/retry_policy.h"
#include "transforms/pipeline.h"

namespace newswire::intake {

politeness::HostRules RulesOf(const Source& source, const IntakeOptions& options) {
  return {.delay = source.delay.value_or(options.delay), .parallel = source.parallel};
}

bool IsRedacted(const Context& context, const Source& source, const std::string& url,
                const LinkEntry& entry) {
  const auto redactions = context.archive.controls()->redactions();
  return !redactions->empty() && (redactions->NamesLink(source.id, url) ||
                                  redactions->Names(PostIdFromLink(source, url, entry)));
}

void Withdraw(Context& context, frontier::LinkRow row) {
  row.due.reset();
  row.reason = "the post was redacted";
  LinkEntry wordless;
  wordless.id = row.entry.id;
  row.entry = std::move(wordless);
  row.entry_digest = frontier::EntryDigest(row.entry);
  if (auto stored = context.frontier.StoreLink(row); !stored) {
    context.Die(stored.error());
  }
}

UtcMillis BackOff(Context& context, frontier::SourceRow& row) {
  const UtcMillis now = context.schedule.Now();
  const UtcMillis until =
      politeness::NextBlock(row.failures, row.blocked_until, now, context.schedule.Random());
  if (until == row.blocked_until) {
    return until;
  }
  row.blocked_until = until;
  if (auto stored = context.frontier.StoreSource(row); !stored) {
    context.Die(stored.error());
  }
  return until;
}

}  // namespace newswire::intake
