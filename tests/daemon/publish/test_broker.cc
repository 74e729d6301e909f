// SPDX-License-Identifier: Apache-2.0
// As `newswired broker --data-dir D`, for tests of what starts it.
#include <string_view>

#include "daemon/commands/broker.h"

int main(int argc, char** argv) {
  if (argc != 4 || std::string_view(argv[1]) != "broker" ||
      std::string_view(argv[2]) != "--data-dir") {
    return 2;
  }
  return newswire::commands::RunBroker({.data_dir = argv[3], .port_file = std::nullopt});
}
