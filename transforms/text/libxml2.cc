// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/libxml2.h"

#include <libxml/parser.h>

namespace newswire::text {

void InitLibxml2() {
  [[maybe_unused]] static const bool done = [] {
    xmlInitParser();
    return true;
  }();
}

}  // namespace newswire::text
