// SPDX-License-Identifier: Apache-2.0
#include "daemon/archive/import_ledger.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/archive/reader.h"
#include "daemon/archive/warc_record.h"
#include "transforms/text/hash.h"

namespace newswire::archive {
namespace {

constexpr std::string_view kSchema[] = {
    "CREATE TABLE imported(key BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), archive TEXT NOT NULL,"
    " position INTEGER NOT NULL)",
};
constexpr uint64_t kFlushEvery = 10'000;  // keys in one transaction

}  // namespace

std::string ImportKey(const Capture& capture) {
  if (!capture.IsImported()) {
    return {};
  }
  const std::array<uint8_t, 20> sum = text::Sha1(
      fmt::format("{}\n{}\n{}", capture.refers_to->record_id, FormatUtcMillis(capture.fetched_at),
                  capture.payload_digest.empty() && capture.kind != CaptureKind::kGone
                      ? Sha1Digest(capture.body)
                      : capture.payload_digest));
  return {sum.begin(), sum.end()};
}

Result<store::Database> ImportLedger::OpenDatabase(const std::filesystem::path& file,
                                                   std::string_view archive_uuid) {
  Result<store::Database> database =
      store::Database::Open(file, kSchema, store::Durability::kNormal);
  if (!database) {
    return database;
  }
  Result<store::Statement> state = database->Prepare("SELECT archive FROM state");
  if (!state) {
    return std::unexpected(state.error());
  }
  const Result<bool> row = state->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  if (*row) {
    return state->Text(0) == archive_uuid
               ? std::move(database)
               : Fail(ErrorKind::kCorruption, "it belongs to another archive");
  }
  Result<store::Statement> insert =
      database->Prepare("INSERT INTO state(id, archive, position) VALUES(1, ?, 0)");
  if (!insert) {
    return std::unexpected(insert.error());
  }
  insert->Bind(1, archive_uuid);
  if (Status status = insert->Run(); !status) {
    return std::unexpected(status.error());
  }
  return database;
}

Result<FolderLock> ImportLedger::Lock(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(ErrorKind::kPermanent, fmt::format("{}: {}", folder.native(), error.message()));
  }
  Result<FolderLock> lock = FolderLock::Take(folder);
  if (!lock && lock.error().kind == ErrorKind::kPermanent) {
    return Fail(ErrorKind::kPermanent, "another import into this archive is running");
  }
  return lock;
}

Result<std::unique_ptr<ImportLedger>> ImportLedger::Open(FolderLock lock,
                                                         const std::filesystem::path& folder,
                                                         std::string_view archive_uuid) {
  const std::filesystem::path file = folder / "imported.db";
  Result<store::Database> database = OpenDatabase(file, archive_uuid);
  if (!database && database.error().kind == ErrorKind::kCorruption) {
    spdlog::warn("import: what was imported is read from the archive again reason=\"{}\"",
                 database.error().message);
    if (Status status = store::Database::Delete(file); !status) {
      return std::unexpected(status.error());
    }
    database = OpenDatabase(file, archive_uuid);
  }
  if (!database) {
    return std::unexpected(database.error());
  }
  std::unique_ptr<ImportLedger> ledger(new ImportLedger(std::move(lock), std::move(*database)));
  if (Status status = ledger->Prepare(); !status) {
    return std::unexpected(status.error());
  }
  return ledger;
}

Status ImportLedger::Prepare() {
  const auto prepare = [&](std::optional<store::Statement>& statement, std::string_view sql) {
    Result<store::Statement> made = database_.Prepare(sql);
    if (!made) {
      return Status(std::unexpected(made.error()));
    }
    statement = std::move(*made);
    return Status();
  };
  if (Status status = prepare(contains_, "SELECT 1 FROM imported WHERE key = ?"); !status) {
    return status;
  }
  if (Status status = prepare(add_, "INSERT OR IGNORE INTO imported(key) VALUES(?)"); !status) {
    return status;
  }
  if (Status status = prepare(set_position_, "UPDATE state SET position = ?"); !status) {
    return status;
  }
  Result<store::Statement> position = database_.Prepare("SELECT position FROM state");
  if (!position) {
    return std::unexpected(position.error());
  }
  const Result<bool> row = position->Step();
  if (!row) {
    return std::unexpected(row.error());
  }
  position_ = Position::FromValue(*row ? static_cast<uint64_t>(position->Int(0)) : 0);
  return {};
}

Status ImportLedger::CatchUp(const std::filesystem::path& archive_dir) {
  const Result<std::vector<Segment>> segments = ListSegments(archive_dir);
  if (!segments) {
    return std::unexpected(segments.error());
  }
  // The segment may have been retired.
  const bool there = std::ranges::any_of(
      *segments, [&](const Segment& s) { return s.serial == position_.serial(); });
  Result<std::unique_ptr<Reader>> reader =
      Reader::OpenArchive(archive_dir, there ? position_ : Position{}, {});
  if (!reader && reader.error().kind == ErrorKind::kCorruption) {
    // A power loss took what was read there and not yet durable; no import was among it.
    reader = Reader::OpenArchive(archive_dir, Position{}, {});
  }
  if (!reader) {
    return std::unexpected(reader.error());
  }
  while (true) {
    const Result<std::optional<Item>> item = (*reader)->Next();
    if (!item) {
      return std::unexpected(item.error());
    }
    if (!item->has_value()) {
      return Flush();
    }
    if (const auto* capture = std::get_if<Capture>(&**item)) {
      if (Status status = Add(ImportKey(*capture), capture->address.end); !status) {
        return status;
      }
    }
  }
}

Result<bool> ImportLedger::Contains(std::string_view key) {
  contains_->Reset();
  contains_->BindBlob(1, key);
  return contains_->Step();
}

Status ImportLedger::EnsureTransaction() {
  if (in_transaction_) {
    return {};
  }
  // A read that is not finished would hold the transaction open.
  contains_->Reset();
  Status status = database_.Begin();
  in_transaction_ = status.has_value();
  return status;
}

Status ImportLedger::Add(std::string_view key, Position end) {
  if (!key.empty()) {
    if (Status status = EnsureTransaction(); !status) {
      return status;
    }
    add_->BindBlob(1, key);
    if (Status status = add_->Run(); !status) {
      return status;
    }
  }
  position_ = end;
  return ++unflushed_ >= kFlushEvery ? Flush() : Status();
}

Status ImportLedger::Flush() {
  if (unflushed_ == 0) {
    return {};
  }
  if (Status status = EnsureTransaction(); !status) {
    return status;
  }
  contains_->Reset();
  set_position_->Bind(1, static_cast<int64_t>(position_.value()));
  if (Status status = set_position_->Run(); !status) {
    return status;
  }
  in_transaction_ = false;
  unflushed_ = 0;
  return database_.Commit();
}

}  // namespace newswire::archive
