// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <ostream>
#include <stop_token>
#include <string>

#include "daemon/config/config.h"
#include "fetchers/clock.h"

namespace newswire::commands {

struct FetchOptions {
  std::string what;      // a URL, or the id of a source of the configuration
  size_t limit = 10;     // posts to fetch at most, the newest first found
  std::string timezone;  // of a URL's page, for times without offset; empty: UTC
};

// `newswired fetch`: fetches once and prints the events that would be published, one JSON object a
// line; stores and publishes nothing. A URL is a page, or a feed: then the feed's entries where it
// holds their text, else the pages that it links to. A source is asked as at its first contact.
// What cannot be read is one line on `err`. kExitOk when there was at least one event.
int RunFetch(const FetchOptions& options, const config::Config& config, std::ostream& out,
             std::ostream& err, const Clock& clock, std::stop_token stop);

}  // namespace newswire::commands
