// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace newswire::text {

// To be called before a parser of libxml2 is made. The library sets up its tables at first use, and
// two threads that begin at the same time set them up twice: it then frees them twice when the
// process ends. Any thread; only the first call costs anything.
void InitLibxml2();

}  // namespace newswire::text
