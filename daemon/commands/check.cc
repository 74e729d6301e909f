// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/check.h"

#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "daemon/commands/exit_codes.h"
#include "daemon/commands/one_shot.h"
#include "daemon/config/config.h"
#include "daemon/publish/probe.h"
#include "fetchers/sources/folder.h"
#include "fetchers/sources/source_kind.h"

namespace newswire::commands {
namespace {

std::string_view NameOf(publish::OutputKind output) {
  switch (output) {
    case publish::OutputKind::kKafka:
      return "kafka";
    case publish::OutputKind::kFiles:
      return "files";
    case publish::OutputKind::kEmbedded:
      return "embedded";
  }
  return "kafka";
}

// Prints "ok" and "FAILED" lines and remembers whether there was one of the latter.
class Report {
 public:
  explicit Report(std::ostream& out) : out_(out) {}

  void Ok(std::string_view what, std::string_view detail) {
    out_ << fmt::format("ok      {}: {}\n", what, detail) << std::flush;
  }
  void Failed(std::string_view what, std::string_view reason) {
    failed_ = true;
    out_ << fmt::format("FAILED  {}: {}\n", what, reason) << std::flush;
  }
  bool failed() const { return failed_; }

 private:
  std::ostream& out_;
  bool failed_ = false;
};

// The nearest folder that exists must be one that we may write into.
void ProbeDataDir(const config::Config& config, Report& report) {
  std::error_code ignored;
  std::filesystem::path there = config.data_dir;
  while (!std::filesystem::exists(there, ignored) && there.has_relative_path()) {
    there = there.parent_path();
  }
  if (access(there.c_str(), W_OK | X_OK) == 0) {
    report.Ok("data_dir", config.data_dir.string());
  } else {
    report.Failed("data_dir", fmt::format("{} cannot be written to", there.string()));
  }
}

void ProbeOutput(const config::Config& config, const CheckOptions& options, const Clock& clock,
                 const std::stop_token& stop, Report& report) {
  if (config.output != publish::OutputKind::kKafka) {
    report.Ok("output", NameOf(config.output));
    return;
  }
  const auto cluster = publish::Probe(config.kafka, options.probe_timeout, clock, stop);
  if (!cluster) {
    report.Failed("kafka", cluster.error().message);
    return;
  }
  report.Ok("kafka",
            fmt::format("cluster {}, {} broker{}, {} topics, {} of them ours", cluster->cluster_id,
                        cluster->brokers, cluster->brokers == 1 ? "" : "s", cluster->topics,
                        cluster->our_topics));
}

void ProbeFolder(const Source& source, Report& report) {
  const auto files = sources::ListPostFiles(source);
  if (files) {
    report.Ok(source.id, fmt::format("{}: {} posts", source.url, files->size()));
  } else {
    report.Failed(source.id, files.error().message);
  }
}

// What the main way of a source answered.
void JudgeAnswer(const Source& source, const sources::Way& way, FetchOutcome outcome,
                 size_t max_bytes, Report& report) {
  if (const std::string failure = Failure(outcome); !failure.empty()) {
    report.Failed(source.id, fmt::format("{}: {}", way.url, failure));
    return;
  }
  const Capture capture =
      CaptureOf(std::move(outcome.final_url), *std::move(outcome.response),
                {.source = source.id, .role = way.role, .body = source.body, .link = way.url});
  const auto reading = sources::MakeRules(source)->Read(way, capture, {.max_bytes = max_bytes});
  if (!reading) {
    report.Failed(source.id, fmt::format("{}: {}", way.url, reading.error().message));
  } else {
    report.Ok(source.id, fmt::format("{}: {} posts{}", way.url, reading->links.size(),
                                     reading->damaged.empty() ? "" : ", damaged: ") +
                             reading->damaged);
  }
}

void ProbeSources(const config::Config& config, const Clock& clock, const std::stop_token& stop,
                  Report& report) {
  std::vector<const Source*> asked;
  std::vector<sources::Way> ways;
  std::vector<FetchRequest> requests;
  for (const Source& source : config.sources) {
    if (source.kind == SourceKind::kFolder) {
      ProbeFolder(source, report);
      continue;
    }
    const auto all =
        sources::MakeRules(source)->WaysToAsk({.first_contact = true, .now = clock.Wall()});
    if (all.empty()) {
      continue;
    }
    asked.push_back(&source);
    ways.push_back(all.front());
    requests.push_back({.url = all.front().url,
                        .discovered = false,
                        .max_body_bytes = config.http.max_feed_bytes,
                        .robots = source.robots,
                        .rules = RulesFor(source, config.http)});
  }
  if (requests.empty()) {
    return;
  }
  auto fetcher = OneShotFetcher::Create(config.http, clock);
  if (!fetcher) {
    report.Failed("http", fetcher.error().message);
    return;
  }
  const Status status = (*fetcher)->GetAll(
      std::move(requests),
      [&](size_t index, FetchOutcome outcome) {
        JudgeAnswer(*asked[index], ways[index], std::move(outcome), config.http.max_feed_bytes,
                    report);
      },
      stop);
  if (!status) {
    report.Failed("sources", status.error().message);
  }
}

}  // namespace

int RunCheck(const CheckOptions& options, std::ostream& out, std::ostream& err, const Clock& clock,
             std::stop_token stop) {
  const auto config = config::Load(options.config);
  if (!config) {
    err << config.error().message << '\n';
    return kExitConfig;
  }
  for (const std::string& warning : config->warnings) {
    err << "warning: " << warning << '\n';
  }
  if (options.effective) {
    out << config::EffectiveJson(*config) << '\n';
  } else {
    out << fmt::format("{}: {} source{}, output {}\n", options.config.string(),
                       config->sources.size(), config->sources.size() == 1 ? "" : "s",
                       NameOf(config->output));
  }
  if (!options.probe) {
    return kExitOk;
  }
  Report report(out);
  ProbeDataDir(*config, report);
  ProbeOutput(*config, options, clock, stop, report);
  ProbeSources(*config, clock, stop, report);
  return report.failed() ? kExitFailed : kExitOk;
}

}  // namespace newswire::commands
