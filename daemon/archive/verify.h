// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <ostream>
#include <vector>

namespace newswire::archive {

// `archive verify` of an archive's folder. Reads every record of every segment: checksums, lengths,
// digests, gzip headers, whole captures. Every byte of a sealed segment is held against its
// `.sha256`. Also named: a sealed segment without sum, a sum without segment, serials that no
// segment has though an older one exists (retention deletes the oldest first) and that the next
// segment does not explain. Damage is printed to `out` as "<file>: <what>, <n> bytes at offset
// <offset>", then one line per segment. The exit status is that of tools.h.
int VerifyArchive(const std::filesystem::path& dir, std::ostream& out, std::ostream& err);

// Any WARC files, all *.warc, *.warc.gz and *.warc.zst in folders, and folders that are archives
// (by their file `uuid`): these as above. Says for each file which guarantee its format gives. A
// `.sha256` beside a file is held against it.
int VerifyPaths(const std::vector<std::filesystem::path>& paths, std::ostream& out,
                std::ostream& err);

}  // namespace newswire::archive
