// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/schema.h"

#include "daemon/commands/exit_codes.h"
#include "daemon/config/describe.h"

namespace newswire::commands {

int RunSchema(std::string_view which, std::ostream& out, std::ostream& err) {
  if (which == "event") {
    out << EventSchemaText();
  } else if (which == "config") {
    out << config::SchemaText();
  } else if (which == "example") {
    out << config::ExampleText(/*live_source=*/false);
  } else if (which == "reference") {
    out << config::ReferenceText();
  } else {
    err << "newswired schema: '" << which << "' has no schema; expected event or config\n";
    return kExitUsage;
  }
  return kExitOk;
}

}  // namespace newswire::commands
