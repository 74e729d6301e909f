// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/sqlite.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace newswire::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirst =
    "CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT, raw BLOB)";
constexpr std::string_view kSecond = "ALTER TABLE notes ADD COLUMN lang TEXT";
constexpr std::string_view kBroken = "CREATE TABLE more(id); CREATE TABLE notes(id)";

class Sqlite : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "newswire-sqlite-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    file_ = dir_ / "state" / "a.db";
  }
  void TearDown() override { fs::remove_all(dir_); }

  static Result<Database> Open(const fs::path& file, std::vector<std::string_view> schema) {
    return Database::Open(file, schema, Durability::kNormal);
  }
  static int64_t Number(Database& database, std::string_view sql) {
    auto statement = database.Prepare(sql);
    EXPECT_TRUE(statement) << statement.error();
    auto row = statement->Step();
    EXPECT_TRUE(row && *row);
    return statement->Int(0);
  }
  void Fill(int rows) {
    auto database = Open(file_, {kFirst});
    ASSERT_TRUE(database) << database.error();
    ASSERT_TRUE(database->Begin());
    auto insert = database->Prepare("INSERT INTO notes(body) VALUES(?)");
    ASSERT_TRUE(insert);
    for (int i = 0; i < rows; ++i) {
      ASSERT_TRUE(insert->Bind(1, std::string(500, static_cast<char>('a' + i % 26))).Run());
    }
    ASSERT_TRUE(database->Commit());
  }

  fs::path dir_, file_;
};

TEST_F(Sqlite, KeepsTextBlobsAndNulls) {
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database) << database.error();
  auto insert = database->Prepare("INSERT INTO notes(id, body, raw) VALUES(?,?,?)");
  ASSERT_TRUE(insert);
  const std::string raw("\0\xff\x01", 3);
  ASSERT_TRUE(insert->Bind(1, 1).Bind(2, "财联社").BindBlob(3, raw).Run());
  ASSERT_TRUE(insert->Bind(1, 2).Bind(2, std::string_view()).BindNull(3).Run());
  auto select = database->Prepare("SELECT body, raw FROM notes ORDER BY id");
  ASSERT_TRUE(select);
  ASSERT_TRUE(select->Step().value());
  EXPECT_EQ(select->Text(0), "财联社");
  EXPECT_EQ(select->Blob(1), raw);
  ASSERT_TRUE(select->Step().value());
  EXPECT_FALSE(select->IsNull(0));
  EXPECT_EQ(select->Text(0), "");
  EXPECT_TRUE(select->IsNull(1));
  EXPECT_FALSE(select->Step().value());
}

TEST_F(Sqlite, WalksRowsUntilAnErrorAndIsReadyAgain) {
  Fill(3);
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database) << database.error();
  auto select = database->Prepare("SELECT id FROM notes WHERE id >= ? ORDER BY id");
  ASSERT_TRUE(select) << select.error();
  std::vector<int64_t> seen;
  const auto read = [&](int64_t from, int64_t fail_at) {
    seen.clear();
    return select->Bind(1, from).ForEachRow([&]() -> Status {
      seen.push_back(select->Int(0));
      return seen.back() == fail_at ? Fail(ErrorKind::kCorruption, "no more") : Status{};
    });
  };
  EXPECT_EQ(read(1, 2), Status(Fail(ErrorKind::kCorruption, "no more")));
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(read(2, 0));
  EXPECT_EQ(seen, (std::vector<int64_t>{2, 3}));
  EXPECT_TRUE(read(4, 0));
  EXPECT_TRUE(seen.empty());
}

TEST_F(Sqlite, TellsAFailedBindAtStep) {
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database);
  auto insert = database->Prepare("INSERT INTO notes(id) VALUES(?)");
  ASSERT_TRUE(insert);
  EXPECT_FALSE(insert->Bind(7, 1).Run());
  EXPECT_TRUE(insert->Bind(1, 1).Run()) << "Reset must forget the failure";
  const Status again = insert->Bind(1, 1).Run();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kPermanent) << again.error();
}

TEST_F(Sqlite, MigratesAnOlderFileOnceAndKeepsItsRows) {
  Fill(3);
  for (int round = 0; round < 2; ++round) {
    auto database = Open(file_, {kFirst, kSecond});
    ASSERT_TRUE(database) << database.error();
    EXPECT_EQ(Number(*database, "SELECT count(*) FROM notes WHERE lang IS NULL"), 3);
    EXPECT_EQ(Number(*database, "PRAGMA user_version"), 2);
  }
}

TEST_F(Sqlite, LeavesNothingOfAMigrationThatFails) {
  Fill(1);
  EXPECT_FALSE(Open(file_, {kFirst, kBroken}));
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database) << database.error();
  EXPECT_EQ(Number(*database, "PRAGMA user_version"), 1);
  EXPECT_EQ(Number(*database, "SELECT count(*) FROM sqlite_master WHERE name='more'"), 0);
}

TEST_F(Sqlite, RefusesASchemaNewerThanItself) {
  {
    ASSERT_TRUE(Open(file_, {kFirst, kSecond}));
  }
  auto database = Open(file_, {kFirst});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kCorruption) << database.error();
}

TEST_F(Sqlite, RefusesAFileThatIsNoDatabase) {
  fs::create_directories(file_.parent_path());
  std::ofstream(file_) << std::string(4096, 'x');
  auto database = Open(file_, {kFirst});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kCorruption) << database.error();
}

TEST_F(Sqlite, FindsDamageInsideAFile) {
  Fill(2000);
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 20; page < 60; ++page) {
      file.seekp(page * 4096);
      file << std::string(64, '\x7f');
    }
  }
  auto database = Open(file_, {kFirst});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::kCorruption) << database.error();
}

TEST_F(Sqlite, DeleteRemovesTheFileAndItsWal) {
  Fill(1);
  ASSERT_TRUE(Database::Delete(file_));
  EXPECT_TRUE(fs::is_empty(file_.parent_path()));
  EXPECT_TRUE(Database::Delete(file_)) << "a missing file is no error";
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database) << database.error();
  EXPECT_EQ(Number(*database, "SELECT count(*) FROM notes"), 0);
}

TEST_F(Sqlite, RollbackDropsWhatWasNotCommitted) {
  auto database = Open(file_, {kFirst});
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->Begin());
  ASSERT_TRUE(database->Execute("INSERT INTO notes(id) VALUES(1)"));
  EXPECT_EQ(database->Changes(), 1);
  database->Rollback();
  database->Rollback();
  EXPECT_EQ(Number(*database, "SELECT count(*) FROM notes"), 0);
}

TEST_F(Sqlite, CopyInMemoryLeavesTheFileAlone) {
  Fill(5);
  auto owner = Open(file_, {kFirst});
  ASSERT_TRUE(owner);
  ASSERT_TRUE(owner->Begin());  // a writer at work does not hinder the copy
  ASSERT_TRUE(owner->Execute("DELETE FROM notes WHERE id=1"));
  const std::vector<std::string_view> schema = {kFirst};
  auto copy = Database::OpenCopy(file_, schema);
  ASSERT_TRUE(copy) << copy.error();
  EXPECT_EQ(Number(*copy, "SELECT count(*) FROM notes"), 5);
  ASSERT_TRUE(copy->Execute("DELETE FROM notes"));
  ASSERT_TRUE(owner->Commit());
  EXPECT_EQ(Number(*owner, "SELECT count(*) FROM notes"), 4);
  EXPECT_FALSE(Database::OpenCopy(dir_ / "none.db", schema));
}

}  // namespace
}  // namespace newswire::store
