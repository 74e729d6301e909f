// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fetchers/sources/folder.h"
#include "transforms/model/error.h"

namespace newswire::relay {

// One file of what --from names.
struct ReplayFile {
  enum class Kind { kWarc, kTar, kPost };
  Kind kind = Kind::kWarc;
  std::filesystem::path path;
  std::string name;    // as it was named, or below the folder that was
  uint64_t size = 0;   // bytes
  std::string sample;  // hex: a sum of its first and last bytes, and of a post's own time
  std::optional<sources::PostFile> post;  // of kPost
};

// The files in the order in which they are replayed; positions are (index in it, offset), so it is
// their meaning. Two lists with one uuid have the same names, sizes and samples in the same order.
struct ReplayList {
  std::vector<ReplayFile> files;
  std::string uuid;

  // What this list has that `recorded` has not, in one sentence for an operator; "" when they are
  // equal.
  std::string DifferenceFrom(const ReplayList& recorded) const;
};

// What `paths` name: WARC files (.warc, .warc.gz, .warc.zst), tars (.tar, .tar.gz, .tgz), Markdown
// posts (.md, .markdown), and folders, in which all of these are looked for (16 levels deep, hidden
// names and links to folders passed over): first the WARCs by name, then the tars, then the posts
// as the folder source lists them. Reads at most 128 KiB of each file. kPermanent: a path that is
// none of these, a folder without any such file, more than 2^24 files.
Result<ReplayList> ListReplayFiles(const std::vector<std::filesystem::path>& paths);

// The record of a list beside the state, so that a resume can say what has changed
// (docs/formats/replay-inputs.md).
Status WriteReplayList(const std::filesystem::path& file, const ReplayList& list);
// nullopt: there is none that can be read.
std::optional<ReplayList> ReadReplayList(const std::filesystem::path& file);

// A version 8 UUID (RFC 9562) of the first 16 bytes of a hash.
std::string UuidOf(const std::array<uint8_t, 32>& sum);

bool IsWarcName(const std::filesystem::path& path);
bool IsTarName(const std::filesystem::path& path);
bool IsMarkdownName(const std::filesystem::path& path);

}  // namespace newswire::relay
