// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/archive/folder.h"
#include "daemon/store/sqlite.h"
#include "transforms/model/capture.h"
#include "transforms/model/error.h"
#include "transforms/model/position.h"

namespace newswire::archive {

// What makes an imported capture the same as one imported before: the record that it was imported
// from (Capture::refers_to), its time and its payload. Not the name of the file that held it. ""
// for a capture that was not imported. 20 bytes.
std::string ImportKey(const Capture& capture);

// Knows what has been imported into an archive, in bounded memory: a SQLite file of keys, which is
// a fold over the archive up to a position. It can be lost: it is then folded again, from what
// retention has left. Holds a lock, so that one import runs at a time. One thread.
class ImportLedger {
 public:
  // `folder` is <data_dir>/state/import, made when it is missing. kPermanent: another import runs.
  static Result<FolderLock> Lock(const std::filesystem::path& folder);
  // A file that is damaged, or of another archive, is made anew.
  static Result<std::unique_ptr<ImportLedger>> Open(FolderLock lock,
                                                    const std::filesystem::path& folder,
                                                    std::string_view archive_uuid);

  // Takes in what lies in the archive behind the position that was reached. Call it when nothing
  // that an earlier import appended can still become durable.
  Status CatchUp(const std::filesystem::path& archive_dir);

  Result<bool> Contains(std::string_view key);
  // A capture is durable. All imports before it in the archive were added.
  Status Add(std::string_view key, Position end);
  // Keeps what was added. Without it the archive is read again from the last kept position.
  Status Flush();

 private:
  ImportLedger(FolderLock lock, store::Database database)
      : lock_(std::move(lock)), database_(std::move(database)) {}
  static Result<store::Database> OpenDatabase(const std::filesystem::path& file,
                                              std::string_view archive_uuid);
  Status Prepare();
  Status EnsureTransaction();

  FolderLock lock_;
  store::Database database_;
  std::optional<store::Statement> contains_, add_, set_position_;
  Position position_;
  bool in_transaction_ = false;
  uint64_t unflushed_ = 0;
};

}  // namespace newswire::archive
