// SPDX-License-Identifier: Apache-2.0
// That what it makes survives a power loss is tested by tests/end_to_end/power_loss_test.py.
#include "daemon/durable_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace newswire {
namespace {

namespace fs = std::filesystem;

class DurableFolder : public testing::Test {
 protected:
  DurableFolder() {
    std::string name = testing::TempDir() + "folder-XXXXXX";
    dir_ = mkdtemp(name.data());
  }
  ~DurableFolder() override { fs::remove_all(dir_); }

  fs::path dir_;
};

TEST_F(DurableFolder, MakesAllThatIsMissing) {
  for (const char* name : {"a/b/c", "a/b/d/", "a", "./e/../f"}) {
    const Status made = MakeFolderDurably(dir_ / name);
    ASSERT_TRUE(made) << name << ": " << made.error();
    EXPECT_TRUE(fs::is_directory(dir_ / name)) << name;
  }
}

TEST_F(DurableFolder, MakesARelativeOne) {
  const fs::path before = fs::current_path();
  fs::current_path(dir_);
  const Status made = MakeFolderDurably("g/h");
  fs::current_path(before);
  ASSERT_TRUE(made) << made.error();
  EXPECT_TRUE(fs::is_directory(dir_ / "g/h"));
}

TEST_F(DurableFolder, FollowsALinkToAFolder) {
  fs::create_directory(dir_ / "there");
  fs::create_directory_symlink(dir_ / "there", dir_ / "link");
  const Status made = MakeFolderDurably(dir_ / "link/below");
  ASSERT_TRUE(made) << made.error();
  EXPECT_TRUE(fs::is_directory(dir_ / "there/below"));
}

TEST_F(DurableFolder, SaysWhatIsInTheWay) {
  std::ofstream(dir_ / "file") << "x";
  for (const char* name : {"file", "file/below"}) {
    const Status made = MakeFolderDurably(dir_ / name);
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().kind, ErrorKind::kConfig) << made.error();
    EXPECT_NE(made.error().message.find("file"), std::string::npos) << made.error();
  }
}

TEST_F(DurableFolder, SyncingWhatIsNotThereIsAnError) {
  EXPECT_TRUE(SyncFolder(dir_));
  EXPECT_FALSE(SyncFolder(dir_ / "missing"));
}

}  // namespace
}  // namespace newswire
