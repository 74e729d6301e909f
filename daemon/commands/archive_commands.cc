// SPDX-License-Identifier: Apache-2.0
// The commands `newswired archive ...`.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "daemon/archive/capture_filter.h"
#include "daemon/archive/cat.h"
#include "daemon/archive/cdxj.h"
#include "daemon/archive/export_captures.h"
#include "daemon/archive/list.h"
#include "daemon/archive/new_file.h"
#include "daemon/archive/verify.h"
#include "daemon/commands/command_line.h"
#include "daemon/commands/command_tree.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/import.h"
#include "daemon/commands/interrupt.h"
#include "daemon/commands/redact.h"
#include "daemon/logging.h"
#include "daemon/version.h"
#include "fetchers/clock.h"

namespace newswire::commands {
namespace {

// The archive's tools answer 2 when there was nothing to read; that is no wrong usage.
int FromTool(int status) { return status == kExitOk ? kExitOk : kExitFailed; }

struct ArchiveWords {
  std::string config = kDefaultConfig, dir;
};

void AddArchiveOptions(CLI::App& command, ArchiveWords& words) {
  AddConfigOption(command, words.config);
  command.add_option("--dir", words.dir, "The archive's folder, without a configuration")
      ->type_name("DIR")
      ->group("Configuration");
}

// The archive's folder; nullopt: the configuration was refused.
std::optional<std::filesystem::path> FolderOf(const ArchiveWords& words, std::ostream& err) {
  if (!words.dir.empty()) {
    return words.dir;
  }
  const auto config = LoadConfig(words.config, err);
  if (!config) {
    return std::nullopt;
  }
  return config->archive.dir;
}

// The options that choose captures, as they were written.
struct FilterWords {
  archive::CaptureFilter filter;
  std::string role, kind, since, until, from, to;
  int status = -1;
};

void AddFilterOptions(CLI::App& command, FilterWords& words) {
  const auto option = [&](const char* name, std::string& value, const char* help,
                          const char* type) {
    return command.add_option(name, value, help)->type_name(type)->group("Selection");
  };
  option("--source", words.filter.source, "Captures of this source", "ID");
  option("--role", words.role, "What was asked for", "ROLE")
      ->check(CLI::IsMember({"feed", "sitemap", "listing", "robots", "post"}));
  option("--kind", words.kind, "How it is kept", "KIND")
      ->check(CLI::IsMember({"response", "resource", "revisit", "gone"}));
  option("--url", words.filter.url,
         "Captures whose URL or link holds this; with * it must match the whole", "PATTERN");
  option("--since", words.since, "Fetched from this time on", "TIME");
  option("--until", words.until, "Fetched before this time", "TIME");
  command.add_option("--status", words.status, "HTTP status; 0: files")
      ->type_name("CODE")
      ->check(CLI::Range(0, 999))
      ->group("Selection");
  option("--post", words.filter.post, "Captures of this post", "POST");
  option("--from", words.from, "From this position, serial or segment on", "WHERE");
  option("--to", words.to, "Before this position, or to the end of this serial or segment",
         "WHERE");
}

archive::CaptureFilter FilterOf(const FilterWords& words) {
  archive::CaptureFilter filter = words.filter;
  filter.role = archive::CaptureRoleFromName(words.role);
  filter.kind = archive::CaptureKindFromName(words.kind);
  filter.since = TimeOption("--since", words.since);
  filter.until = TimeOption("--until", words.until);
  if (words.status >= 0) {
    filter.status = words.status;
  }
  const auto bound = [](const char* name, const std::string& text, bool upper) {
    std::optional<Position> position;
    if (!text.empty()) {
      const auto parsed = archive::ParseBound(text, upper);
      if (!parsed) {
        throw CLI::ValidationError(name, parsed.error().message);
      }
      position = *parsed;
    }
    return position;
  };
  filter.from = bound("--from", words.from, false);
  filter.to = bound("--to", words.to, true);
  return filter;
}

void AddList(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words : ArchiveWords, FilterWords {
    bool json = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command =
      AddCommand(archive, "ls", "List captures, one a line",
                 "Columns, by tabs: position, date, kind, source, role, HTTP status, URL.\n"
                 "Example:\n"
                 "  newswired archive ls --source finews --since 2022-04-19 | cut -f1,7");
  AddArchiveOptions(*command, *words);
  AddFilterOptions(*command, *words);
  command->add_flag("--json", words->json, "One JSON object a line, with more of each capture");
  command->callback([&streams, &action, words] {
    const archive::CaptureFilter filter = FilterOf(*words);
    action = [&streams, words, filter] {
      const auto folder = FolderOf(*words, streams.err);
      return folder ? FromTool(archive::ListCaptures(*folder, filter, words->json, streams.out,
                                                     streams.err))
                    : kExitConfig;
    };
  });
}

void AddCat(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words : ArchiveWords {
    std::string which;
    bool payload = false, decoded = false, text = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(archive, "cat", "Print one capture",
                                 "Examples:\n"
                                 "  newswired archive cat 0000008000000a3c --decoded\n"
                                 "  newswired archive cat https://finews.example/1.html --text");
  AddArchiveOptions(*command, *words);
  command
      ->add_option("which", words->which,
                   "A position (as `ls` prints it), a record id, or a URL: its newest capture")
      ->required();
  CLI::Option* payload =
      command->add_flag("--payload", words->payload, "Only the body, as it was received");
  CLI::Option* decoded =
      command->add_flag("--decoded", words->decoded, "Only the body, without its content encoding");
  decoded->excludes(payload);
  command
      ->add_flag("--text", words->text, "Only the text that the source's pipeline takes out of it")
      ->excludes(payload)
      ->excludes(decoded);
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      const auto folder = FolderOf(*words, streams.err);
      const auto part = words->text      ? archive::CatPart::kText
                        : words->decoded ? archive::CatPart::kDecoded
                        : words->payload ? archive::CatPart::kPayload
                                         : archive::CatPart::kRecords;
      return folder ? FromTool(archive::CatCapture(*folder, words->which, part, streams.out,
                                                   streams.err))
                    : kExitConfig;
    };
  });
}

void AddVerify(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words : ArchiveWords {
    std::vector<std::string> paths;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      archive, "verify", "Read every record: checksums, digests, whole captures, sums of segments",
      "Without PATH the own archive. A PATH is any WARC file, a folder of them, or an archive's\n"
      "folder; the answer says which guarantee its format gives.\n"
      "Exit codes: 0 all is well, 1 damage was found (each is named) or nothing could be read.");
  AddArchiveOptions(*command, *words);
  command->add_option("paths", words->paths, "WARC files and folders")->type_name("PATH");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      if (!words->paths.empty()) {
        return FromTool(archive::VerifyPaths({words->paths.begin(), words->paths.end()},
                                             streams.out, streams.err));
      }
      const auto folder = FolderOf(*words, streams.err);
      return folder ? FromTool(archive::VerifyArchive(*folder, streams.out, streams.err))
                    : kExitConfig;
    };
  });
}

void AddExport(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words : ArchiveWords, FilterWords {
    std::string output;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      archive, "export", "Write chosen captures to a new WARC file",
      "The records are copied as they are; what a chosen revisit refers to comes along. An "
      "existing\n"
      "file is not overwritten.\n"
      "Example:\n"
      "  newswired archive export --source finews --since 2022-04-19 --output april.warc.gz");
  AddArchiveOptions(*command, *words);
  AddFilterOptions(*command, *words);
  command->add_option("-o,--output", words->output, "The new file")
      ->type_name("FILE.warc.gz")
      ->required();
  command->callback([&streams, &action, words] {
    const archive::CaptureFilter filter = FilterOf(*words);
    action = [&streams, words, filter] {
      const auto folder = FolderOf(*words, streams.err);
      if (!folder) {
        return kExitConfig;
      }
      const Interrupt interrupt;
      return FromTool(archive::ExportCaptures(*folder, filter, std::string(Software()),
                                              words->output, interrupt.stop(), streams.err,
                                              streams.err));
    };
  });
}

// What is indexed, and whose segments they are.
struct IndexInput {
  std::vector<std::filesystem::path> files;
  std::filesystem::path archive;
};

int RunIndex(const IndexInput& input, const std::string& output, const Streams& streams) {
  const Interrupt interrupt;
  const auto run = [&](const std::filesystem::path& temporary, const auto& give) {
    return FromTool(archive::IndexFiles(input.files, input.archive, temporary,
                                        archive::kIndexMemory, interrupt.stop(), give,
                                        streams.err));
  };
  if (output.empty()) {
    return run(std::filesystem::temp_directory_path(), [&](const std::string& line) {
      streams.out << line;
      return streams.out ? Status() : Fail(ErrorKind::kPermanent, "the output cannot be written");
    });
  }
  auto file = archive::NewFile::Create(output);
  if (!file) {
    streams.err << file.error().message << '\n';
    return kExitFailed;
  }
  const std::filesystem::path folder = std::filesystem::path(output).parent_path();
  bool written = false;
  const int status = run(folder.empty() ? "." : folder, [&](const std::string& line) {
    written = true;
    return file->Write(line);
  });
  // With damage there is an index of the rest; when it broke off there is none.
  if (status != kExitOk && !written) {
    return status;
  }
  if (const Status finished = file->Finish(); !finished) {
    streams.err << finished.error().message << '\n';
    return kExitFailed;
  }
  return status;
}

void AddIndex(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words : ArchiveWords {
    std::vector<std::string> paths;
    std::string output;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command =
      AddCommand(archive, "index", "Print a CDXJ index, as pywb and OpenWayback read it",
                 "Of the own archive, or of any WARC files. Sorted by bytes, in bounded memory.\n"
                 "Example:\n"
                 "  newswired archive index --output archive.cdxj");
  AddArchiveOptions(*command, *words);
  command->add_option("paths", words->paths, "WARC files")->type_name("FILE");
  command->add_option("-o,--output", words->output, "A new file, instead of standard output")
      ->type_name("FILE");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      IndexInput input{.files = {words->paths.begin(), words->paths.end()}, .archive = {}};
      if (input.files.empty()) {
        const auto folder = FolderOf(*words, streams.err);
        if (!folder) {
          return kExitConfig;
        }
        input.archive = *folder;
        const auto segments = archive::ListSegments(*folder);
        if (!segments || segments->empty()) {
          streams.err << (segments ? fmt::format("{} holds no segment", folder->native())
                                   : segments.error().message)
                      << '\n';
          return kExitFailed;
        }
        for (const archive::Segment& segment : *segments) {
          input.files.push_back(segment.path);
        }
      }
      return RunIndex(input, words->output, streams);
    };
  });
}

void AddImport(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words {
    std::string config = kDefaultConfig;
    std::vector<std::string> paths;
    ImportWords import;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      archive, "import", "Take other WARC files and Markdown posts into the archive",
      "Each capture becomes one of SOURCE, at a new position, with its own date; the relay then\n"
      "publishes it. Runs beside the daemon too. What was imported before is not imported again: "
      "an\n"
      "interrupted import is run again.\n"
      "Example:\n"
      "  newswired archive import CC-NEWS-20220419.warc.gz --source ccnews");
  AddConfigOption(*command, words->config);
  command
      ->add_option("paths", words->paths,
                   "WARC files (.warc, .warc.gz, .warc.zst), Markdown "
                   "posts, folders of them")
      ->type_name("PATH")
      ->required();
  command->add_option("--source", words->import.source, "A source of the configuration")
      ->type_name("ID")
      ->required();
  command->add_flag(
      "--all", words->import.all,
      "Also of other writers: answers that are no 200, and what is neither HTML nor Markdown");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      const auto config = LoadConfig(words->config, streams.err);
      if (!config) {
        return kExitConfig;
      }
      SetUpLogging("warn");
      words->import.paths = {words->paths.begin(), words->paths.end()};
      words->import.terminal = isatty(STDERR_FILENO) != 0;
      const Interrupt interrupt;
      return RunImport(words->import, *config, streams.out, streams.err, SystemClock(),
                       interrupt.stop());
    };
  });
}

void AddRedact(CLI::App& archive, const Streams& streams, Action& action) {
  struct Words {
    std::string config = kDefaultConfig;
    RedactWords redact;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = AddCommand(
      archive, "redact", "Take posts out of the archive, for legal reasons",
      "Every capture that holds a POST loses its words where it lies: pages whole, of feeds the\n"
      "entry. All other records and all other events stay as they are. The posts are not "
      "published\n"
      "or fetched again, and a tombstone follows them to Kafka. It cannot be undone. Runs beside "
      "the\n"
      "daemon too.\n"
      "Columns, by tabs: position, segment, kind, source, role, what goes, URL.\n"
      "Example:\n"
      "  newswired archive redact finews:202204192347943667 --reason 'court order 17/22' "
      "--dry-run");
  AddConfigOption(*command, words->config);
  command->add_option("posts", words->redact.request.posts, "Ids of posts, as events have them")
      ->type_name("POST-ID")
      ->required();
  command->add_option("--reason", words->redact.request.reason, "Kept in the archive")
      ->type_name("TEXT");
  command->add_flag("--dry-run", words->redact.dry_run,
                    "List what would be written anew; change nothing");
  command->callback([&streams, &action, words] {
    action = [&streams, words] {
      const auto config = LoadConfig(words->config, streams.err);
      if (!config) {
        return kExitConfig;
      }
      SetUpLogging("error");
      const Interrupt interrupt;
      words->redact.terminal = isatty(STDERR_FILENO) != 0;
      return RunRedact(words->redact, *config, streams.out, streams.err, SystemClock(),
                       interrupt.stop());
    };
  });
}

}  // namespace

void AddArchive(CLI::App& app, const Streams& streams, Action& action) {
  CLI::App* command = AddCommand(
      app, "archive", "Work with the archive: ls, cat, verify, export, index, import, redact",
      "They may run beside the daemon. Exit codes: 0, 1 damage or nothing to read,\n"
      "3 configuration refused.");
  command->require_subcommand(1);
  AddList(*command, streams, action);
  AddCat(*command, streams, action);
  AddVerify(*command, streams, action);
  AddExport(*command, streams, action);
  AddIndex(*command, streams, action);
  AddImport(*command, streams, action);
  AddRedact(*command, streams, action);
}

}  // namespace newswire::commands
