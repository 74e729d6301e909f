// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/publish/output.h"

namespace newswire::publish {

inline constexpr std::string_view kTopicFileExtension = ".jsonl";

// What the files output has committed (docs/formats/files-output.md).
struct FilesManifest {
  Checkpoint checkpoint;
  std::map<std::string, uint64_t> lengths;  // bytes, by file name
};

std::string FilesManifestToJson(const FilesManifest& manifest, UtcMillis time);
// nullopt: there is none; kCorruption: it is damaged.
Result<std::optional<FilesManifest>> ReadFilesManifest(const std::filesystem::path& topics_dir);
Status WriteFilesManifest(const std::filesystem::path& topics_dir, const FilesManifest& manifest,
                          UtcMillis time);

}  // namespace newswire::publish
