// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/import.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "daemon/archive/archive.h"
#include "daemon/archive/import.h"
#include "daemon/assembly.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/progress.h"
#include "daemon/config/values.h"
#include "daemon/control/client.h"
#include "daemon/publish/hint.h"
#include "daemon/relay/foreign_page.h"
#include "daemon/relay/replay_input.h"

namespace newswire::commands {
namespace {

// The archive itself, owned by this command.
class OwnArchive : public archive::CaptureSink {
 public:
  explicit OwnArchive(std::unique_ptr<archive::Archive> archive) : archive_(std::move(archive)) {}

  Status Append(Capture capture) override {
    archive_->Append(std::move(capture), [answers = answers_](Result<ArchiveAddress> address) {
      {
        const std::lock_guard guard(answers->mutex);
        answers->ready.push_back(std::move(address));
      }
      answers->more.notify_one();
    });
    return {};
  }
  Result<ArchiveAddress> NextAnswer() override {
    std::unique_lock guard(answers_->mutex);
    answers_->more.wait(guard, [&] { return !answers_->ready.empty(); });
    Result<ArchiveAddress> answer = std::move(answers_->ready.front());
    answers_->ready.pop_front();
    return answer;
  }

 private:
  struct Answers {
    std::mutex mutex;
    std::condition_variable more;
    std::deque<Result<ArchiveAddress>> ready;
  };
  const std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  std::unique_ptr<archive::Archive> archive_;  // last: its thread answers
};

struct Target {
  std::unique_ptr<archive::CaptureSink> sink;
  std::string archive_uuid;
};

// Opens the archive as its owner. One that is made here is published from its beginning.
Result<Target> OpenOwn(const config::Config& config, const Clock& clock) {
  auto archive = archive::Archive::Open(config.archive, DescribeConfiguration(config), clock);
  if (!archive) {
    return std::unexpected(archive.error());
  }
  const auto hint_file = config.archive.dir / "hint.json";
  const auto hint = publish::ReadHint(hint_file);
  if (!hint) {
    return std::unexpected(hint.error());
  }
  if ((*archive)->created() && !hint->has_value()) {
    if (Status status = publish::WriteHint(
            hint_file, {.output = std::string(OutputName(config.output)), .position = {}});
        !status) {
      return std::unexpected(status.error());
    }
  }
  std::string uuid = (*archive)->uuid();
  return Target{std::make_unique<OwnArchive>(std::move(*archive)), std::move(uuid)};
}

Result<Target> OpenTarget(const config::Config& config, const Clock& clock) {
  auto client = control::Client::Connect(config.data_dir / control::kSocketName);
  if (!client) {
    return WithContext(client.error(), "the daemon's control socket");
  }
  if (*client) {
    std::string uuid = (*client)->archive_uuid();
    return Target{std::move(*client), std::move(uuid)};
  }
  return OpenOwn(config, clock);
}

int Fails(const Error& error, std::ostream& err) {
  err << "newswired archive import: " << error.message << '\n';
  return error.kind == ErrorKind::kConfig      ? kExitConfig
         : error.kind == ErrorKind::kPermanent ? kExitFenced
                                               : kExitFailed;
}

}  // namespace

int RunImport(const ImportWords& words, const config::Config& config, std::ostream& out,
              std::ostream& err, const Clock& clock, const std::stop_token& stop) {
  const auto source = std::ranges::find(config.sources, words.source, &Source::id);
  if (source == config.sources.end()) {
    std::vector<std::string> ids;
    ids.reserve(config.sources.size());
    for (const Source& one : config.sources) {
      ids.push_back(one.id);
    }
    const auto nearest = config::Nearest(words.source, ids);
    err << fmt::format("newswired archive import: the configuration has no source '{}'{}\n",
                       words.source, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
    return kExitUsage;
  }
  auto input = relay::OpenPathsInput(words.paths);
  if (!input) {
    err << "newswired archive import: " << input.error().message << '\n';
    return kExitFailed;
  }
  const auto folder = config.data_dir / "state" / "import";
  auto lock = archive::ImportLedger::Lock(folder);
  if (!lock) {
    return Fails(lock.error(), err);
  }
  auto target = OpenTarget(config, clock);
  if (!target) {
    return Fails(target.error(), err);
  }
  auto ledger = archive::ImportLedger::Open(std::move(*lock), folder, target->archive_uuid);
  if (!ledger) {
    return Fails(ledger.error(), err);
  }
  if (Status status = (*ledger)->CatchUp(config.archive.dir); !status) {
    return Fails(status.error(), err);
  }

  archive::ImportOptions options{.source = *source, .is_post = {}};
  if (!words.all) {
    options.is_post = relay::IsForeignPage;
  }
  archive::ImportCounts counts;
  Progress progress("import", err, words.terminal, clock);
  const Status status = archive::Import(
      [&] { return (*input)->Next(); }, options, **ledger, *target->sink, stop, counts,
      [&] {
        progress.Show((*input)->read_bytes(), (*input)->total_bytes(), counts.imported, "imported",
                      fmt::format(", {} known", counts.known));
      });
  progress.Clear();
  out << fmt::format("imported {} captures into {}, {} were known, {} passed by", counts.imported,
                     words.source, counts.known, counts.passed_by);
  if (counts.failed != 0) {
    out << fmt::format(", {} too large", counts.failed);
  }
  if (counts.damaged != 0) {
    out << fmt::format(", {} damaged places", counts.damaged);
  }
  out << '\n';
  if (!status) {
    err << fmt::format("newswired archive import: {}; run it again to go on\n",
                       status.error().message);
    return kExitFailed;
  }
  return counts.damaged == 0 && counts.failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace newswire::commands
