// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "daemon/config/mapping.h"

namespace newswire::config {

// What no single key can tell: what is required, what must fit together, what must be known to
// other parts (zones, steps, patterns, networks). `mapping` is where a missing key is reported.
void CheckConfig(const Context& context, const Config& config, const Places& places,
                 const YamlNode& mapping);
// Completes the source too: `body` by its kind, a folder's path made absolute.
void CheckSource(const Context& context, Source& source, const Places& places,
                 const YamlNode& mapping, const std::string& prefix);

// Says how to reach somebody: a mailto:, an address or a URL.
bool CarriesContact(const std::string& user_agent);
// The host of an http(s) URL is this machine, by its name or address.
bool IsLoopback(const std::string& url);

}  // namespace newswire::config
