// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/redact.h"

#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "daemon/archive/archive.h"
#include "daemon/archive/capture_filter.h"
#include "daemon/assembly.h"
#include "daemon/commands/exit_codes.h"
#include "daemon/commands/progress.h"
#include "daemon/control/client.h"
#include "daemon/control/protocol.h"

namespace newswire::commands {
namespace {

using archive::RedactReport;

// `owned` is set when another process owns the archive, and does not answer.
Result<RedactReport> RedactNow(const RedactWords& words, const config::Config& config,
                               const Clock& clock, const std::stop_token& stop,
                               const archive::SearchProgress& progress, bool& owned) {
  if (words.dry_run) {
    return archive::PlanRedaction(config.archive.dir, words.request, stop, progress);
  }
  auto client = control::Client::Connect(config.data_dir / control::kSocketName);
  if (!client) {
    return WithContext(client.error(), "the daemon's control socket");
  }
  if (*client) {
    return (*client)->Redact(words.request, progress);
  }
  auto archive = archive::Archive::Open(config.archive, DescribeConfiguration(config), clock);
  if (!archive) {
    owned = archive.error().kind == ErrorKind::kPermanent;
    return std::unexpected(archive.error());
  }
  return archive::Redact(**archive, words.request, stop, progress);
}

std::string Line(const RedactReport::Line& capture) {
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}\n", capture.position.ToHex(), capture.segment,
      archive::Name(capture.kind), capture.source, newswire::Name(capture.role),
      capture.entries == 0 ? std::string("all") : fmt::format("{} of its entries", capture.entries),
      capture.url);
}

}  // namespace

int RunRedact(const RedactWords& words, const config::Config& config, std::ostream& out,
              std::ostream& err, const Clock& clock, const std::stop_token& stop) {
  std::error_code error;
  if (!std::filesystem::exists(config.archive.dir / "uuid", error)) {
    err << fmt::format("newswired archive redact: {} holds no archive\n",
                       config.archive.dir.native());
    return kExitFailed;
  }
  Progress progress("redact", err, words.terminal, clock);
  bool owned = false;
  const Result<RedactReport> report = RedactNow(
      words, config, clock, stop, [&progress](Position at) { progress.ShowPosition(at); }, owned);
  progress.Clear();
  if (!report) {
    err << fmt::format("newswired archive redact: {}\n", report.error().message);
    return owned                                       ? kExitFenced
           : report.error().kind == ErrorKind::kConfig ? kExitConfig
                                                       : kExitFailed;
  }
  for (const RedactReport::Line& capture : report->captures) {
    out << Line(capture);
  }
  const std::string before = report->blanked_before == 0
                                 ? std::string()
                                 : fmt::format(", {} held no words of it", report->blanked_before);
  if (words.dry_run) {
    out << fmt::format("{} captures in {} segments would be written anew{}\n",
                       report->captures.size(), report->segments.size(), before);
  } else if (!report->record) {
    out << fmt::format("nothing to do: redacted before{}\n", before);
  } else {
    out << fmt::format("{} captures in {} segments were written anew{}; recorded at {}\n",
                       report->captures.size(), report->segments.size(), before,
                       report->record->ToHex());
  }
  return kExitOk;
}

}  // namespace newswire::commands
