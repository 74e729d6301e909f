// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "daemon/commands/command_line.h"

int main(int argc, char** argv) {
  return newswire::commands::RunCommandLine(argc, argv, std::cin, std::cout, std::cerr);
}
