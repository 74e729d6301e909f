// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transforms/model/capture.h"

namespace newswire::relay {

// Whether a capture that another writer made (its `metadata.source` is empty) holds a post: a 200
// answer or a file that is HTML or Markdown by its media type, or without one begins as HTML does.
// Redirects, errors, robots.txt, feeds, images and revisits are none. Pure.
bool IsForeignPage(const Capture& capture);

}  // namespace newswire::relay
