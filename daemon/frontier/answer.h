// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/frontier/frontier.h"
#include "transforms/model/capture.h"

namespace newswire::frontier {

// Writes into a link's row what an archived capture of it says: state, validators, digests, times.
// Says nothing of when it is due. Used when a capture has become durable and when a frontier is
// rebuilt, so that both give the same row.
void RecordAnswer(LinkRow& row, const Capture& capture);

// What RecordAnswer needs of a capture, to be kept until it is durable: all but the body.
Capture WithoutBody(const Capture& capture);

// What a revisit of the link repeats: its last 200.
RefersTo LastAnswer(const LinkRow& row);

}  // namespace newswire::frontier
