// SPDX-License-Identifier: Apache-2.0
#include "daemon/publish/files_manifest.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/publish/durable_file.h"
#include "transforms/text/json.h"

namespace newswire::publish {
namespace {

constexpr std::string_view kManifest = "manifest.json";
constexpr int64_t kVersion = 1;

Result<FilesManifest> ManifestFromJson(std::string_view text) {
  auto document = text::JsonDocument::Parse(text);
  if (!document) {
    return std::unexpected(Error{ErrorKind::kCorruption, document.error().message});
  }
  const text::JsonValue root = document->root();
  if (root["v"].integer() != kVersion || !root["files"].is_object()) {
    return Fail(ErrorKind::kCorruption, fmt::format("not a manifest of version {}", kVersion));
  }
  auto checkpoint = CheckpointFromJson(root["checkpoint"].Dump());
  if (!checkpoint) {
    return std::unexpected(checkpoint.error());
  }
  FilesManifest manifest{.checkpoint = *checkpoint, .lengths = {}};
  bool sound = true;
  root["files"].ForEachMember([&](std::string_view name, text::JsonValue value) {
    const auto length = value.integer();
    sound = sound && length && *length >= 0 && name.ends_with(kTopicFileExtension) &&
            name.find('/') == std::string_view::npos;
    manifest.lengths[std::string(name)] = static_cast<uint64_t>(length.value_or(0));
  });
  if (!sound) {
    return Fail(ErrorKind::kCorruption, "a file's name or length is wrong");
  }
  return manifest;
}

}  // namespace

std::string FilesManifestToJson(const FilesManifest& manifest, UtcMillis time) {
  std::string out;
  text::JsonWriter json(out);
  json.BeginObject();
  json.Key("v").Int(kVersion);
  json.Key("checkpoint").Raw(CheckpointToJson(manifest.checkpoint, time));
  json.Key("files").BeginObject();
  for (const auto& [name, length] : manifest.lengths) {
    json.Key(name).Uint(length);
  }
  json.EndObject();
  json.EndObject();
  out += '\n';
  return out;
}

Result<std::optional<FilesManifest>> ReadFilesManifest(const std::filesystem::path& topics_dir) {
  auto text = ReadSmallFile(topics_dir / kManifest);
  if (!text) {
    return std::unexpected(text.error());
  }
  if (!*text) {
    return std::nullopt;
  }
  auto manifest = ManifestFromJson(**text);
  if (!manifest) {
    return WithContext(manifest.error(), (topics_dir / kManifest).string());
  }
  return std::move(*manifest);
}

Status WriteFilesManifest(const std::filesystem::path& topics_dir, const FilesManifest& manifest,
                          UtcMillis time) {
  return ReplaceFile(topics_dir / kManifest, FilesManifestToJson(manifest, time));
}

}  // namespace newswire::publish
