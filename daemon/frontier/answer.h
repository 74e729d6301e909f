// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/frontier/frontier.h"
#include "transforms/model/capture.h"

namespace newswire::frontier {

// Writes into a link's row what an archived capture of it says: state, validators, digests, times.
// Says nothing of when it is due. Used when a capture has become durable and when a frontier is
// rebuilt, so that both give the same row.
void RecordAnswer(LinkRow& row, const Capture& capture);

}  // namespace newswire::frontier
