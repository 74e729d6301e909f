// SPDX-License-Identifier: Apache-2.0
// WARC files of others, plain, gzip and zstd: no crash, no hang, records in their order.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include <unistd.h>

#include "daemon/archive/record_stream.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace newswire;
  static const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("newswire-fuzz-" + std::to_string(::getpid()));
  static const int at_exit = std::atexit([] { std::filesystem::remove(file); });
  (void)at_exit;
  std::ofstream(file, std::ios::binary) << fuzz::Bytes(data, size);
  auto stream = archive::RecordStream::Open(file, 0);
  if (!stream) {
    return 0;
  }
  uint64_t last = 0;
  for (size_t items = 0;; ++items) {
    fuzz::Require(items <= 2 * size + 2, "a file ends");
    const auto item = (*stream)->Next();
    if (!item || !item->has_value()) {
      return 0;
    }
    if (const auto* record = std::get_if<archive::StoredRecord>(&**item)) {
      fuzz::Require(record->end >= last, "records come in their order");
      last = record->end;
    }
  }
}
