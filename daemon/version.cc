// SPDX-License-Identifier: Apache-2.0
#include "daemon/version.h"

namespace newswire {

std::string_view Software() { return "newswired/" NEWSWIRE_VERSION; }

}  // namespace newswire
