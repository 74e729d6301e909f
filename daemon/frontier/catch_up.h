// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <stop_token>

#include "daemon/archive/archive.h"
#include "daemon/frontier/frontier.h"
#include "transforms/model/error.h"
#include "transforms/model/source.h"

namespace newswire::frontier {

// Records in the frontier what the archive holds behind Frontier::recorded(): captures that became
// durable when their note in the frontier did not (a crash came between, or the frontier could not
// be written). A frontier of which nothing is known is filled from the whole archive: every post
// link that was captured, with its validators, entry and last answer, and every entry of the feeds
// that are the body of their posts; what the archive does not know is met as at first contact, and
// the sources count as not contacted. What was imported is passed over: it was not asked for, and
// is not asked for again. An entry that the frontier heard of before stays: it is as new as the
// capture's, or newer.
//
// Links of `sources` are due at the re-check that follows their last answer; at once where that has
// passed, the answer was a failure, or the entry has changed since. What was fetched after `now`,
// by a wrong clock, counts as fetched then. Every append to `archive` that is to be met must have
// been acknowledged. Reads up to the durable end, passes over damage (the relay counts it), commits
// every 10,000 links and at the end. kCancelled after a stop: the next call begins anew.
Status CatchUp(Frontier& frontier, const archive::Archive& archive, std::span<const Source> sources,
               UtcMillis now, const std::stop_token& stop);

}  // namespace newswire::frontier
