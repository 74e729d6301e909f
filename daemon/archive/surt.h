// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace newswire::archive {

// The key under which a CDX index holds a URL, as pywb and OpenWayback make it: no scheme, host
// reversed and without www, "com,example)/path?a=1&b=2"; lower case, default port and fragment
// dropped, query parameters sorted, no slash at a path's end. Session ids stay. What is no http or
// https URL stays as it is, in lower case.
std::string SurtKey(std::string_view url);

}  // namespace newswire::archive
