// SPDX-License-Identifier: Apache-2.0
#include "daemon/intake/context.h"

#include "fetchers/politeness/retry_policy.h"

namespace newswire::intake {

politeness::HostRules RulesOf(const Source& source, const IntakeOptions& options) {
  return {.delay = source.delay.value_or(options.delay), .parallel = source.parallel};
}

UtcMillis BackOff(Context& context, frontier::SourceRow& row) {
  const UtcMillis now = context.schedule.Now();
  row.blocked_until = now + politeness::NextBackoff(row.failures, now, context.schedule.Random());
  if (auto stored = context.frontier.StoreSource(row); !stored) {
    context.Die(stored.error());
  }
  return row.blocked_until;
}

}  // namespace newswire::intake
