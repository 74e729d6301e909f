// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string_view>

namespace newswire::commands {

// `newswired schema WHICH`: prints the JSON Schema of an event ("event") or of the configuration
// ("config"). "example" and "reference" print configs/newswired.yaml and the key tables of
// docs/configuration.md: what those files are made with.
int RunSchema(std::string_view which, std::ostream& out, std::ostream& err);

// docs/events/post.v1.schema.json, as it was when this was built.
std::string_view EventSchemaText();

}  // namespace newswire::commands
