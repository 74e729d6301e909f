// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "transforms/model/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace newswire::store {

class Database;

// A prepared statement. Values are bound by position from 1; columns are read by position from 0.
// Errors of binding surface at Step. Views that a column gives live until the next Step, Reset or
// destruction. Reset unbinds and makes it ready again.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);

  Result<bool> Step();  // true: a row is there
  Status Run();         // Step until done, then Reset: for statements without rows
  // Step until done, `visit` at each row, where columns can be read; its error ends the walk. Reset
  // in any case.
  Status ForEachRow(const std::function<Status()>& visit);
  void Reset();

  int64_t Int(int column) const;
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  void Note(int code);
  sqlite3_stmt* handle_ = nullptr;
  int bind_error_ = 0;  // the first failed Bind; told by the next Step
};

enum class Durability {
  kFull,    // synchronous=FULL: a commit survives power loss
  kNormal,  // synchronous=NORMAL: a commit survives a process crash; what power loss takes is the
            // newest, never the order
};

// One SQLite file in WAL mode, owned by one thread at a time. `schema` is a list of migrations:
// migration n (from 1) and its number (PRAGMA user_version) are one transaction. A file that is
// damaged (integrity, not a database, a newer schema) is kCorruption: the owner deletes and
// rebuilds it. Integrity is checked on Open for files up to kCheckedBytes, so that starting stays
// fast; in larger ones damage is met when it is read. Statements must be destroyed before their
// database.
//
// Failures: kCorruption when the file is damaged; kTransient when the disk is full, another process
// holds it too long (5 s) or the device fails; kPermanent when a statement breaks a constraint or
// is wrong. A failed statement inside a transaction leaves the transaction open: call Rollback.
class Database {
 public:
  static constexpr uint64_t kCheckedBytes = uint64_t{64} << 20;

  // The folder is created when missing. An empty path makes a private database that dies with the
  // object: in memory, spilled to a temporary file when it grows.
  static Result<Database> Open(const std::filesystem::path& file,
                               std::span<const std::string_view> schema, Durability durability);
  // A private copy of the file as last committed, migrated to `schema`; the file is not changed and
  // its owner may go on writing. kPermanent when the file is missing.
  static Result<Database> OpenCopy(const std::filesystem::path& file,
                                   std::span<const std::string_view> schema);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Result<Statement> Prepare(std::string_view sql);
  Status Execute(std::string_view sql);  // no parameters
  Status Begin();                        // takes the write lock at once
  Status Commit();                       // on failure the transaction is rolled back
  void Rollback();                       // no error when none is open
  int64_t Changes();                     // rows that the last INSERT, UPDATE or DELETE touched

  // Removes a database with its WAL files; a missing file is no error.
  static Status Delete(const std::filesystem::path& file);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

}  // namespace newswire::store
