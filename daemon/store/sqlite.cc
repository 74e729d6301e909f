// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/sqlite.h"

#include <array>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <sqlite3.h>

#include "daemon/durable_folder.h"

namespace newswire::store {
namespace {

constexpr int kBusyMillis = 5000;

ErrorKind KindOf(int code) {
  // After a failed fsync the kernel may have dropped what was not written: never transient.
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    return ErrorKind::kCorruption;
  }
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorKind::kCorruption;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_INTERRUPT:
      return ErrorKind::kTransient;
    default:
      return ErrorKind::kPermanent;
  }
}

std::unexpected<Error> Failure(sqlite3* handle, int code, std::string_view doing) {
  const char* file = handle != nullptr ? sqlite3_db_filename(handle, "main") : nullptr;
  return Fail(
      KindOf(code),
      fmt::format("{}: {}{}{}", doing,
                  handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code),
                  file != nullptr && *file != '\0' ? " in " : "", file != nullptr ? file : ""));
}

Status Run(sqlite3* handle, const std::string& sql) {
  const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return Failure(handle, code, sql.substr(0, sql.find('(')));
  }
  return {};
}

// The first column of the first row, as text.
Result<std::string> Ask(sqlite3* handle, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  int code =
      sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  std::string answer;
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
      const unsigned char* text = sqlite3_column_text(statement, 0);
      answer = text != nullptr ? reinterpret_cast<const char*>(text) : "";
      code = SQLITE_OK;
    } else if (code == SQLITE_DONE) {
      code = SQLITE_OK;
    }
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_OK) {
    return Failure(handle, code, sql);
  }
  return answer;
}

Status Migrate(sqlite3* handle, std::span<const std::string_view> schema) {
  auto answer = Ask(handle, "PRAGMA user_version");
  if (!answer) {
    return std::unexpected(answer.error());
  }
  const size_t version = std::strtoul(answer->c_str(), nullptr, 10);
  if (version > schema.size()) {
    return Fail(ErrorKind::kCorruption,
                fmt::format("{} has schema {}, this build knows {}",
                            sqlite3_db_filename(handle, "main"), version, schema.size()));
  }
  for (size_t number = version + 1; number <= schema.size(); ++number) {
    Status status = Run(handle, "BEGIN IMMEDIATE");
    if (status) {
      status = Run(handle, std::string(schema[number - 1]));
    }
    if (status) {
      status = Run(handle, fmt::format("PRAGMA user_version={}", number));
    }
    if (status) {
      status = Run(handle, "COMMIT");
    }
    if (!status) {
      sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
      return WithContext(status.error(), fmt::format("migration {}", number));
    }
  }
  return {};
}

// A private database keeps nothing after a crash, so it journals in memory.
Status ConfigurePrivate(sqlite3* handle) {
  for (const char* pragma :
       {"PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-32768"}) {
    if (auto answer = Ask(handle, pragma); !answer) {
      return std::unexpected(answer.error());
    }
  }
  return {};
}

Status Configure(sqlite3* handle, Durability durability) {
  sqlite3_busy_timeout(handle, kBusyMillis);
  sqlite3_extended_result_codes(handle, 1);
  if (auto mode = Ask(handle, "PRAGMA journal_mode=WAL"); !mode) {
    return std::unexpected(mode.error());
  }
  for (const char* pragma :
       {durability == Durability::kFull ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
        "PRAGMA cache_size=-16384", "PRAGMA temp_store=MEMORY", "PRAGMA wal_autocheckpoint=4000",
        "PRAGMA journal_size_limit=67108864"}) {
    if (Status status = Run(handle, pragma); !status) {
      return status;
    }
  }
  return {};
}

Status CheckIntegrity(sqlite3* handle, const std::filesystem::path& file) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(file, error);
  if (error || size > Database::kCheckedBytes) {
    return {};
  }
  auto answer = Ask(handle, "PRAGMA quick_check(1)");
  if (!answer) {
    return std::unexpected(answer.error());
  }
  if (*answer != "ok") {
    return Fail(ErrorKind::kCorruption, fmt::format("{}: {}", file.string(), *answer));
  }
  return {};
}

Result<sqlite3*> OpenHandle(const std::filesystem::path& file, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    auto failure = Failure(nullptr, code, fmt::format("opening {}", file.string()));
    sqlite3_close_v2(handle);
    return failure;
  }
  return handle;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      bind_error_(std::exchange(other.bind_error_, 0)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::Note(int code) {
  if (bind_error_ == 0) {
    bind_error_ = code;
  }
}

Statement& Statement::Bind(int index, int64_t value) {
  Note(sqlite3_bind_int64(handle_, index, value));
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  // An empty view may have no data; SQLite would read a null pointer as NULL.
  Note(sqlite3_bind_text64(handle_, index, text.empty() ? "" : text.data(), text.size(),
                           SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  Note(sqlite3_bind_blob64(handle_, index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                           SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::BindNull(int index) {
  Note(sqlite3_bind_null(handle_, index));
  return *this;
}

Result<bool> Statement::Step() {
  if (bind_error_ != 0) {
    return Failure(sqlite3_db_handle(handle_), bind_error_, "binding a value");
  }
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  auto failure = Failure(sqlite3_db_handle(handle_), code, sqlite3_sql(handle_));
  Reset();
  return failure;
}

Status Statement::Run() {
  return ForEachRow([] { return Status{}; });
}

Status Statement::ForEachRow(const std::function<Status()>& visit) {
  for (;;) {
    const auto row = Step();
    Status seen = !row ? std::unexpected(row.error()) : *row ? visit() : Status{};
    if (!seen || !*row) {
      Reset();
      return seen;
    }
  }
}

void Statement::Reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  bind_error_ = 0;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (text == nullptr) {
    return {};
  }
  return {text, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (bytes == nullptr) {
    return {};
  }
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

Result<Database> Database::Open(const std::filesystem::path& file,
                                std::span<const std::string_view> schema, Durability durability) {
  if (file.has_parent_path()) {
    if (Status made = MakeFolderDurably(file.parent_path()); !made) {
      return std::unexpected(made.error());
    }
  }
  auto handle = OpenHandle(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!handle) {
    return std::unexpected(handle.error());
  }
  Database database(*handle);
  Status status = file.empty() ? ConfigurePrivate(*handle) : Configure(*handle, durability);
  if (status && !file.empty()) {
    status = CheckIntegrity(*handle, file);
  }
  if (status) {
    status = Migrate(*handle, schema);
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  return database;
}

Result<Database> Database::OpenCopy(const std::filesystem::path& file,
                                    std::span<const std::string_view> schema) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return Fail(ErrorKind::kPermanent, fmt::format("there is no {}", file.string()));
  }
  // Read-write, because a WAL file left by a crash must be replayed to be read.
  auto from = OpenHandle(file, SQLITE_OPEN_READWRITE);
  if (!from) {
    return std::unexpected(from.error());
  }
  Database original(*from);
  sqlite3_busy_timeout(*from, kBusyMillis);
  auto to = OpenHandle({}, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!to) {
    return std::unexpected(to.error());
  }
  Database copy(*to);
  sqlite3_backup* backup = sqlite3_backup_init(*to, "main", *from, "main");
  if (backup == nullptr) {
    return Failure(*to, sqlite3_errcode(*to), "copying");
  }
  sqlite3_backup_step(backup, -1);
  if (const int code = sqlite3_backup_finish(backup); code != SQLITE_OK) {
    return Failure(*from, code, "copying");
  }
  Status status = ConfigurePrivate(*to);
  if (status) {
    status = Migrate(*to, schema);
  }
  if (!status) {
    return std::unexpected(status.error());
  }
  return copy;
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return Failure(handle_, code, sql);
  }
  return Statement(statement);
}

Status Database::Execute(std::string_view sql) { return store::Run(handle_, std::string(sql)); }

Status Database::Begin() { return Execute("BEGIN IMMEDIATE"); }

Status Database::Commit() {
  Status status = Execute("COMMIT");
  if (!status) {
    Rollback();
  }
  return status;
}

void Database::Rollback() {
  if (sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

int64_t Database::Changes() { return sqlite3_changes64(handle_); }

Status Database::Delete(const std::filesystem::path& file) {
  // The file first, and for good: WAL files alone are nothing to SQLite, a database without its WAL
  // might be stale.
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::path victim = file;
    victim += suffix;
    std::error_code error;
    const bool removed = std::filesystem::remove(victim, error);
    if (error) {
      return Fail(ErrorKind::kTransient,
                  fmt::format("removing {}: {}", victim.string(), error.message()));
    }
    if (removed) {
      if (Status synced = SyncFolder(file.parent_path()); !synced) {
        return synced;
      }
    }
  }
  return {};
}

}  // namespace newswire::store
