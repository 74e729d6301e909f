// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/commands/exit_codes.h"
#include "daemon/config/describe.h"
#include "tests/daemon/commands/capture_run.h"
#include "tests/daemon/config/test_files.h"
#include "transforms/text/json.h"

namespace newswire::commands {
namespace {

using config::ReadText;
using config::TestFiles;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path kRoot = NEWSWIRE_SOURCE_DIR;
const std::vector<std::string> kCommands{"run",   "check",   "replay",  "tail",   "broker",
                                         "fetch", "archive", "inspect", "schema", "version"};

TEST(Help, ListsEveryCommandAndTheExitCodes) {
  const Ran ran = RunWords({"--help"});
  EXPECT_EQ(ran.code, kExitOk);
  for (const std::string& command : kCommands) {
    EXPECT_THAT(ran.out, HasSubstr("\n  " + command + " "));
  }
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Examples:"), HasSubstr("Exit codes:")));
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST(Help, OfEachCommandStandsInTheDocumentation) {
  const std::string page = ReadText(kRoot / "docs/commands.md");
  for (const std::string& command : kCommands) {
    const Ran ran = RunWords({command, "--help"});
    EXPECT_EQ(ran.code, kExitOk) << command;
    EXPECT_THAT(ran.out, HasSubstr("--help")) << command;
    EXPECT_THAT(page, HasSubstr("\n## " + command + "\n"));
    // Every option that the help knows is in the page.
    std::istringstream words(ran.out);
    for (std::string word; words >> word;) {
      if (word.starts_with("--") && word != "--help" && word.size() > 3) {
        const std::string option = word.substr(0, word.find_first_of(",;:=.)`\"'"));
        EXPECT_THAT(page, HasSubstr(option)) << command;
      }
    }
  }
}

TEST(Usage, AnUnknownCommandNamesTheNearest) {
  const Ran ran = RunWords({"chekc"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("unknown command 'chekc'"),
                             HasSubstr("did you mean 'check'"), HasSubstr("newswired --help")));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST(Usage, AnUnknownOptionNamesTheNearestOfItsCommand) {
  const Ran ran = RunWords({"check", "--prob"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("newswired check: unknown option '--prob'"),
                             HasSubstr("did you mean '--probe'")));
}

TEST(Usage, WrongValuesAreRefusedBeforeAnythingIsDone) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"archive"},
                                             {"archive", "sl"},
                                             {"check", "extra"},
                                             {"check", "--config"},
                                             {"replay", "--since", "yesterday"},
                                             {"replay", "--position", "xyz"},
                                             {"replay", "--by", "luck"},
                                             {"replay", "--rate", "-1"},
                                             {"tail", "--count", "none"},
                                             {"inspect"},
                                             {"inspect", "zip", "file"},
                                             {"fetch"},
                                             {"schema", "nonsense"}}) {
    const Ran ran = RunWords(words);
    EXPECT_EQ(ran.code, kExitUsage) << testing::PrintToString(words);
    EXPECT_FALSE(ran.err.empty()) << testing::PrintToString(words);
    EXPECT_THAT(ran.out, IsEmpty()) << testing::PrintToString(words);
  }
}

TEST(Usage, ARefusedConfigurationHasItsOwnExitCode) {
  const TestFiles files;
  const std::string file = files.Write("bad.yaml", "output: kafak\n").string();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"check"},
                                             {"replay", "--dry-run"},
                                             {"tail"},
                                             {"archive", "ls"},
                                             {"fetch", "source"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--config", file});
    const Ran ran = RunWords(all);
    EXPECT_EQ(ran.code, kExitConfig) << words.front();
    EXPECT_THAT(ran.err, HasSubstr("did you mean 'kafka'?")) << words.front();
  }
}

TEST(Version, SaysWhatShapesEvents) {
  const Ran ran = RunWords({"version"});
  EXPECT_EQ(ran.code, kExitOk);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("newswired/" NEWSWIRE_VERSION), HasSubstr("icu")));
  EXPECT_THAT(RunWords({"--version"}).out, HasSubstr("newswired/" NEWSWIRE_VERSION));
}

TEST(Schema, PrintsTheFilesOfTheRepository) {
  EXPECT_EQ(RunWords({"schema"}).out, ReadText(kRoot / "docs/events/post.v1.schema.json"));
  EXPECT_EQ(RunWords({"schema", "config"}).out, ReadText(kRoot / "configs/newswired.schema.json"));
  EXPECT_EQ(RunWords({"schema", "example"}).out, ReadText(kRoot / "configs/newswired.yaml"));
  EXPECT_EQ(RunWords({"schema", "reference"}).out, config::ReferenceText());
}

TEST(Archive, AnEmptyFolderIsAFailureNotAWrongUsage) {
  const TestFiles files;
  EXPECT_EQ(RunWords({"archive", "cat", "0000000000000000", "--dir", files.dir().string()}).code,
            kExitFailed);
}

}  // namespace
}  // namespace newswire::commands
