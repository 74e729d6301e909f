// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace newswire::config {

// What is made from the key tables. Each ends in a newline; the same bytes at every call.

// The JSON Schema (2020-12) of a configuration file: configs/newswired.schema.json. References and
// what needs more than one key are beyond it: `newswired check` has the last word.
std::string SchemaText();

// configs/newswired.yaml: every key with its default and a comment. The keys of a source stand in
// an example that is commented out, or live with `live_source`.
std::string ExampleText(bool live_source);

// The tables of docs/configuration.md: between its two markers.
std::string ReferenceText();

}  // namespace newswire::config
