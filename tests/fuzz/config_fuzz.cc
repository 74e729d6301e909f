// SPDX-License-Identifier: Apache-2.0
// Configuration files: no crash, and a refusal says something.
#include "daemon/config/config.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  const auto config = config::Parse(std::string(fuzz::Bytes(data, size)), "fuzzed.yaml");
  if (!config) {
    fuzz::Require(!config.error().message.empty(), "a refusal has a reason");
  }
  return 0;
}
